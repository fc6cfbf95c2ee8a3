import Foundation
import IPVSModel
import PacketCapture
import PacketDecoding

/// A folder that goes away with this value.
final class TemporaryFolder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "PacketCaptureTests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func path(_ name: String) -> String { url.appending(path: name).path }

    /// - Returns: The path of a new file.
    func write(_ bytes: [UInt8], _ name: String = "test.pcap") throws -> String {
        try Data(bytes).write(to: URL(filePath: path(name)))
        return path(name)
    }
}

/// Capture files made byte by byte.
///
/// - Source: <https://www.ietf.org/archive/id/draft-gharris-opsawg-pcap-01.html> and its sibling on pcapng.
struct CaptureFile {
    enum Format: CaseIterable, Sendable {
        case micro, nano, bigEndianMicro, bigEndianNano, pcapng
    }

    struct Packet: Sendable, Equatable {
        /// Nanoseconds since the epoch.
        var time: Int64
        var bytes: [UInt8]
        /// Bytes it had on the wire; `nil` if all were captured.
        var wireLength: UInt32?
    }

    var format = Format.nano
    var linkType: UInt32 = 1
    var snapshotLength: UInt32 = 262_144
    var packets: [Packet] = []

    var bytes: [UInt8] {
        format == .pcapng ? pcapngBytes : header + packets.flatMap(record)
    }

    private var isBigEndian: Bool { format == .bigEndianMicro || format == .bigEndianNano }
    private var isNano: Bool { format == .nano || format == .bigEndianNano }

    func number(_ value: UInt32) -> [UInt8] {
        let little = (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * UInt32($0))) }
        return isBigEndian ? little.reversed() : little
    }

    private var header: [UInt8] {
        let version = isBigEndian ? [UInt8]([0, 2, 0, 4]) : [2, 0, 4, 0]
        let magic = number(isNano ? 0xa1b2_3c4d : 0xa1b2_c3d4)
        return magic + version + number(0) + number(0) + number(snapshotLength) + number(linkType)
    }

    private func record(_ packet: Packet) -> [UInt8] {
        let fraction = UInt32(packet.time % 1_000_000_000) / (isNano ? 1 : 1_000)
        let captured = UInt32(packet.bytes.count)
        return number(UInt32(packet.time / 1_000_000_000)) + number(fraction) + number(captured)
            + number(packet.wireLength ?? captured) + packet.bytes
    }

    private var pcapngBytes: [UInt8] {
        let sectionHeader = block(0x0a0d_0d0a, number(0x1a2b_3c4d) + [1, 0, 0, 0] + [UInt8](repeating: 0xff, count: 8))
        let link = [UInt8(linkType), 0, 0, 0]
        let nanoseconds: [UInt8] = [9, 0, 1, 0, 9, 0, 0, 0, 0, 0, 0, 0]
        let interface = block(1, link + number(262_144) + nanoseconds)
        return sectionHeader + interface + packets.flatMap { enhancedPacket(ticks: UInt64($0.time), $0.bytes) }
    }

    private func enhancedPacket(ticks: UInt64, _ bytes: [UInt8]) -> [UInt8] {
        let time = number(UInt32(ticks >> 32)) + number(UInt32(truncatingIfNeeded: ticks))
        let count = number(UInt32(bytes.count))
        let padding = [UInt8](repeating: 0, count: (4 - bytes.count % 4) % 4)
        return block(6, number(0) + time + count + count + bytes + padding)
    }

    private func block(_ kind: UInt32, _ body: [UInt8]) -> [UInt8] {
        let length = number(UInt32(body.count + 12))
        return number(kind) + length + body + length
    }

    /// One packet whose time is counted in whole seconds, up to 2^64 of them.
    static func inSeconds(_ seconds: UInt64) -> [UInt8] {
        let file = CaptureFile(format: .pcapng)
        let header = file.block(
            0x0a0d_0d0a, file.number(0x1a2b_3c4d) + [1, 0, 0, 0] + [UInt8](repeating: 0xff, count: 8))
        let seconds1: [UInt8] = [9, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        let interface = file.block(1, [1, 0, 0, 0] + file.number(65_535) + seconds1)
        return header + interface + file.enhancedPacket(ticks: seconds, syn(1))
    }

    /// An Ethernet frame with a SYN whose sequence number is `number`.
    static func syn(_ number: UInt32, to destination: String = "192.168.122.100", port: UInt8 = 80) -> [UInt8] {
        [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0] + synPacket(number, to: destination, port: port)
    }

    static func synPacket(_ number: UInt32, to destination: String = "192.168.122.100", port: UInt8 = 80) -> [UInt8] {
        let bits = IPAddress(destination)!.ipv4Bits
        let ip: [UInt8] = [0x45, 0, 0, 40, 0, 1, 0x40, 0, 64, 6, 0, 0, 192, 168, 122, 1]
        let tcp: [UInt8] = [0x9c, 0x40, 0, port] + bigEndian(number) + [0, 0, 0, 0, 0x50, 2, 0xff, 0xff, 0, 0, 0, 0]
        return ip + bigEndian(bits) + tcp
    }

    private static func bigEndian(_ value: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * UInt32($0))) }
    }
}

/// What a capture gave.
struct Reading {
    var times: [Int64] = []
    var sequences: [UInt32] = []
    var problem: CaptureError?

    /// Reads the whole file.
    init(_ path: String, filter: String? = nil) throws(CaptureError) {
        var capture = try Capture.open(file: path, tap: .vip)
        if let filter { try capture.setFilter(filter) }
        while true {
            do throws(CaptureError) {
                guard try capture.fill(limit: 1_000) > 0 else { break }
            } catch {
                problem = problem ?? error
                if capture.firstTime == nil { break }
            }
            takeAll(&capture)
        }
        takeAll(&capture)
    }

    private mutating func takeAll(_ capture: inout Capture) {
        var found: [(Int64, UInt32)] = []
        _ = capture.take(before: .max) { packets in
            for index in packets.indices { found.append((packets[index].time, packets[index].sequence)) }
        }
        times += found.map(\.0)
        sequences += found.map(\.1)
    }
}

extension Int64 {
    /// 2023-11-14T22:13:20Z.
    static let start: Int64 = 1_700_000_000_000_000_000
}
