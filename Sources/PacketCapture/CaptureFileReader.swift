import CPcap
import Glibc
import PacketDecoding

/// A record that claims more bytes than this is damaged.
///
/// The corresponding C constant is libpcap's `MAXIMUM_SNAPLEN`.
private let mostCaptured = 262_144

/// Reads the records of a classic pcap file, as `tcpdump -w` writes it, several times faster than libpcap.
///
/// Only what is common: version 2.4, times in micro- or nanoseconds, either byte order, link-layer types that are
/// decoded. Everything else is left to libpcap. Files and pipes alike are read once, from front to back.
///
/// Confinement: used by one thread at a time.
///
/// - Source: <https://www.ietf.org/archive/id/draft-gharris-opsawg-pcap-01.html>, and libpcap's `sf-pcap.c` for what
///   counts as damage.
@safe
struct CaptureFileReader: ~Copyable {
    private static let recordHeaderLength = 16
    /// How much is asked of the file at once.
    private static let chunk = 262_144

    private let file: UnsafeMutablePointer<FILE>
    private let buffer: UnsafeMutableRawPointer
    /// Where the bytes not yet used begin and end.
    private var position = 0
    private var end = 0
    private let isSwapped: Bool
    /// The unit of the fractions of a second.
    private let nanoseconds: Int
    /// Bytes of a record beyond this are passed over, as libpcap does.
    let snapshotLength: Int
    let linkType: LinkType

    /// What is wrong with the file.
    struct Damage: Error {
        let detail: String
    }

    /// What the beginning of a file says of the rest.
    private struct Format {
        var isSwapped: Bool
        var nanoseconds: Int
        var snapshotLength: Int
        var linkType: LinkType

        /// - Returns: `nil` if it is not a file to be read here.
        init?(_ header: InlineArray<24, UInt8>) {
            let number = { (offset: Int) -> UInt32 in
                UInt32(littleEndian: (0..<4).reduce(0) { $0 | UInt32(header[offset + $1]) << (8 * UInt32($1)) })
            }
            switch number(0) {
            case 0xa1b2_c3d4: (isSwapped, nanoseconds) = (false, 1_000)
            case 0xa1b2_3c4d: (isSwapped, nanoseconds) = (false, 1)
            case 0xd4c3_b2a1: (isSwapped, nanoseconds) = (true, 1_000)
            case 0x4d3c_b2a1: (isSwapped, nanoseconds) = (true, 1)
            default: return nil
            }
            let isSwapped = isSwapped
            let field = { (offset: Int) in isSwapped ? number(offset).byteSwapped : number(offset) }
            let version: UInt32 = isSwapped ? 0x0002_0004 : 0x0004_0002
            guard field(4) == version, let linkType = LinkType(rawValue: Int32(bitPattern: field(20))) else {
                return nil
            }
            self.linkType = linkType
            let limit = field(16)
            snapshotLength = limit == 0 || limit > mostCaptured ? mostCaptured : Int(limit)
        }
    }

