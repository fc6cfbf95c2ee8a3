import Foundation
import PacketCapture
import PacketDecoding
import Testing

struct RecordingTests {
    @Test(arguments: [UInt32(1), 101, 113])
    func `what is read is recorded and can be read again identically`(linkType: UInt32) throws {
        let folder = try TemporaryFolder()
        let packets = (0..<500).map { number in
            CaptureFile.Packet(time: .start + Int64(number) * 1_001, bytes: CaptureFile.syn(UInt32(number)))
        }
        let original = CaptureFile(linkType: linkType, packets: packets)
        do {
            var capture = try Capture.open(file: folder.write(original.bytes), tap: .vip)
            try capture.record(to: folder.path("copy.pcap"))
            let count = try capture.fill(limit: 1_000)
            #expect(count == 500)
        }
        #expect(try Data(contentsOf: URL(filePath: folder.path("copy.pcap"))) == Data(original.bytes))
    }

    @Test func `what was flushed can be read while recording goes on`() throws {
        let folder = try TemporaryFolder()
        let packets = (0..<10).map { CaptureFile.Packet(time: .start, bytes: CaptureFile.syn(UInt32($0))) }
        var capture = try Capture.open(file: folder.write(CaptureFile(packets: packets).bytes), tap: .vip)
        try capture.record(to: folder.path("copy.pcap"))
        let count = try capture.fill(limit: 4)
        #expect(count == 4)
        capture.flushRecording()
        #expect(try Reading(folder.path("copy.pcap")).sequences == [0, 1, 2, 3])
    }

    @Test func `a file that cannot be recorded to is named`() throws {
        let folder = try TemporaryFolder()
        var capture = try Capture.open(file: folder.write(CaptureFile().bytes), tap: .vip)
        var problem: CaptureError?
        do throws(CaptureError) { try capture.record(to: "/nowhere/copy.pcap") } catch { problem = error }
        #expect(problem?.code == .fileUnwritable)
        #expect(problem?.description.contains("/nowhere/copy.pcap") == true)
    }
}
