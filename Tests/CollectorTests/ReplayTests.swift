import Balance
import Collector
import Foundation
import IPVSModel
import PacketCapture
import TestSupport
import Testing
import TraceStore

struct ReplayTests {
    @Test func `a recorded run of round robin passes, and everybody counts the same`() throws {
        let report = try Recording("web").verdict()
        let service = try #require(report.virtualServices.first)
        #expect(report.verdict == .pass)
        #expect(report.virtualServices.count == 1)
        #expect(service.reasons == [])
        #expect(service.assignments == 60)
        #expect(service.realServers.map(\.assignments) == [20, 20, 20])
        #expect(service.realServers.map(\.kernelConns) == [20, 20, 20])
        #expect(service.conformance.checked == 60)
        #expect(service.conformance.unexplainedTotal == 0)
        #expect(service.audit.closed)
        #expect(service.audit.packets.in.captured == service.audit.packets.in.kernel)
        #expect(service.audit.bytes.out.captured == service.audit.bytes.out.kernel)
        #expect(service.audit.table?.rows == 60)
        #expect(service.audit.table?.matched == 60)
    }

    @Test func `its verdict is the one that is kept beside it, times and name aside`() throws {
        let report = try Recording("web").verdict()
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        struct Timeless: Encodable {
            let schema: Int
            let virtualServices: [ServiceVerdict]
            let verdict: Verdict

            enum CodingKeys: String, CodingKey {
                case schema
                case virtualServices = "virtual_services"
                case verdict
            }
        }
        let timeless = Timeless(
            schema: report.schema, virtualServices: report.virtualServices, verdict: report.verdict)
        let text = String(decoding: try encoder.encode(timeless), as: UTF8.self) + "\n"
        let golden = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Recordings/web/verdict.json")
        #expect(text == (try String(contentsOf: golden, encoding: .utf8)))
    }

    @Test func `of the same run, handshakes alone pass too, with the kernel's packets and bytes`() throws {
        let full = try #require(Recording("web").verdict().virtualServices.first)
        var recording = try Recording("web")
        recording.vip.removeAll { !$0.isOfHandshake }
        recording.dip.removeAll { !$0.isOfHandshake }
        #expect(try recording.verdict().verdict == .inconclusive)
        recording.level = .handshake
        let report = try recording.verdict()
        #expect(report.level == .handshake)
        #expect(report.run.levels.map(\.cause) == [.began])
        let service = try #require(report.virtualServices.first)
        #expect(service.verdict == .pass, "\(service.reasons)")
        #expect(service.assignments == 60)
        #expect(service.conformance == full.conformance)
        #expect(service.realServers.map(\.bytesIn) == full.realServers.map(\.bytesIn))
        #expect(service.audit.packets.out.captured == full.audit.packets.out.captured)
    }

    @Test func `a replay gives the same evidence every time`() throws {
        let recording = try Recording("web")
        #expect(try recording.verdict() == recording.verdict())
    }

    @Test func `IPv6, IPv4 and UDP are each counted in their own service`() throws {
        let report = try Recording("mixed").verdict()
        let services = Dictionary(
            uniqueKeysWithValues: report.virtualServices.map { ($0.virtualService.description, $0) })
        let web6 = try #require(services["tcp/[fd00:122::100]:80"])
        #expect(web6.verdict == .pass)
        #expect(web6.realServers.map(\.assignments) == [3, 3, 3])
        let names = try #require(services["udp/192.168.122.100:5353"])
        #expect(names.realServers.map(\.assignments) == [2, 3, 3])
        #expect(names.conformance.unexplainedTotal == 0)
        #expect(names.audit.packets.in.captured == 8)
        // Nobody listened: the real servers' ICMP errors are in the kernel's count alone.
        #expect(names.audit.packets.out.kernel == 8)
        #expect(names.audit.packets.out.captured == 0)
        #expect(names.verdict == .inconclusive)
    }