    /// Takes ownership of `file` if it is one to be read here; if not, `file` stands again where it stood.
    static func adopt(_ file: UnsafeMutablePointer<FILE>) -> CaptureFileReader? {
        var header = InlineArray<24, UInt8>(repeating: 0)
        var bytes = header.mutableSpan
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe fread($0.baseAddress, 1, $0.count, file) }
        if count == header.count, let format = Format(header) {
            return unsafe CaptureFileReader(file, format)
        }
        // A pipe cannot be read again, so the bytes are put back.
        for place in (0..<count).reversed() { unsafe ungetc(Int32(header[place]), file) }
        return nil
    }

    private init(_ file: UnsafeMutablePointer<FILE>, _ format: Format) {
        unsafe self.file = file
        unsafe buffer = .allocate(
            byteCount: Self.recordHeaderLength + mostCaptured + Self.chunk, alignment: 64)
        isSwapped = format.isSwapped
        nanoseconds = format.nanoseconds
        snapshotLength = format.snapshotLength
        linkType = format.linkType
    }

    deinit {
        unsafe buffer.deallocate()
        unsafe fclose(file)
    }

    /// What a record says of itself, and its bytes, which are valid while it is handed over.
    @safe
    struct Record {
        /// Since the epoch.
        let seconds: UInt32
        /// Of the second, as the file has it: perhaps more than there are.
        let nanoseconds: Int64
        /// How many bytes are there.
        let captured: Int
        /// The packet's length on the wire.
        let length: UInt32
        let bytes: UnsafeRawPointer

        // The same for libpcap.

        var header: pcap_pkthdr {
            pcap_pkthdr(
                ts: timeval(tv_sec: Int(seconds), tv_usec: Int(nanoseconds)), caplen: UInt32(captured), len: length)
        }
        var packet: UnsafePointer<u_char> { unsafe bytes.assumingMemoryBound(to: u_char.self) }
    }

    /// Hands over the next records.
    ///
    /// - Parameter limit: The most to hand over.
    /// - Returns: How many there were; fewer than `limit` only at the end of the file.
    /// - Throws: What is wrong with the record after the last one handed over.
    @inline(__always)
    mutating func read(limit: Int, _ body: (Record) -> Void) throws(Damage) -> Int {
        isSwapped ? try read(limit, isSwapped: true, body) : try read(limit, isSwapped: false, body)
    }

    @inline(__always)
    private mutating func read(
        _ limit: Int, isSwapped: Bool, _ body: (Record) -> Void
    ) throws(Damage) -> Int {
        // In local variables, which a call between two records leaves alone.
        var (place, end) = (self.position, self.end)
        let (nanoseconds, snapshotLength, buffer) = unsafe (Int64(self.nanoseconds), self.snapshotLength, self.buffer)
        for count in 0..<limit {
            if end &- place < Self.recordHeaderLength {
                position = place
                guard try refill(Self.recordHeaderLength, "header") else { return count }
                (place, end) = (position, self.end)
            }
            let field = { (offset: Int) -> UInt32 in
                let value = unsafe buffer.loadUnaligned(fromByteOffset: place &+ offset, as: UInt32.self)
                return isSwapped ? value.byteSwapped : value
            }
            let captured = Int(field(8))
            if captured > mostCaptured { throw tooLong(captured) }
            let length = Self.recordHeaderLength &+ captured
            if end &- place < length {
                position = place
                _ = try refill(length, "captured")
                (place, end) = (position, self.end)
            }
            body(
                unsafe Record(
                    seconds: field(0), nanoseconds: Int64(field(4)) &* nanoseconds,
                    captured: min(captured, snapshotLength), length: field(12),
                    bytes: UnsafeRawPointer(buffer + (place &+ Self.recordHeaderLength))))
            place &+= length
        }
        position = place
        return limit
    }

    /// Reads on until at least `count` bytes are there.
    ///
    /// - Returns: `false` at the end of the file.
    /// - Throws: If the file ends within those bytes, or cannot be read.
    @inline(never)
    private mutating func refill(_ count: Int, _ what: String) throws(Damage) -> Bool {
        unsafe buffer.copyMemory(from: buffer + position, byteCount: end - position)
        end -= position
        position = 0
        while end < count {
            let got = unsafe fread(buffer + end, 1, Self.chunk, file)
            end += got
            if got > 0 { continue }
            if unsafe ferror(file) != 0 {
                throw Damage(detail: "error reading dump file: \(unsafe String(cString: strerror(errno)))")
            }
            if end == 0 { return false }
            let rest = what == "header" ? 0 : Self.recordHeaderLength
            throw Damage(
                detail: "truncated dump file; tried to read \(count - rest) \(what) bytes, only got \(end - rest)")
        }
        return true
    }

    @inline(never)
    private func tooLong(_ captured: Int) -> Damage {
        Damage(detail: "invalid packet capture length \(captured), bigger than maximum of \(mostCaptured)")
    }
}
