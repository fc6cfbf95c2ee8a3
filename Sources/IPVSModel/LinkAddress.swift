/// The address of a network card, as Ethernet has it: 48 bits.
public struct LinkAddress: Hashable, Sendable {
    /// The address as a number, first byte highest: `0x0242_0a0a_0a14` is 02:42:0a:0a:0a:14.
    public let bits: UInt64

    /// - Parameter bits: As in ``bits``; all above the lowest 48 is dropped.
    @inlinable
    public init(bits: UInt64) { self.bits = bits & 0xffff_ffff_ffff }
}

extension LinkAddress: LosslessStringConvertible {
    /// Six pairs of lower-case hexadecimal digits, as `ip neighbour` writes them.
    public var description: String {
        stride(from: 40, through: 0, by: -8).map { shift in
            let byte = bits >> UInt64(shift) & 0xff
            return (byte < 0x10 ? "0" : "") + String(byte, radix: 16)
        }.joined(separator: ":")
    }

    /// Reads six pairs of hexadecimal digits in either case.
    public init?(_ description: String) {
        let pairs = description.split(separator: ":", omittingEmptySubsequences: false)
        guard pairs.count == 6 else { return nil }
        var bits: UInt64 = 0
        for pair in pairs {
            guard pair.utf8.count == 2, pair.allSatisfy(\.isHexDigit), let byte = UInt8(pair, radix: 16) else {
                return nil
            }
            bits = bits << 8 | UInt64(byte)
        }
        self.init(bits: bits)
    }
}

extension LinkAddress: Codable {
    public init(from decoder: any Decoder) throws {
        self = try decoder.decodeText("a link address such as 02:42:0a:0a:0a:14")
    }

    public func encode(to encoder: any Encoder) throws {
        try encoder.encodeText(self)
    }
}
