/// An IPv4 or IPv6 address.
///
/// An IPv4 address is held as its IPv4-mapped form, so both families share one layout of 16 bytes and one ordering.
public struct IPAddress: Hashable, Sendable, BitwiseCopyable {
    /// The first 8 bytes in host order; zero for IPv4.
    public let high: UInt64

    /// The last 8 bytes in host order; `0x0000ffff_aabbccdd` for IPv4 `a.b.c.d` numbered in hexadecimal.
    public let low: UInt64

    @usableFromInline static let mappedPrefix: UInt64 = 0x0000_ffff_0000_0000

    /// - Parameters:
    ///   - high: The first 8 bytes, in host order.
    ///   - low: The last 8 bytes, in host order.
    @inlinable
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// An IPv4 address from its 32 bits in host order: `0xC0A87A64` is 192.168.122.100.
    @inlinable
    public init(ipv4 bits: UInt32) {
        high = 0
        low = 0x0000_ffff_0000_0000 | UInt64(bits)
    }

    /// Whether this is an IPv4 address.
    @inlinable public var isIPv4: Bool { high == 0 && low >> 32 == 0xffff }

    /// The 32 bits of an IPv4 address in host order; the last 4 bytes of an IPv6 address.
    @inlinable public var ipv4Bits: UInt32 { UInt32(truncatingIfNeeded: low) }

    /// The eight 16-bit groups of the IPv6 form.
    var groups: [UInt16] {
        (0..<4).map { UInt16(truncatingIfNeeded: high >> (48 - 16 * UInt64($0))) }
            + (0..<4).map { UInt16(truncatingIfNeeded: low >> (48 - 16 * UInt64($0))) }
    }
}

extension IPAddress: Comparable {
    public static func < (lhs: Self, rhs: Self) -> Bool { (lhs.high, lhs.low) < (rhs.high, rhs.low) }
}

extension IPAddress: CustomStringConvertible {
    /// Dotted decimal for IPv4, the compressed form of RFC 5952 for IPv6.
    public var description: String {
        if isIPv4 {
            let bits = ipv4Bits
            return "\(bits >> 24).\(bits >> 16 & 255).\(bits >> 8 & 255).\(bits & 255)"
        }
        let groups = self.groups
        var best = 0..<0
        var start = 0
        while start < groups.count {
            var end = start
            while end < groups.count, groups[end] == 0 { end += 1 }
            if end - start > best.count { best = start..<end }
            start = max(end, start + 1)
        }
        let hex = { (part: ArraySlice<UInt16>) in part.map { String($0, radix: 16) }.joined(separator: ":") }
        guard best.count > 1 else { return hex(groups[...]) }
        return hex(groups[..<best.lowerBound]) + "::" + hex(groups[best.upperBound...])
    }
}

extension IPAddress: LosslessStringConvertible {
    /// Reads dotted decimal, or any RFC 4291 text form of IPv6 (an embedded IPv4 tail included).
    public init?(_ description: String) {
        if !description.contains(":") {
            guard let bits = Self.dottedDecimal(description[...]) else { return nil }
            self.init(ipv4: bits)
            return
        }
        let halves = description.split(separator: "::", maxSplits: 2, omittingEmptySubsequences: false)
        // Only the last group may be an embedded IPv4 address.
        guard halves.count <= 2, halves.count == 1 || !halves[0].contains("."), let head = Self.groups(in: halves[0])
        else { return nil }
        var groups = head
        if halves.count == 2 {
            guard let tail = Self.groups(in: halves[1]), head.count + tail.count < 8 else { return nil }
            groups += Array(repeating: 0, count: 8 - head.count - tail.count) + tail
        }
        guard groups.count == 8 else { return nil }
        let word = { (part: ArraySlice<UInt16>) in part.reduce(UInt64(0)) { $0 << 16 | UInt64($1) } }
        self.init(high: word(groups[..<4]), low: word(groups[4...]))
    }

    private static func dottedDecimal(_ text: Substring) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bits: UInt32 = 0
        for part in parts {
            guard !part.isEmpty, part.utf8.allSatisfy({ (48...57).contains($0) }), let byte = UInt8(part) else {
                return nil
            }
            bits = bits << 8 | UInt32(byte)
        }
        return bits
    }

    private static func groups(in text: Substring) -> [UInt16]? {
        if text.isEmpty { return [] }
        var groups: [UInt16] = []
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            if index == parts.count - 1, part.contains(".") {
                guard let bits = dottedDecimal(part) else { return nil }
                groups += [UInt16(bits >> 16), UInt16(truncatingIfNeeded: bits)]
            } else {
                guard (1...4).contains(part.utf8.count), part.allSatisfy(\.isHexDigit),
                    let group = UInt16(part, radix: 16)
                else { return nil }
                groups.append(group)
            }
        }
        return groups
    }
}

extension IPAddress: Codable {
    public init(from decoder: any Decoder) throws {
        self = try decoder.decodeText("an IP address")
    }

    public func encode(to encoder: any Encoder) throws {
        try encoder.encodeText(self)
    }
}

extension IPAddress: CodingKeyRepresentable {
    public var codingKey: any CodingKey { TextKey(stringValue: description) }

    public init?(codingKey: some CodingKey) { self.init(codingKey.stringValue) }

    /// An address as the key of an object.
    private struct TextKey: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }

        init?(intValue: Int) { nil }
    }
}
