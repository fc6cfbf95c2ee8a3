import IPVSModel
import PacketCapture
import PacketDecoding
import Testing

/// A capture of `Captures/`, made by the script beside it, and what its packets are.
struct CaptureFixture: Sendable, CustomTestStringConvertible {
    var name: String
    var tap = Tap.vip
    var packets: [String]
    var failures: [String] = []

    var testDescription: String { name }

    private static let syn4 = "tcp 192.168.122.1:40000 > 192.168.122.100:80 flags 2 seq 1000 ack 0 ip 40 payload 0"
    private static let syn6 = "tcp [fd00:122::1]:40000 > [fd00:122::100]:80 flags 2 seq 1000 ack 0 ip 60 payload 0"
    private static let udp6 = "udp [fd00:122::1]:40000 > [fd00:122::100]:53 flags 0 seq 0 ack 0"
    /// Where UDP has no sequence number stands the identification.
    private static let udp4 = "udp 192.168.122.1:40000 > 192.168.122.100:53 flags 0 seq 4660 ack 0"

    static let all = [
        CaptureFixture(
            name: "ethernet",
            packets: [
                "tcp 192.168.122.1:40000 > 192.168.122.100:80 flags 2 seq 1000 ack 0 ip 44 payload 0",
                "tcp 192.168.122.1:40000 > 192.168.122.100:80 flags 24 seq 1001 ack 501 ip 58 payload 18",
                "\(udp4) ip 33 payload 5",
                "tcp [fd00:122::1]:40000 > [fd00:122::100]:80 flags 2 seq 1000 ack 0 ip 64 payload 0",
            ], failures: ["not_ip", "unsupported_protocol"]),
        CaptureFixture(
            name: "vlan",
            packets: [
                syn4, "\(udp6) ip 53 payload 5",
                "tcp 192.168.122.1:40000 > 192.168.122.100:80 flags 16 seq 1000 ack 0 ip 40 payload 0",
            ], failures: ["not_ip"]),
        CaptureFixture(name: "linux-cooked-v1", packets: [syn4, syn6], failures: ["not_ip"]),
        CaptureFixture(name: "linux-cooked-v2", packets: [syn4, syn6], failures: ["not_ip"]),
        CaptureFixture(name: "raw-ip", packets: [syn4, syn6], failures: ["truncated_ipv4"]),
        CaptureFixture(
            name: "ipv4-options-and-fragments",
            packets: [
                "tcp 192.168.122.1:40000 > 192.168.122.100:80 flags 2 seq 1000 ack 0 ip 48 payload 0",
                "\(udp4) ip 44 payload 16", "later \(udp4) ip 24 payload 24", "later \(udp4) ip 24 payload 24",
                "tcp 192.168.122.1:40000 > 192.168.122.100:80 flags 24 seq 1000 ack 0 ip 140 payload 100",
            ]),
        CaptureFixture(
            name: "ipv6-extensions",
            packets: [
                "tcp [fd00:122::1]:40000 > [fd00:122::100]:80 flags 2 seq 1000 ack 0 ip 68 payload 0",
                "tcp [fd00:122::1]:40000 > [fd00:122::100]:80 flags 2 seq 1000 ack 0 ip 68 payload 0",
                "\(udp6) ip 64 payload 16", "later \(udp6) ip 24 payload 24",
                "tcp [fd00:122::1]:40000 > [fd00:122::100]:80 flags 2 seq 1000 ack 0 ip 84 payload 0",
            ]),
        CaptureFixture(
            name: "cut-at-54-bytes",
            packets: ["tcp 192.168.122.1:40000 > 192.168.122.100:80 flags 24 seq 1000 ack 0 ip 1044 payload 1000"],
            failures: ["truncated_tcp", "truncated_tcp"]),
        CaptureFixture(
            name: "sctp",
            packets: [
                "sctp 192.168.122.1:40000 > 192.168.122.100:80 flags 2 seq 0 ack 0 ip 52 payload 20",
                "sctp 192.168.122.1:40000 > 192.168.122.100:80 flags 16 seq 0 ack 0 ip 60 payload 28",
                "sctp [fd00:122::1]:40000 > [fd00:122::100]:80 flags 24 seq 0 ack 0 ip 68 payload 16",
                // An ABORT behind COOKIE ECHO.
                "sctp 192.168.122.1:40000 > 192.168.122.100:80 flags 4 seq 0 ack 0 ip 48 payload 16",
                "sctp 192.168.122.1:40000 > 192.168.122.100:80 flags 1 seq 0 ack 0 ip 40 payload 8",
                // Without a chunk, but for the frame's padding.
                "sctp 192.168.122.1:40000 > 192.168.122.100:80 flags 24 seq 0 ack 0 ip 32 payload 0",
            ]),
        CaptureFixture(
            name: "icmp-errors",
            packets: [
                "error udp 192.168.122.1:40000 > 192.168.122.100:53 flags 0 seq 772 ack 0 ip 56 payload 0",
                "error udp 192.168.122.1:40000 > 192.168.122.100:53 flags 0 seq 771 ack 0 ip 62 payload 0",
                "error udp [fd00:122::1]:40000 > [fd00:122::100]:53 flags 0 seq 512 ack 0 ip 102 payload 0",
            ], failures: ["later_fragment", "unsupported_protocol", "unsupported_protocol"]),
        CaptureFixture(
            name: "tunnels", tap: .dip,
            packets: [
                "tunnelled tcp 192.168.122.1:40000 > 10.10.10.20:80 flags 2 seq 1000 ack 0 ip 40 payload 0",
                "tunnelled tcp [fd00:122::1]:40000 > 10.10.10.20:80 flags 2 seq 1000 ack 0 ip 60 payload 0",
                "tunnelled tcp 192.168.122.1:40000 > [fd00:10::20]:80 flags 2 seq 1000 ack 0 ip 40 payload 0",
                "tunnelled tcp 192.168.122.1:40000 > 10.10.10.20:80 flags 2 seq 1000 ack 0 ip 40 payload 0",
                "tunnelled tcp [fd00:122::1]:40000 > 10.10.10.20:80 flags 2 seq 1000 ack 0 ip 60 payload 0",
            ], failures: ["not_ip", "unsupported_protocol"]),
        CaptureFixture(
            name: "fragments",
            packets: [
                "udp 192.168.122.1:40000 > 192.168.122.100:53 flags 0 seq 1 ack 0 ip 44 payload 16",
                "later udp 192.168.122.1:40000 > 192.168.122.100:53 flags 0 seq 1 ack 0 ip 24 payload 24",
                "later udp 192.168.122.1:40000 > 192.168.122.100:53 flags 0 seq 1 ack 0 ip 5 payload 5",
                "udp 192.168.122.1:40000 > 192.168.122.100:53 flags 0 seq 2 ack 0 ip 73 payload 16",
                "\(udp6) ip 64 payload 16",
                "udp [fd00:122::1]:40001 > [fd00:122::100]:53 flags 0 seq 0 ack 0 ip 64 payload 16",
                "later udp [fd00:122::1]:40001 > [fd00:122::100]:53 flags 0 seq 0 ack 0 ip 8 payload 8",
                "later \(udp6) ip 8 payload 8",
            ], failures: ["later_fragment", "later_fragment"]),
    ]
}