    @Test(arguments: [1, 30, 59])
    func `a connection moved to another real server fails the run, and is named`(place: Int) throws {
        var recording = try Recording("web")
        let port = recording.clientPorts[place]
        let old = try #require(recording.dip.first { $0.isSYN && $0.clientPort == port }?.destination)
        let new: [UInt8] = Array(old) == [10, 10, 10, 10] ? [10, 10, 10, 20] : [10, 10, 10, 10]
        for index in recording.dip.indices where recording.dip[index].clientPort == port {
            recording.dip[index].move(from: Array(old), to: new)
        }
        let service = try #require(try recording.verdict().virtualServices.first)
        #expect(service.verdict == .fail)
        #expect(service.conformance.unexplained.first?.client == Endpoint("192.168.122.1:\(port)"))
        #expect(service.conformance.unexplained.first?.number == place + 1)
        #expect(service.reasons.first?.contains("192.168.122.1:\(port)") == true)
    }

    @Test(arguments: UInt64(0)..<20)
    func `with a tenth of the packets removed nobody can tell`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var recording = try Recording("web")
        recording.vip.removeAll { _ in Int.random(in: 0..<10, using: &random) == 0 }
        recording.dip.removeAll { _ in Int.random(in: 0..<10, using: &random) == 0 }
        let report = try recording.verdict()
        #expect(report.verdict == .inconclusive)
        #expect(report.virtualServices.first?.reasons.isEmpty == false)
    }

    @Test func `without the kernel, services are found in the packets, and nobody can tell`() throws {
        var recording = try Recording("web")
        recording.states = []
        let evidence = try recording.replay()
        let service = try #require(evidence.virtualServices.first)
        #expect(service.identity == .endpoint(.tcp, Endpoint("192.168.122.100:80")!))
        #expect(service.assignments.count == 60)
        #expect(service.realServers.map(\.kernel) == [nil, nil, nil])
        #expect(service.realServers.map(\.captured.connections) == [20, 20, 20])
        // The run began with its first packet, not in 1970.
        #expect(evidence.run.started == service.assignments.first?.time)
        #expect(Judge.verdict(on: evidence).verdict == .inconclusive)
    }

    @Test func `one snapshot taken afterwards serves as well, if the services were made for the run`() throws {
        var recording = try Recording("web")
        recording.states.removeFirst()
        let report = try recording.verdict()
        #expect(report.verdict == .pass)
        #expect(report.virtualServices.first?.realServers.map(\.kernelConns) == [20, 20, 20])
    }

    @Test(arguments: [1, 100, 5_000])
    func `a capture cut short is damaged, and named`(cut: Int) throws {
        var recording = try Recording("web")
        recording.cut = cut
        let problem = try #require(throws: CaptureError.self) { try recording.replay() }
        #expect(problem.code == .damaged)
        #expect(problem.subject.hasSuffix("/dip.pcap"))
    }

    @Test func `with both captures exchanged, what the kernel counted was not captured`() throws {
        var recording = try Recording("web")
        swap(&recording.vip, &recording.dip)
        let report = try recording.verdict()
        #expect(report.verdict == .inconclusive)
        #expect(report.virtualServices.first?.assignments == 0)
    }

    @Test func `one capture of a one-armed director holds both sides`() throws {
        let folder = try TemporaryFolder()
        var recording = try Recording("web")
        recording.vip = (recording.vip + recording.dip).sorted { $0.time < $1.time }
        try recording.write(to: folder)
        let store = try TraceStore.open(path: folder.path("test.sqlite"))
        let path = folder.path("vip.pcap")
        let known = Replay(vipPath: path, dipPath: path, kernelStates: recording.states)
        #expect(Judge.verdict(on: try known.run(into: store, name: "known")).verdict == .pass)
        let unknown = Replay(vipPath: path, dipPath: path, kernelStates: [])
        let found = try unknown.run(into: store, name: "unknown").virtualServices
        #expect(found.map(\.identity.description) == ["tcp/192.168.122.100:80"])
        #expect(found.first?.realServers.map(\.captured.connections) == [20, 20, 20])
    }

    @Test func `runs in one database keep their connections apart`() throws {
        let folder = try TemporaryFolder()
        let recording = try Recording("web")
        try recording.write(to: folder)
        let store = try TraceStore.open(path: folder.path("test.sqlite"))
        let replay = Replay(
            vipPath: folder.path("vip.pcap"), dipPath: folder.path("dip.pcap"), kernelStates: recording.states)
        let ids = try (1...2).flatMap { number in
            try replay.run(into: store, name: "run \(number)").virtualServices[0].assignments.map(\.connection)
        }
        #expect(ids == Array(1...120))
    }
}
