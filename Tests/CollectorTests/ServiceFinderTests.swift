import Collector
import Foundation
import IPVSModel
import PacketCapture
import Testing

struct ServiceFinderTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test(arguments: [
        ("web", ["tcp/192.168.122.100:80"], ["10.10.10.10:80", "10.10.10.20:80", "10.10.10.30:80"]),
        (
            "mixed", ["tcp/[fd00:122::100]:80", "tcp/192.168.122.100:80"],
            ["[fd00:10::10]:80", "[fd00:10::20]:80", "[fd00:10::30]:80", "10.10.10.30:80"]
        ),
    ])
    func `services are what a SYN goes to, real servers where it goes on`(
        name: String, services: [String], servers: [String]
    ) throws {
        try Recording(name).write(to: folder)
        let state = try ServiceFinder.find(vipPath: folder.path("vip.pcap"), dipPath: folder.path("dip.pcap"))
        #expect(Set(state.virtualServices.map(\.identity.description)) == Set(services))
        #expect(Set(state.virtualServices.flatMap(\.realServers).map(\.endpoint.description)) == Set(servers))
        #expect(state.observedAt.rawValue > 1_700_000_000_000_000_000)
    }

    @Test func `two captures of the same side show no service, and the message says what to do`() throws {
        var recording = try Recording("web")
        recording.dip = recording.vip
        try recording.write(to: folder)
        let problem = try #require(throws: CollectorError.self) {
            try ServiceFinder.find(vipPath: folder.path("vip.pcap"), dipPath: folder.path("dip.pcap"))
        }
        #expect(problem.code == .nothingCaptured)
        #expect(problem.description.contains("--kernel"))
    }

    @Test func `services are not looked for in a pipe, which is read only once`() throws {
        try Recording("web").write(to: folder)
        let pipe = Pipe()
        let path = "/dev/fd/\(pipe.fileHandleForReading.fileDescriptor)"
        let problem = try #require(throws: CollectorError.self) {
            try ServiceFinder.find(vipPath: path, dipPath: folder.path("dip.pcap"))
        }
        #expect(problem.code == .readableOnce)
        #expect(problem.description.hasPrefix(path) && problem.description.contains("--kernel"))
    }

    @Test func `a missing capture is named`() throws {
        let problem = try #require(throws: CaptureError.self) {
            try ServiceFinder.find(vipPath: "/nowhere/vip.pcap", dipPath: "/nowhere/dip.pcap")
        }
        #expect(problem.code == .fileUnreadable)
        #expect(problem.subject == "/nowhere/vip.pcap")
    }
}
