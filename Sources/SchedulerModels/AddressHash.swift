package import IPVSModel

extension IPAddress {
    /// The address in 32 bits, in host order: an IPv4 address as it is, the four words of an IPv6 address combined.
    ///
    /// - Source: `addr_fold` in `ip_vs_sh_hashkey`, `ip_vs_dh_hashkey` and `ip_vs_mh_hashkey`, `net/netfilter/ipvs`.
    package var folded: UInt32 {
        if isIPv4 { return ipv4Bits }
        let words = high ^ low
        return UInt32(truncatingIfNeeded: words >> 32) ^ UInt32(truncatingIfNeeded: words)
    }
}

/// The first `bits` bits of a number multiplied with the golden ratio.
///
/// - Source: `hash_32` in `include/linux/hash.h`.
package func goldenHash(_ value: UInt32, bits: UInt32) -> Int { Int((value &* 0x61C8_8647) >> (32 - bits)) }

/// SipHash-1-3 of one 32-bit word, cut to 32 bits, which 64-bit kernels call `hsiphash_1u32`.
///
/// - Source: `lib/siphash.c`.
package func halfSipHash(_ word: UInt32, key: (UInt64, UInt64)) -> UInt32 {
    var v0 = 0x736f_6d65_7073_6575 ^ key.0
    var v1 = 0x646f_7261_6e64_6f6d ^ key.1
    var v2 = 0x6c79_6765_6e65_7261 ^ key.0
    var v3 = 0x7465_6462_7974_6573 ^ key.1
    func rotated(_ value: UInt64, _ bits: UInt64) -> UInt64 { value << bits | value >> (64 - bits) }
    func round() {
        v0 &+= v1
        v1 = rotated(v1, 13) ^ v0
        v0 = rotated(v0, 32)
        v2 &+= v3
        v3 = rotated(v3, 16) ^ v2
        v0 &+= v3
        v3 = rotated(v3, 21) ^ v0
        v2 &+= v1
        v1 = rotated(v1, 17) ^ v2
        v2 = rotated(v2, 32)
    }
    let block = 4 << 56 | UInt64(word)
    v3 ^= block
    round()
    v0 ^= block
    v2 ^= 0xff
    for _ in 0..<3 { round() }
    return UInt32(truncatingIfNeeded: v0 ^ v1 ^ v2 ^ v3)
}
