import FoundationEssentials
import IPVSModel
import PacketDecoding
import Testing

/// A capture of the lab's DIP side, and what tshark says is in it.
struct RecordedCapture: Sendable, CustomTestStringConvertible {
    var name: String
    /// How many packets of a protocol with these marks there are.
    var packets: [Kind: Int]
    var failures: [String: UInt64] = [:]
    /// What IPVS counts as bytes, if it is told by the lengths of IP alone.
    var ipLength: UInt32?

    struct Kind: Sendable, Hashable {
        var transport: TransportProtocol
        var marks: PacketSummary.Marks = []
    }

    var testDescription: String { name }

    static let all = [
        RecordedCapture(
            name: "lab-sctp", packets: [Kind(transport: .sctp): 111],
            failures: ["not_ip": 6, "unsupported_protocol": 6]),
        RecordedCapture(
            name: "lab-icmp", packets: [Kind(transport: .udp): 6, Kind(transport: .udp, marks: .icmpError): 6],
            failures: ["not_ip": 6, "unsupported_protocol": 11]),
        RecordedCapture(
            name: "lab-ipip", packets: [Kind(transport: .tcp, marks: .tunnelled): 60],
            failures: ["unsupported_protocol": 11]),
        RecordedCapture(
            name: "lab-gre", packets: [Kind(transport: .tcp, marks: .tunnelled): 60],
            failures: ["unsupported_protocol": 2]),
        RecordedCapture(name: "lab-gue", packets: [Kind(transport: .tcp, marks: .tunnelled): 64]),
        // Eight datagrams of three fragments each: 1500, 1500 and 1068 bytes with their IP headers.
        RecordedCapture(
            name: "lab-fragments",
            packets: [Kind(transport: .udp): 8, Kind(transport: .udp, marks: .laterFragment): 16],
            ipLength: 8 * (1_500 + 1_480 + 1_048)),
    ]

    /// What is in the file: lengths on the wire and captured bytes.
    func read() throws -> [(wireLength: Int, bytes: [UInt8])] {
        let folder = #filePath.split(separator: "/").dropLast().joined(separator: "/")
        let file = [UInt8](try Data(contentsOf: URL(filePath: "/\(folder)/Captures/\(name).pcap")))
        let number = { (offset: Int) in (0..<4).reduce(0) { $0 | Int(file[offset + $1]) << (8 * $1) } }
        var packets: [(Int, [UInt8])] = []
        var position = 24
        while position < file.count {
            let start = position + 16
            packets.append((number(position + 12), Array(file[start..<(start + number(position + 8))])))
            position = start + number(position + 8)
        }
        return packets
    }
}

struct RecordedCaptureTests {
    @Test(arguments: RecordedCapture.all)
    func `every packet of a recording is told as what it is`(recording: RecordedCapture) throws {
        var decoder = PacketDecoder(linkType: .ethernet, tap: .dip)
        decoder.setTunnelPorts([UInt16(Wire.tunnelPort)])
        var kinds: [RecordedCapture.Kind: Int] = [:]
        var ipLength: UInt32 = 0
        var tunnelEnds: Set<String> = []
        for (wireLength, bytes) in try recording.read() {
            var packet = PacketSummary()
            guard decoder.decode(bytes, wireLength: wireLength, time: 0, into: &packet) else { continue }
            let transport = TransportProtocol(rawValue: packet.transport)
            kinds[RecordedCapture.Kind(transport: transport, marks: packet.marks), default: 0] += 1
            ipLength += packet.ipLength
            if packet.marks.contains(.tunnelled) { tunnelEnds.insert(packet.destination.description) }
        }

        #expect(kinds == recording.packets)
        let failures = decoder.failureCounts.map { ($0.error.reason, $0.count) }
        #expect(Dictionary(uniqueKeysWithValues: failures) == recording.failures)
        if let expected = recording.ipLength { #expect(ipLength == expected) }
        let ends: Set<String> = ["10.10.10.10:80", "10.10.10.20:80", "10.10.10.30:80"]
        #expect(tunnelEnds == (recording.packets.keys.contains { $0.marks == .tunnelled } ? ends : []))
    }
}
