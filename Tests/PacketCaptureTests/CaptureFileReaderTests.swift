import CPcap
import Foundation
import Glibc
import PacketCapture
import PacketDecoding
import TestSupport
import Testing

/// A capture file as libpcap itself reads it, or as ``Capture`` does.
private struct Contents: Equatable {
    /// Every field of every packet that could be decoded.
    var packets: [String] = []
    var failures: [String] = []
    var count: UInt64 = 0
    var bytes: UInt64 = 0
    /// What was wrong, in libpcap's words.
    var problem: String?

    static func ours(_ path: String) throws -> Contents {
        var contents = Contents()
        var capture = try Capture.open(file: path, tap: .vip)
        do throws(CaptureError) {
            while try capture.fill(limit: 1_000) > 0 { contents.take(&capture) }
        } catch {
            #expect(error.code == .damaged)
            contents.problem = error.detail
        }
        contents.take(&capture)
        contents.count = capture.packetsRead
        contents.bytes = capture.bytesRead
        contents.failures = capture.failureCounts.map { "\($0.error.reason): \($0.count)" }
        return contents
    }

    private mutating func take(_ capture: inout Capture) {
        var found: [String] = []
        _ = capture.take(before: .max) { packets in
            for index in packets.indices { found.append("\(packets[index])") }
        }
        packets += found
    }

    static func libpcap(_ path: String) throws -> Contents {
        var message = [CChar](repeating: 0, count: Int(PCAP_ERRBUF_SIZE))
        let precision = UInt32(PCAP_TSTAMP_PRECISION_NANO)
        let opened = unsafe pcap_open_offline_with_tstamp_precision(path, precision, &message)
        let isOpen = unsafe opened != nil
        try #require(isOpen)
        let handle = unsafe opened!
        defer { unsafe pcap_close(handle) }
        var contents = Contents()
        let number = unsafe pcap_datalink(handle)
        var decoder = PacketDecoder(linkType: try #require(LinkType(rawValue: number)), tap: .vip)
        var header: UnsafeMutablePointer<pcap_pkthdr>?
        var bytes: UnsafePointer<u_char>?
        var status = unsafe pcap_next_ex(handle, &header, &bytes)
        while status == 1 {
            let found = unsafe header!.pointee
            let span = unsafe RawSpan(_unsafeStart: UnsafeRawPointer(bytes!), byteCount: Int(found.caplen))
            let time = Int64(found.ts.tv_sec) * 1_000_000_000 + Int64(found.ts.tv_usec)
            var summary = PacketSummary()
            contents.count += 1
            contents.bytes += UInt64(found.len)
            if decoder.decode(span, wireLength: Int(found.len), time: time, into: &summary) {
                contents.packets.append("\(summary)")
            }
            status = unsafe pcap_next_ex(handle, &header, &bytes)
        }
        if status == PCAP_ERROR {
            contents.problem = unsafe "\(String(cString: pcap_geterr(handle))) after \(contents.count) packets"
        }
        contents.failures = decoder.failureCounts.map { "\($0.error.reason): \($0.count)" }
        return contents
    }
}

/// The captures that other tests keep, and those made here, are read as libpcap reads them.
struct CaptureFileReaderTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private static let fixtures: [String] = {
        let tests = URL(filePath: #filePath).resolvingSymlinksInPath()
            .deletingLastPathComponent().deletingLastPathComponent()
        let paths = FileManager.default.enumerator(atPath: tests.path)?.compactMap { $0 as? String } ?? []
        return paths.filter { $0.hasSuffix(".pcap") }.map { tests.path + "/" + $0 }
    }()

