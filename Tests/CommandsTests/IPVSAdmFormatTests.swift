import Commands
import FoundationEssentials
import IPVSKernel
import IPVSModel
import Testing

/// Golden: what ipvsadm 1.31 itself printed on a real director, and what its source says of the rest.
@Suite struct IPVSAdmFormatTests {
    private static func fixture(_ name: String, file: StaticString = #filePath) -> String {
        "\(file)".split(separator: "/", omittingEmptySubsequences: false).dropLast(2).joined(separator: "/")
            + "/IPVSKernelTests/Fixtures/\(name)"
    }

    private static func text(_ name: String) throws -> String {
        try String(contentsOfFile: fixture(name), encoding: .utf8)
    }

    /// The director's state: what its kernel answered by netlink, kept as messages.
    private static func director() throws -> KernelState {
        let hexadecimal = { (digits: Substring) in
            let digits = Array(digits)
            return try stride(from: 0, to: digits.count, by: 2).map {
                try #require(UInt8(String(digits[$0..<($0 + 2)]), radix: 16))
            }
        }
        var services = try text("linux-6.1/services.nlmsg").split(separator: "\n").map {
            try IPVSMessage.virtualService(GenericNetlinkMessage(command: 1, attributes: try hexadecimal($0)))
        }
        for line in try text("linux-6.1/destinations.nlmsg").split(separator: "\n") {
            let fields = line.split(separator: " ")
            let message = GenericNetlinkMessage(command: 5, attributes: try hexadecimal(fields[1]))
            let index = try #require(Int(fields[0])) - 1
            services[index].realServers.append(try IPVSMessage.realServer(message, serviceIsIPv6: false))
        }
        return KernelState(
            observedAt: Timestamp(rawValue: 0), version: "1.2.1", connectionTableSize: 4096,
            timeouts: KernelState.Timeouts(), virtualServices: services)
    }

    @Test(arguments: [
        ("Ln", IPVSAdmServices.Listing.rules, false, true), ("Ln--nosort", .rules, false, false),
        ("Ln--stats", .stats, false, true), ("Ln--stats--exact", .stats, true, true),
        ("Ln--thresholds", .thresholds, false, true), ("Ln--persistent-conn", .persistentConnections, false, true),
    ])
    func `services are printed as ipvsadm printed them`(
        name: String, listing: IPVSAdmServices.Listing, isExact: Bool, isSorted: Bool
    ) throws {
        let text = IPVSAdmServices.list(try Self.director(), listing, isExact: isExact, isSorted: isSorted)
        #expect(text == (try Self.text("ipvsadm-1.31/\(name)")))
    }

