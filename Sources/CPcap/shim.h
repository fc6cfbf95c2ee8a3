#pragma once
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <pcap/pcap.h>

// A block of a ring changes hands by its status, which kernel and program read and write at the same time.

/// The status of a block; what the kernel wrote into the block before it can be read afterwards.
static inline __u32 ipvscope_block_status(const struct tpacket_block_desc *block) {
    return __atomic_load_n(&block->hdr.bh1.block_status, __ATOMIC_ACQUIRE);
}

/// Gives a block back to the kernel; it is not read afterwards.
static inline void ipvscope_block_release(struct tpacket_block_desc *block) {
    __atomic_store_n(&block->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
}
