import CPcap
import CPrefetch
import Glibc

/// The ring in which the kernel leaves an interface's packets, read block by block without libpcap, which takes as long
/// to hand a packet over as we to trace it.
///
/// libpcap makes the ring, its filter and its counters; here it is mapped once more. Whoever reads it this way must
/// never have libpcap read from the same socket.
///
/// Confinement: used by one thread at a time.
///
/// - Source: `Documentation/networking/packet_mmap.rst`, and libpcap's `create_ring` in `pcap-linux.c` for the size of
///   blocks and how many there are.
@safe
struct PacketRing: ~Copyable {
    /// libpcap's `MAXIMUM_SNAPLEN`, so that the longest packet fits.
    private static let blockLength = 262_144

    private let memory: UnsafeMutableRawPointer
    private let length: Int
    /// Bytes of a packet beyond this are passed over, as libpcap does.
    private let snapshotLength: Int
    /// Where the block is that is read, or waited for.
    private var block = 0
    /// How many of its packets were not handed over yet, and where the next one is.
    private var left = 0
    private var next = 0

    /// Maps the ring of a socket of libpcap's that was never read from.
    ///
    /// - Parameters:
    ///   - bufferBytes: What libpcap was asked for.
    ///   - snapshotLength: The same.
    /// - Returns: `nil` if the ring is not as known: then libpcap reads it.
    static func map(_ socket: Int32, bufferBytes: Int, snapshotLength: Int) -> PacketRing? {
        var version: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        guard unsafe getsockopt(socket, SOL_PACKET, PACKET_VERSION, &version, &size) == 0,
            version == Int32(TPACKET_V3.rawValue)
        else { return nil }
        // The kernel refuses any length but the ring's.
        let length = max((bufferBytes + blockLength - 1) / blockLength, 1) * blockLength
        let memory = unsafe mmap(nil, length, PROT_READ | PROT_WRITE, MAP_SHARED, socket, 0)
        guard let memory = unsafe memory, unsafe memory != MAP_FAILED else { return nil }
        return unsafe PacketRing(memory: memory, length: length, snapshotLength: snapshotLength)
    }

    private init(memory: UnsafeMutableRawPointer, length: Int, snapshotLength: Int) {
        unsafe self.memory = memory
        self.length = length
        self.snapshotLength = snapshotLength
    }

    deinit {
        unsafe munmap(memory, length)
    }

    /// A packet as the kernel left it. The bytes are valid while it is handed over.
    @safe
    struct Packet {
        /// Since the epoch.
        let seconds: UInt32
        let nanoseconds: Int64
        /// How many bytes are there.
        let captured: Int
        /// The packet's length on the wire.
        let length: UInt32
        let bytes: UnsafeRawPointer
        /// The VLAN tag that the kernel took out of the packet: EtherType and control information; `nil` if none.
        let tag: (UInt16, UInt16)?
    }

    /// Hands over packets that are there.
    ///
    /// - Parameter limit: The most to hand over.
    /// - Returns: How many there were; fewer than `limit` only if no more are there.
    @inline(__always)
    mutating func read(limit: Int, _ body: (Packet) -> Void) -> Int {
        var count = 0
        while count < limit, beginBlock() {
            let some = min(left, limit - count)
            var place = block + next
            for _ in 0..<some { place += unsafe handOver(memory + place, body) }
            next = place - block
            left -= some
            count += some
            if left == 0 { endBlock() }
        }
        return count
    }

    /// - Returns: How far the next packet is.
    @inline(__always)
    private func handOver(_ packet: UnsafeMutableRawPointer, _ body: (Packet) -> Void) -> Int {
        let header = unsafe packet.assumingMemoryBound(to: tpacket3_hdr.self)
        let distance = unsafe Int(header.pointee.tp_next_offset)
        // Another processor wrote them: those that come next, as far apart as these.
        for line in 0..<3 { unsafe ipvscope_prefetch(packet + 3 * distance + 64 * line) }
        let isTagged = unsafe header.pointee.tp_status & UInt32(TP_STATUS_VLAN_VALID) != 0
        unsafe body(
            Packet(
                seconds: header.pointee.tp_sec, nanoseconds: Int64(header.pointee.tp_nsec),
                captured: min(Int(header.pointee.tp_snaplen), snapshotLength), length: header.pointee.tp_len,
                bytes: UnsafeRawPointer(packet) + Int(header.pointee.tp_mac), tag: isTagged ? tag(header) : nil))
        return distance
    }

    @inline(never)
    private func tag(_ header: UnsafePointer<tpacket3_hdr>) -> (UInt16, UInt16) {
        // Before Linux 3.14 the kernel did not say which kind it was.
        let isKnown = unsafe header.pointee.tp_status & UInt32(TP_STATUS_VLAN_TPID_VALID) != 0
        let control = unsafe UInt16(truncatingIfNeeded: header.pointee.hv1.tp_vlan_tci)
        return (isKnown ? unsafe header.pointee.hv1.tp_vlan_tpid : 0x8100, control)
    }

    private var descriptor: UnsafeMutablePointer<tpacket_block_desc> {
        unsafe (memory + block).assumingMemoryBound(to: tpacket_block_desc.self)
    }

    /// - Returns: Whether the block has packets that were not handed over.
    private mutating func beginBlock() -> Bool {
        while left == 0 {
            guard unsafe ipvscope_block_status(descriptor) & UInt32(TP_STATUS_USER) != 0 else { return false }
            left = unsafe Int(descriptor.pointee.hdr.bh1.num_pkts)
            next = unsafe Int(descriptor.pointee.hdr.bh1.offset_to_first_pkt)
            if left == 0 { endBlock() }
        }
        return true
    }

    private mutating func endBlock() {
        unsafe ipvscope_block_release(descriptor)
        block += Self.blockLength
        if block == length { block = 0 }
    }
}