    @Test(arguments: [("Lnc", false), ("Lnc--persistent-conn", true)])
    func `entries are printed as ipvsadm printed them`(name: String, showsPersistenceEngine: Bool) throws {
        let golden = try Self.text("ipvsadm-1.31/\(name)")
        // Read by the reader of listings, which is tested against the kernel's own file.
        var entries = try IPVSAdmListing.parse(golden, source: name)
        #expect(IPVSAdmConnections.list(entries, showsPersistenceEngine: showsPersistenceEngine) == golden)
        entries.removeAll()
        #expect(
            IPVSAdmConnections.list(entries, showsPersistenceEngine: showsPersistenceEngine)
                == golden.split(separator: "\n").prefix(2).map { "\($0)\n" }.joined())
    }

    @Test(arguments: [
        "TCP 01:58  TIME_WAIT   192.168.122.1:56798 192.168.122.100:8080 10.10.10.30:80",
        "TCP 01:37  ASSURED     [fd00:122::]:0     [fd00:122::100]:8080 [fd00:10::30]:80",
        "IP  00:49  NONE        192.168.122.1:0    0.0.0.7:0          10.10.10.30:0",
        "IP  00:49  NONE        [fd00:122::1]:0    [0:7::]:0          [fd00:10::30]:0",
        "TCP 15:00  ESTABLISHED 192.168.122.1:1    10.0.0.1:1         10.10.10.30:80",
        "SCTP 1440:09 C-SENT      192.168.122.1:1    10.0.0.1:1         10.10.10.30:80",
        "ICMPv6 00:00  NONE        [fd00::1]:0        [fd00::2]:0        [fd00::3]:0",
        "IP_51 00:01  ERR!        192.168.122.1:0    10.0.0.1:0         10.10.10.30:0",
    ])
    func `a row is printed as it was read`(row: String) throws {
        let entry = try #require(try IPVSAdmListing.parse(row, source: "row").first)
        #expect(IPVSAdmConnections.row(entry) == row + "\n")
    }

    private func state(_ services: VirtualService...) -> KernelState {
        KernelState(
            observedAt: Timestamp(rawValue: 0), version: "1.2.1", connectionTableSize: 4096,
            timeouts: KernelState.Timeouts(), virtualServices: services)
    }

    private func service(_ identity: String, _ scheduler: String = "rr") throws -> VirtualService {
        VirtualService(
            identity: try #require(VirtualServiceIdentity(identity)), scheduler: Scheduler(rawValue: scheduler))
    }

    /// The lines behind the title, which has two or three of its own.
    private func lines(_ text: String) -> [String] {
        text.split(separator: "\n").dropFirst(3).map(String.init)
    }

    @Test(arguments: [
        (0 as UInt64, "        0", "        0"), (99_999_999, " 99999999", " 99999999"),
        (100_000_000, "  100000K", " 100000000"), (999_999_999, "  999999K", " 999999999"),
        (1_000_000_000, "    1000M", " 1000000000"), (99_999_999_999, "   99999M", " 99999999999"),
        (100_000_000_000, "     100G", " 100000000000"), (99_999_999_999_999, "   99999G", " 99999999999999"),
        (100_000_000_000_000, "     100T", " 100000000000000"), (.max, "18446744T", " 18446744073709551615"),
    ])
    func `large numbers are shortened by division, unless they are to be exact`(
        value: UInt64, short: String, exact: String
    ) throws {
        var service = try service("tcp/10.0.0.1:80")
        service.counters.connections = value
        service.rates.inBytes = value
        let name = "TCP  10.0.0.1:80".padded(to: 33)
        let zero = "        0"
        #expect(lines(IPVSAdmServices.list(state(service), .stats)) == [name + short + zero + zero + zero + zero])
        #expect(
            lines(IPVSAdmServices.list(state(service), .stats, isExact: true)) == [
                name + exact + zero + zero + zero + zero
            ])
        #expect(lines(IPVSAdmServices.list(state(service), .rate)) == [name + zero + zero + zero + short + zero])
    }

    @Test func `a real server's packet rates are never shortened, its byte rates are`() throws {
        var service = try service("tcp/10.0.0.1:80")
        service.realServers = [RealServer(endpoint: try #require(Endpoint("10.10.10.10:80")))]
        service.realServers[0].rates = TrafficRates(connections: 1, inPackets: 123_456_789, inBytes: 1_234_567_890)
        #expect(
            lines(IPVSAdmServices.list(state(service), .rate)).last
                == "  -> 10.10.10.10:80                      1 123456789        0    1234M        0")
    }

    @Test func `addresses more than half the range apart come out in ipvsadm's order`() throws {
        var service = try service("tcp/192.168.122.100:80")
        service.realServers = try ["10.10.10.10:80", "192.168.122.100:80", "10.10.10.10:8080", "10.10.10.9:81"].map {
            RealServer(endpoint: try #require(Endpoint($0)))
        }
        #expect(
            lines(IPVSAdmServices.list(state(service))).dropFirst().map { $0.split(separator: " ")[1] }
                == ["192.168.122.100:80", "10.10.10.9:81", "10.10.10.10:80", "10.10.10.10:8080"])
    }

    @Test func `services are ordered by mark, family, protocol, address and port`() throws {
        let ordered = [
            "tcp/192.168.122.100:80", "tcp/10.0.0.1:80", "tcp/10.0.0.1:443", "udp/10.0.0.1:53", "tcp/[fd00::1]:80",
            "fwmark/7", "fwmark/7/ipv6", "fwmark/8",
        ]
        let services = try ordered.sorted().map { try service($0) }
        var state = state()
        state.virtualServices = services
        let expected = [
            "TCP  192.168.122.100:80 rr", "TCP  10.0.0.1:80 rr", "TCP  10.0.0.1:443 rr", "UDP  10.0.0.1:53 rr",
            "TCP  [fd00::1]:80 rr", "FWM  7 rr", "FWM  7 IPv6 rr", "FWM  8 rr",
        ]
        #expect(lines(IPVSAdmServices.list(state)) == expected)
    }

    @Test(
        arguments: [
            ("sh", VirtualService.Flags.schedulerFlag1, " (sh-fallback)"),
            ("sh", [.schedulerFlag1, .schedulerFlag2], " (sh-fallback,sh-port)"), ("mh", .schedulerFlag2, " (mh-port)"),
            ("wrr", [.schedulerFlag1, .schedulerFlag3], " (flag-1,flag-3)"), ("sh", .schedulerFlag3, " ()"),
            ("rr", [.persistent, .onePacket], " persistent 300 mask 255.255.240.0 ops"), ("rr", .hashed, ""),
        ] as [(String, VirtualService.Flags, String)])
    func `flags are spelled as ipvsadm spells them`(
        scheduler: String, flags: VirtualService.Flags, text: String
    ) throws {
        var service = try service("tcp/10.0.0.1:80", scheduler)
        service.flags = flags
        service.persistenceTimeout = 300
        service.persistencePrefixLength = 20
        #expect(lines(IPVSAdmServices.list(state(service))) == ["TCP  10.0.0.1:80 \(scheduler)\(text)"])
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: width - utf8.count) }
}