struct DecodedCaptureTests {
    @Test(arguments: CaptureFixture.all)
    func `a capture of a feature gives the packets it holds`(fixture: CaptureFixture) throws {
        let folder = #filePath.split(separator: "/").dropLast().joined(separator: "/")
        var capture = try Capture.open(file: "/\(folder)/Captures/\(fixture.name).pcap", tap: fixture.tap)
        let read = try capture.fill(limit: 100)
        var packets: [String] = []
        var times: [Int64] = []
        _ = capture.take(before: .max) { span in
            for index in span.indices {
                packets.append(Self.describe(span[index]))
                times.append(span[index].time)
            }
        }

        #expect(packets == fixture.packets)
        let failures = capture.failureCounts.flatMap { Array(repeating: $0.error.reason, count: Int($0.count)) }
        #expect(failures.sorted() == fixture.failures.sorted())
        #expect(read == fixture.packets.count + fixture.failures.count)
        #expect(times.allSatisfy { $0 / 1_000 * 1_000 + 7 == $0 && $0 / 1_000_000_000 == 1_700_000_000 })
    }

    private static func describe(_ packet: PacketSummary) -> String {
        let marks: [(PacketSummary.Marks, String)] = [
            (.icmpError, "error "), (.laterFragment, "later "), (.tunnelled, "tunnelled "),
        ]
        return marks.reduce("") { packet.marks.contains($1.0) ? $0 + $1.1 : $0 }
            + "\(TransportProtocol(rawValue: packet.transport)) \(packet.source) > \(packet.destination) flags "
            + "\(packet.flags.rawValue) seq \(packet.sequence) ack \(packet.acknowledgement) ip \(packet.ipLength) "
            + "payload \(packet.payloadLength)"
    }
}