    @Test func `there are captures to compare`() { #expect(Self.fixtures.count >= 12) }

    @Test(arguments: fixtures)
    func `a kept capture is read as libpcap reads it`(path: String) throws {
        let ours = try Contents.ours(path)
        #expect(ours == (try Contents.libpcap(path)))
        #expect(ours.count > 0)
    }

    private static let classic: [CaptureFile.Format] = [.micro, .nano, .bigEndianMicro, .bigEndianNano]

    /// Whole, snapped and empty packets, and some that are nothing.
    private static func packets(_ seed: UInt64, most: Int) -> [CaptureFile.Packet] {
        var random = SeededGenerator(seed: seed)
        return (0..<300).map { number in
            let time = Int64.start + Int64(number) * 1_234_567
            let padding = [UInt8](repeating: 7, count: Int.random(in: 0...most, using: &random))
            let whole = CaptureFile.syn(UInt32(number)) + padding
            switch Int.random(in: 0..<10, using: &random) {
            case 0: return CaptureFile.Packet(time: time, bytes: [], wireLength: 60)
            case 1: return CaptureFile.Packet(time: time, bytes: padding)
            case 2...4:
                let cut = Int.random(in: 0...whole.count, using: &random)
                return CaptureFile.Packet(time: time, bytes: Array(whole.prefix(cut)), wireLength: UInt32(whole.count))
            default: return CaptureFile.Packet(time: time, bytes: whole)
            }
        }
    }

    @Test(arguments: classic, [UInt32(0), 64, 65_535, 262_144, .max])
    func `a generated capture is read as libpcap reads it`(format: CaptureFile.Format, snapshotLength: UInt32) throws {
        // Some of the files are larger than what is read at once.
        let most = snapshotLength > 65_535 ? 9_000 : 100
        let file = CaptureFile(
            format: format, snapshotLength: snapshotLength,
            packets: Self.packets(UInt64(snapshotLength), most: most))
        let path = try folder.write(file.bytes)
        let ours = try Contents.ours(path)
        #expect(ours == (try Contents.libpcap(path)))
        #expect(ours.count == 300 && ours.problem == nil)
    }

    private static let three = [
        CaptureFile.Packet(time: .start, bytes: CaptureFile.syn(1)),
        CaptureFile.Packet(time: .start + 1_000, bytes: [], wireLength: 60),
        CaptureFile.Packet(time: .start + 2_000, bytes: CaptureFile.syn(3)),
    ]

    @Test(arguments: classic)
    func `a capture cut short at any byte is damaged as libpcap says it`(format: CaptureFile.Format) throws {
        let whole = CaptureFile(format: format, packets: Self.three).bytes
        for length in 24...whole.count {
            let path = try folder.write(Array(whole.prefix(length)))
            #expect(try Contents.ours(path) == Contents.libpcap(path), "\(length) bytes")
        }
        for length in 0..<24 {
            let path = try folder.write(Array(whole.prefix(length)))
            let problem = #expect(throws: CaptureError.self) { try Contents.ours(path) }
            #expect(problem?.code == .notACapture, "\(length) bytes")
        }
    }

    @Test(arguments: classic, UInt64(0)..<50)
    func `random lengths are damage where libpcap says so`(format: CaptureFile.Format, seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var bytes = CaptureFile(format: format, packets: Self.packets(seed, most: 2_000)).bytes
        // The lengths of a record early in the file.
        let place = 24 + 8 + Int.random(in: 0..<8, using: &random)
        bytes[place] = UInt8.random(in: .min ... .max, using: &random)
        let path = try folder.write(bytes)
        let ours = try Contents.ours(path)
        let theirs = try Contents.libpcap(path)
        // What follows is no record, and its time is any number: only what was read counts.
        #expect(ours.count == theirs.count && ours.bytes == theirs.bytes)
        // Versions of libpcap differ in what they call the limit.
        #expect(ours.problem?.prefix { $0 != "," } == theirs.problem?.prefix { $0 != "," })
        #expect(ours.failures == theirs.failures)
    }

    @Test(arguments: CaptureFile.Format.allCases, [1, 7, 23, 1_000])
    func `from a pipe comes what a file holds, however it arrives`(format: CaptureFile.Format, piece: Int) throws {
        let bytes = CaptureFile(format: format, packets: Self.packets(9, most: 300)).bytes
        let expected = try Contents.libpcap(folder.write(bytes))
        var ends: [Int32] = [0, 0]
        let isPipe = unsafe pipe(&ends) == 0
        try #require(isPipe)
        let input = FileHandle(fileDescriptor: ends[0], closeOnDealloc: true)
        let output = FileHandle(fileDescriptor: ends[1], closeOnDealloc: true)
        let writer = Thread {
            // The header in pieces, as a slow writer may send it; then the rest.
            var place = 0
            while place < bytes.count {
                let next = min(place < 64 ? place + piece : bytes.count, bytes.count)
                try? output.write(contentsOf: Data(bytes[place..<next]))
                place = next
            }
            try? output.close()
        }
        writer.start()
        #expect(try Contents.ours("/dev/fd/\(input.fileDescriptor)") == expected)
    }

    @Test func `a filter applies to what is read here as well`() throws {
        let packets = (0..<3_000).map { number in
            CaptureFile.Packet(time: .start, bytes: CaptureFile.syn(UInt32(number), port: number < 2_500 ? 81 : 80))
        }
        let reading = try Reading(folder.write(CaptureFile(packets: packets).bytes), filter: "tcp dst port 80")
        #expect(reading.sequences == Array(2_500..<3_000))
    }
}
