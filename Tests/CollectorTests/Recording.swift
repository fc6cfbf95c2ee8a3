import Balance
import Collector
import Foundation
import IPVSKernel
import IPVSModel
import TraceStore

/// A folder that goes away with this value.
final class TemporaryFolder: Sendable {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "CollectorTests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func path(_ name: String) -> String { url.appending(path: name).path }
}

/// A recording of a real run, which a test may change before it replays it.
///
/// `Recordings/web` is 60 connections of `ab` to one virtual service, cut from a longer run by the script beside it;
/// `Recordings/mixed` is IPv6, IPv4 and UDP, as recorded; those of `Recordings/lab` are traces of lab scenarios, cut to 160
/// bytes a packet.
struct Recording {
    /// A record of a capture file: 16 bytes of times and lengths, and an Ethernet frame.
    struct Packet: Equatable {
        var bytes: [UInt8]

        var time: UInt64 { Self.number(bytes[0..<4]) * 1_000_000_000 + Self.number(bytes[4..<8]) }
        var isSYN: Bool { bytes[63] & 0x12 == 2 }
        var source: ArraySlice<UInt8> { bytes[42..<46] }
        var destination: ArraySlice<UInt8> { bytes[46..<50] }
        /// Whether a capture of handshakes shows it.
        var isOfHandshake: Bool { bytes[63] & 7 != 0 }
        /// The client's port, whichever way the packet goes.
        var clientPort: UInt16 {
            let port = { (offset: Int) in UInt16(bytes[offset]) << 8 | UInt16(bytes[offset + 1]) }
            return port(50) == 80 ? port(52) : port(50)
        }

        private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
            bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }

        /// The same packet at another time.
        func moved(bySeconds seconds: UInt64) -> Packet {
            let later = time / 1_000_000_000 + seconds
            return Packet(bytes: (0..<4).map { UInt8(truncatingIfNeeded: later >> (8 * UInt64($0))) } + bytes[4...])
        }

        /// Sends the packet to or from another real server.
        mutating func move(from old: [UInt8], to new: [UInt8]) {
            if source.elementsEqual(old) { bytes.replaceSubrange(42..<46, with: new) }
            if destination.elementsEqual(old) { bytes.replaceSubrange(46..<50, with: new) }
        }
    }

    private var header: [UInt8] = []
    var vip: [Packet] = []
    var dip: [Packet] = []
    var states: [KernelState]
    /// Bytes to cut off the end of the DIP side's capture.
    var cut = 0
    /// What the captures show.
    var level = CaptureLevel.full

    init(_ name: String) throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Recordings/\(name)")
        states = try KernelStateFile.read(folder.appending(path: "kernel.jsonl").path)
        (header, vip) = try Self.packets(folder.appending(path: "vip.pcap"))
        (_, dip) = try Self.packets(folder.appending(path: "dip.pcap"))
    }

    private static func packets(_ url: URL) throws -> ([UInt8], [Packet]) {
        let bytes = [UInt8](try Data(contentsOf: url))
        var packets: [Packet] = []
        var place = 24
        while place < bytes.count {
            let length = Int(bytes[place + 8]) | Int(bytes[place + 9]) << 8
            packets.append(Packet(bytes: Array(bytes[place..<(place + 16 + length)])))
            place += 16 + length
        }
        return (Array(bytes[..<24]), packets)
    }

    /// Writes both captures.
    func write(to folder: TemporaryFolder) throws {
        for (name, packets, cut) in [("vip.pcap", vip, 0), ("dip.pcap", dip, cut)] {
            let bytes = header + packets.flatMap(\.bytes)
            try Data(bytes.dropLast(cut)).write(to: URL(filePath: folder.path(name)))
        }
    }

    /// Replays it into a new database.
    func replay() throws -> RunEvidence {
        let folder = try TemporaryFolder()
        try write(to: folder)
        let store = try TraceStore.open(path: folder.path("test.sqlite"))
        var replay = Replay(vipPath: folder.path("vip.pcap"), dipPath: folder.path("dip.pcap"), kernelStates: states)
        replay.level = level
        return try replay.run(into: store, name: "test")
    }

    /// Replays it without a database.
    func replayInMemory(threads: Int = 1) throws -> RunEvidence {
        let folder = try TemporaryFolder()
        try write(to: folder)
        var replay = Replay(vipPath: folder.path("vip.pcap"), dipPath: folder.path("dip.pcap"), kernelStates: states)
        replay.threads = threads
        return try replay.run(name: "test")
    }

    func verdict() throws -> VerdictReport { Judge.verdict(on: try replay()) }

    /// Client ports in the order of their SYNs on the VIP side.
    var clientPorts: [UInt16] { vip.filter(\.isSYN).map(\.clientPort) }
}
