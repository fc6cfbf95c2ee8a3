/// The attributes of one level of a netlink message, by type.
///
/// Decoding is pure and bounds-checked: bytes that do not hold together are an error, never a trap. A type that occurs
/// twice counts once, the last time, as in libnl's `nla_parse`.
///
/// - Source: `struct nlattr` in `<linux/netlink.h>`: length and type, 16 bits each in host order, then the payload, padded
///   to 4 bytes. The two highest bits of the type are flags.
struct NetlinkAttributes {
    private var payloads: [UInt16: ArraySlice<UInt8>] = [:]

    private static let headerLength = 4
    private static let typeMask: UInt16 = 0x3fff

    private let subject: KernelError.NetlinkSubject

    init(decoding bytes: ArraySlice<UInt8>, reading subject: KernelError.NetlinkSubject = .ipvs) throws(KernelError) {
        self.subject = subject
        var rest = bytes
        while !rest.isEmpty {
            guard let length = Self.load(UInt16.self, from: rest).map(Int.init),
                let type = Self.load(UInt16.self, from: rest.dropFirst(2)),
                length >= Self.headerLength, length <= rest.count
            else { throw .netlinkReply("an attribute is cut short", reading: subject) }
            payloads[type & Self.typeMask] = rest.prefix(length).dropFirst(Self.headerLength)
            rest = rest.dropFirst((length + 3) & ~3)
        }
    }

    /// An integer in host order, or `nil` if the attribute is absent or too short.
    func integer<Value: FixedWidthInteger & BitwiseCopyable>(_ type: UInt16, as: Value.Type = Value.self) -> Value? {
        payloads[type].flatMap { Self.load(Value.self, from: $0) }
    }

    /// A string up to its NUL.
    func string(_ type: UInt16) -> String? {
        payloads[type].map { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    /// The raw payload.
    func bytes(_ type: UInt16) -> ArraySlice<UInt8>? { payloads[type] }

    /// The attributes within an attribute, or `nil` if it is absent.
    func nested(_ type: UInt16) throws(KernelError) -> NetlinkAttributes? {
        guard let payload = payloads[type] else { return nil }
        return try NetlinkAttributes(decoding: payload, reading: subject)
    }

    /// An integer in host order at the beginning of `bytes`, or `nil` if they are too few.
    static func load<Value: FixedWidthInteger & BitwiseCopyable>(
        _: Value.Type, from bytes: ArraySlice<UInt8>
    ) -> Value? {
        guard bytes.count >= MemoryLayout<Value>.size else { return nil }
        // An integer accepts every bit pattern, and the length was checked above.
        return unsafe bytes.withUnsafeBytes { unsafe $0.loadUnaligned(as: Value.self) }
    }
}

/// Writes attributes one after another, as requests need them.
package struct NetlinkAttributeWriter {
    /// What was written so far, padded.
    package private(set) var bytes: [UInt8] = []

    package init() {}

    package mutating func append(_ type: UInt16, _ payload: [UInt8]) {
        withHostOrder(UInt16(4 + payload.count)) { bytes += $0 }
        withHostOrder(type) { bytes += $0 }
        bytes += payload
        bytes += [UInt8](repeating: 0, count: (4 - payload.count % 4) % 4)
    }

    package mutating func append(_ type: UInt16, _ value: some FixedWidthInteger & BitwiseCopyable) {
        var payload: [UInt8] = []
        withHostOrder(value) { payload += $0 }
        append(type, payload)
    }

    private func withHostOrder(_ value: some FixedWidthInteger & BitwiseCopyable, _ body: ([UInt8]) -> Void) {
        body(unsafe withUnsafeBytes(of: value) { unsafe Array($0) })
    }
}
