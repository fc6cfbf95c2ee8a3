import ArgumentParser
import Commands
import IPVSModel
import Testing

/// The command line is a contract: these names and flags are stable.
struct CommandLineTests {
    @Test(
        arguments: [
            "collect --vip-interface eth0 --dip-interface eth1 --database F --web.listen-address 127.0.0.1:19100",
            "collect --record D --tracked-connections 1000",
            "run -- ab -n 1 http://192.168.122.100/",
            "run --vip-interface eth0 --dip-interface eth1 --database F --name N --label k=v --label b=1 -- ab -c 5",
            "run --format junit --settle 5 --record D -- true",
            "collect --level handshake", "run --level full -- true", "collect --level auto",
            "replay --vip a.pcap --dip b.pcap --level handshake",
            "replay --vip a.pcap --dip b.pcap --kernel k.json --kernel l.json --database F --format json",
            "replay --vip a.pcap --dip b.pcap --database none --threads 4 --tracked-connections 1000000",
            "verify", "verify --database F --run last --virtual-service tcp/192.168.122.100:80 --format markdown",
            "run --threshold assignments>=1000 --threshold jain>0.9 -- true",
            "replay --vip a.pcap --dip b.pcap --threshold p99(real_server_connect)<5ms",
            "verify --run 3 --baseline 2", "verify --run 3 --threshold unexplained==0", "verify --entries -",
            "verify --entries F --format text", "verify --what-if --format markdown",
            "observe", "observe -f --since 5m --client 192.168.122.1 --format json",
            "observe --run 3 --outcome refused",
            "observe --follow --real-server 10.10.10.10:80 --virtual-service fwmark/7 --slower-than 5ms",
            "observe --outcome refused --outcome reset_by_client --since 2026-03-01T12:00:00.0Z",
            "report", "report --run last --database F --format html", "report --ab F --format csv --run 3",
            "report --virtual-service fwmark/7 --baseline 2 --threshold jain>0.9 --format markdown", "report --ab -",
            "connections --watch 0.5 --format ipvsadm", "connections --format csv --client 192.168.122.1",
            "connections --virtual-service tcp/[fd00::1]:80 --real-server 10.10.10.10:80 --state SYN_RECV",
            "services", "services --stats --exact --format ipvsadm", "services --rate", "services --thresholds",
            "services --persistent-conn --format table", "services --format json",
            "snapshot", "snapshot --pretty", "metrics", "metrics --format markdown",
        ])
    func `a documented call is understood`(line: String) throws {
        _ = try RootCommand.parseAsRoot(line.split(separator: " ").map(String.init))
    }

    @Test(
        arguments: [
            ("run", "no command"), ("run --label novalue -- true", "expected key=value"),
            ("run --web.listen-address :1 -- true", "use `ipvscope collect`"),
            ("connections --watch 0", "0.1 seconds is the least"),
            ("connections --virtual-service fwmark/7", "does not tell its firewall mark"),
            ("collect --tracked-connections 1", "64 is the least"),
            ("verify --virtual-service nonsense", "nonsense"), ("replay --vip a.pcap", "--dip"),
            ("collect --level half", "half"), ("replay --vip a --dip b --level auto", "auto"),
            ("replay --vip a --dip b --threads 0", "use 1 to 64"),
            ("replay --vip a --dip b --tracked-connections 1", "64 is the least"),
            ("verify --threshold assignmants>=1", "did you mean assignments?"),
            ("run --threshold max_share_error -- true", "a comparison is missing"),
            ("replay --vip a --dip b --threshold real_server_connect<5ms", "p99(real_server_connect)"),
            ("verify --entries - --threshold jain>0.9", "without --entries"),
            ("verify --entries - --baseline 1", "without --entries"),
            ("verify --entries - --what-if", "without --entries"), ("services --format yaml", "yaml"),
            ("report --format junit", "junit"),
            ("observe -f --run 3", "leave one of them out"), ("observe --outcome lost", "reset_by_director"),
            ("observe --slower-than 5", "--slower-than"), ("observe --since yesterday", "--since"),
            ("bogus", "bogus"),
        ])
    func `a wrong call is refused with exit status 64, and told what is wrong`(line: String, words: String) {
        let arguments = line.split(separator: " ").map(String.init)
        let error = #expect(throws: (any Error).self) { _ = try RootCommand.parseAsRoot(arguments) }
        guard let error else { return }
        #expect(RootCommand.exitCode(for: error).rawValue == 64)
        #expect(RootCommand.fullMessage(for: error).contains(words))
    }

    @Test func `the help names every command`() {
        let help = RootCommand.helpMessage(columns: 200)
        for command in [
            "collect", "run", "replay", "verify", "report", "observe", "connections", "services", "snapshot", "metrics",
        ] { #expect(help.contains("\n  \(command) ")) }
    }
}

struct TableTests {
    @Test func `columns are as wide as their widest cell, and no line ends with blanks`() {
        var table = TextTable([("NAME", .left), ("N", .right), ("NOTE", .left)])
        table.add(["a", "10", ""])
        table.add(["longer", "7", "x"])
        #expect(table.render() == "NAME     N  NOTE\na       10\nlonger   7  x\n")
    }

    @Test func `cells with commas, quotes and line ends are quoted`() {
        #expect(
            CSV.line(["plain", "a,b", "say \"hi\"", "two\nlines"])
                == "plain,\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\"\n")
    }

    @Test func `services show each real server's share beside its due one`() throws {
        let service = VirtualService(
            identity: try #require(VirtualServiceIdentity("tcp/192.168.122.100:80")), scheduler: .roundRobin,
            counters: TrafficCounters(connections: 3, inBytes: 300, outBytes: 900),
            realServers: [
                RealServer(
                    endpoint: try #require(Endpoint("10.10.10.20:80")), weight: 5, activeConnections: 1,
                    counters: TrafficCounters(connections: 1, inBytes: 100, outBytes: 300)),
                RealServer(
                    endpoint: try #require(Endpoint("10.10.10.10:80")), inactiveConnections: 2,
                    counters: TrafficCounters(connections: 2, inBytes: 200, outBytes: 600)),
            ])
        let state = KernelState(
            observedAt: Timestamp(rawValue: 0), version: "1.2.1", connectionTableSize: 4096, timeouts: .init(),
            virtualServices: [service])
        #expect(
            ServicesTable.render(state) == """
                VIRTUAL SERVICE / REAL SERVER  SCHEDULER  FORWARD  WEIGHT  ACTIVE  INACTIVE  CONNECTIONS   SHARE     DUE  BYTES IN  BYTES OUT
                tcp/192.168.122.100:80         rr                                                      3                       300        900
                  10.10.10.10:80                          Masq          1       0         2            2  66.7 %  50.0 %       200        600
                  10.10.10.20:80                          Masq          5       1         0            1  33.3 %  50.0 %       100        300

                """)
    }
}
