import IPVSKernel
import IPVSModel
import Testing

@Suite struct KernelStateFileTests {
    private static func state(at seconds: Int64 = 1_700_000_000) throws -> KernelState {
        KernelState(
            observedAt: Timestamp(seconds: seconds, nanoseconds: 123_456_789), version: "1.2.1",
            connectionTableSize: 4096, timeouts: KernelState.Timeouts(tcp: 1, tcpFin: 2, udp: 3),
            virtualServices: try NetlinkMessageTests.realServices(),
            connections: try ConnectionTable.read(path: Fixture.path("linux-6.1/ip_vs_conn")).entries,
            sysctls: ["net.ipv4.ip_forward": "1", "net.ipv4.vs.conn_reuse_mode": "1"])
    }

    private func decode(_ text: String) throws -> [KernelState] {
        try KernelStateFile.decode(Array(text.utf8), source: "F")
    }

    @Test(arguments: [false, true])
    func `a state reads back as it was written`(pretty: Bool) throws {
        let state = try Self.state()
        let text = try KernelStateFile.encode(state, pretty: pretty)
        #expect(try decode(text) == [state])
        #expect(text.hasSuffix("}\n"))
        #expect(text.dropLast().contains("\n") == pretty)
    }

    @Test func `a state without a connection table reads back without one`() throws {
        var state = try Self.state()
        state.connections = nil
        #expect(try decode(try KernelStateFile.encode(state, pretty: false)) == [state])
    }

    @Test func `tunnels and neighbours read back as they were written, sorted by address`() throws {
        var state = try Self.state()
        state.virtualServices[0].realServers[0].tunnel = Tunnel(kind: .gue, port: 6080, flags: .checksum)
        state.neighbours = [
            try #require(IPAddress("fd00:10::10")): LinkAddress(bits: 0x0242_0a0a_0a0b),
            try #require(IPAddress("10.10.10.20")): LinkAddress(bits: 0x0242_0a0a_0a14),
            try #require(IPAddress("10.10.10.10")): LinkAddress(bits: 0x0242_0a0a_0a0a),
        ]
        let text = try KernelStateFile.encode(state, pretty: false)
        #expect(try decode(text) == [state])
        #expect(text.contains(#""tunnel":{"flags":1,"kind":"gue","port":6080}"#))
        #expect(
            text.contains(
                #""neighbours":{"10.10.10.10":"02:42:0a:0a:0a:0a","10.10.10.20":"02:42:0a:0a:0a:14","#
                    + #""fd00:10::10":"02:42:0a:0a:0a:0b"}"#))
    }

    @Test func `a state that was written before there were neighbours has none`() throws {
        var state = try Self.state()
        let text = try KernelStateFile.encode(state, pretty: false)
        let old = text.replacing(#""neighbours":{},"#, with: "")
        #expect(old != text)
        state.neighbours = [:]
        #expect(try decode(old) == [state])
    }

    @Test(arguments: [
        (#""neighbours":{"10.10.10":"02:42:0a:0a:0a:14"}"#, "10.10.10"),
        (#""neighbours":{"10.10.10.10":"02:42:0a:0a:0a"}"#, #""02:42:0a:0a:0a" is not a link address such as"#),
    ])
    func `a neighbour not understood is named`(neighbours: String, problem: String) throws {
        let text = try KernelStateFile.encode(try Self.state(), pretty: false)
            .replacing(#""neighbours":{}"#, with: neighbours)
        #expect {
            try decode(text)
        } throws: {
            "\($0)".contains(problem)
        }
    }

    @Test func `keys are in snake case, settings keep their names, times are integers`() throws {
        let text = try KernelStateFile.encode(try Self.state(), pretty: false)
        #expect(text.hasPrefix(#"{"connection_table_size":4096,"connections":[{"client":"#))
        #expect(text.contains(#""observed_at":1700000000123456789,"#))
        #expect(text.contains(#""net.ipv4.vs.conn_reuse_mode":"1""#))
        #expect(text.contains(#""tcp_fin":2"#))
        #expect(text.contains(#""identity":"tcp/192.168.122.100:80""#))
    }

    @Test func `states in a file are sorted by time, however the file holds them`() throws {
        let texts = try [30, 10, 20].map { try KernelStateFile.encode(try Self.state(at: $0), pretty: $0 == 10) }
        for file in [texts.joined(), texts.joined(separator: "\n\n"), "[\n" + texts.joined(separator: ",") + "]\n"] {
            #expect(try decode(file).map { $0.observedAt.rawValue / 1_000_000_000 } == [10, 20, 30])
        }
    }

    @Test(arguments: [
        (#"{"schema": 7}"#, "schema 7 is newer than this program's 1; upgrade ipvscope"),
        (#"{"schema": 0}"#, "schema 0 is unknown, this program reads 1; take the snapshot anew"),
    ])
    func `another version of the format is refused by name`(text: String, problem: String) {
        #expect {
            try decode(text)
        } throws: {
            ($0 as? KernelError)?.code == .unknownSchema && "\($0)" == "cannot read F: \(problem)"
        }
    }

    @Test(arguments: [
        ("", "F: it holds no kernel state"), (" \n ", "F: it holds no kernel state"),
        ("[]", "F: it holds no kernel state"), ("hello", "F, line 1: expected a JSON object"),
        ("\n\n{", "F, line 3: the object that begins here is cut short"),
        (#"{"a": "}""#, "F, line 1: the object that begins here is cut short"),
        ("[{}", "F, line 1: the array is cut short"), ("\n{} x", "F, line 2: expected a JSON object"),
        ("[{} {}]", "F, line 1: expected a JSON object"), ("[{},]", "F, line 1: expected a JSON object"),
        ("{}", "F, line 1: key \"schema\" is missing"), (#"{"schema": null}"#, "F, line 1: key \"schema\" is null"),
        (#"{"schema": "1"}"#, "F, line 1: key \"schema\": "), (#"{"schema": 1}"#, "F, line 1: key \""),
        (#"{"schema" 1}"#, "F, line 1: "),
    ])
    func `a file not understood is an error that names the line or the key`(text: String, problem: String) {
        #expect {
            try decode(text)
        } throws: {
            "\($0)".hasPrefix("cannot read " + problem) && !"\($0)".contains("\n")
        }
    }

    @Test func `a bad value deep inside is named by its path`() throws {
        let text = try KernelStateFile.encode(try Self.state(), pretty: false)
            .replacing(#""endpoint":"10.10.10.20:443""#, with: #""endpoint":"10.10.10.20""#)
        #expect {
            try decode(text)
        } throws: {
            "\($0)".contains(
                ".real_servers[1].endpoint\": \"10.10.10.20\" is not an address and port such as 192.168.122.100:80")
        }
    }

    @Test func `every truncation of a file is an error, never a trap`() throws {
        var state = try Self.state()
        state.virtualServices = Array(state.virtualServices.prefix(1))
        state.connections = nil
        let bytes = Array(try KernelStateFile.encode(state, pretty: true).utf8.dropLast())
        for length in 0..<bytes.count {
            #expect(throws: KernelError.self) {
                try KernelStateFile.decode(Array(bytes.prefix(length)), source: "F")
            }
        }
    }
}
