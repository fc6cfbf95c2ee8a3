import PacketCapture
import PacketDecoding
import Testing

struct CaptureFileTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test(arguments: CaptureFile.Format.allCases)
    func `every format gives the same packets with times as fine as it holds them`(format: CaptureFile.Format) throws {
        let times: [Int64] = [.start + 1_234_567, .start + 999_999_999, .start + 3_600_000_000_001]
        let packets = times.enumerated().map { CaptureFile.Packet(time: $1, bytes: CaptureFile.syn(UInt32($0))) }
        let file = CaptureFile(format: format, packets: packets)
        let reading = try Reading(folder.write(file.bytes))

        let isMicro = format == .micro || format == .bigEndianMicro
        #expect(reading.times == (isMicro ? times.map { $0 / 1_000 * 1_000 } : times))
        #expect(reading.sequences == [0, 1, 2])
        #expect(reading.problem == nil)
    }

    @Test func `packets and bytes are counted, decodable or not`() throws {
        let file = CaptureFile(packets: [
            CaptureFile.Packet(time: .start, bytes: CaptureFile.syn(1)),
            CaptureFile.Packet(time: .start, bytes: [UInt8](repeating: 0, count: 42)),
        ])
        var capture = try Capture.open(file: folder.write(file.bytes), tap: .dip)
        let counts = [try capture.fill(limit: 10), try capture.fill(limit: 10)]
        #expect(counts == [2, 0])
        let (packets, bytes, failures) = (capture.packetsRead, capture.bytesRead, capture.failureCounts)
        #expect(packets == 2)
        #expect(bytes == 54 + 42)
        #expect(failures.map(\.error) == [.notIP])
        let (drops, isLive) = (capture.dropCounts, capture.isLive)
        #expect(drops == (0, 0))
        #expect(!isLive)
    }

    @Test(arguments: [
        ("an empty file", []), ("a text file", Array("this is not a capture at all\n".utf8)),
        ("half a file header", Array(CaptureFile().bytes.prefix(10))),
    ])
    func `what is no capture is refused as such`(what: String, bytes: [UInt8]) throws {
        let path = try folder.write(bytes)
        let problem = try #require(throws: CaptureError.self) { try Reading(path) }
        #expect(problem.code == .notACapture, "\(what)")
        #expect(problem.subject == path)
        #expect(problem.description.hasPrefix(path) && problem.description.contains("tcpdump -w"))
        #expect(!problem.description.contains("\n"))
    }

    @Test func `a folder is no capture`() throws {
        #expect(try #require(throws: CaptureError.self) { try Reading(folder.path("")) }.code == .notACapture)
    }

    @Test func `a missing file is named`() throws {
        let problem = try #require(throws: CaptureError.self) { try Reading("/nowhere/at/all.pcap") }
        #expect(problem.code == .fileUnreadable)
        #expect(problem.description.hasPrefix("/nowhere/at/all.pcap: No such file or directory"))
    }

    @Test(arguments: [(UInt32(105), "IEEE802_11"), (147, "")])
    func `a link-layer type that is not decoded is refused by name`(linkType: UInt32, name: String) throws {
        let path = try folder.write(CaptureFile(linkType: linkType).bytes)
        let problem = try #require(throws: CaptureError.self) { try Reading(path) }
        #expect(problem.code == .unsupportedLinkType)
        #expect(problem.status == Int32(linkType))
        #expect(problem.detail.contains(name))
    }

    private static let three = CaptureFile(
        packets: (1...3).map { CaptureFile.Packet(time: .start + Int64($0), bytes: CaptureFile.syn(UInt32($0))) })

    @Test(arguments: 1..<70)
    func `a capture cut short anywhere in its last packet is damaged, and gives the packets before`(cut: Int) throws {
        let reading = try Reading(folder.write(Array(Self.three.bytes.dropLast(cut))))
        if cut == 54 + 16 {
            #expect(reading.problem == nil)
        } else {
            #expect(reading.problem?.code == .damaged)
        }
        #expect(reading.sequences == [1, 2])
    }

    @Test(arguments: [8, 9, 10, 11])
    func `nothing is taken from a capture after an impossible packet length`(offset: Int) throws {
        // What follows the second record's header would look like records, if read on.
        var file = Self.three
        file.packets[1].bytes = Array(repeating: 0, count: 16) + CaptureFile(packets: file.packets).bytes.dropFirst(24)
        var bytes = file.bytes
        bytes[24 + 70 + offset] = 0xff
        let reading = try Reading(folder.write(bytes))
        #expect(reading.sequences.first == 1)
        if offset > 9 {
            #expect(reading.problem?.code == .damaged)
            #expect(reading.sequences == [1])
        }
    }

    @Test(arguments: [UInt64(0), 1 << 33, 1 << 62, 1 << 63, .max])
    func `a time from a damaged file cannot overflow`(seconds: UInt64) throws {
        let reading = try Reading(folder.write(CaptureFile.inSeconds(seconds)))
        #expect(reading.times.count == (reading.problem == nil ? 1 : 0))
        #expect(reading.times.allSatisfy { (0...4_300_000_000_000_000_000).contains($0) })
    }

    @Test func `an unknown interface is named`() throws {
        let problem = try #require(throws: CaptureError.self) {
            _ = try Capture.open(interface: "no-such-nic0", tap: .vip)
        }
        #expect(problem.code == .interfaceNotFound)
        #expect(problem.description.hasPrefix("no-such-nic0: there is no such interface"))
    }
}
