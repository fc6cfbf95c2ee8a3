import Balance
import Commands
import Testing

@Suite struct ABOutputTests {
    @Test func `what ab printed is read, times in seconds`() throws {
        let output = try ABOutput(parsing: ReportSamples.ab("plain"))
        #expect(output.hostname == "127.0.0.1")
        #expect(output.port == 18765)
        #expect(output.concurrency == 2)
        #expect(output.timeTaken == 0.110)
        #expect(output.completeRequests == 20)
        #expect(output.failedRequests == 0)
        #expect(output.failures == [:])
        #expect(output.keepAliveRequests == nil)
        #expect(output.requestsPerSecond == 182.16)
        #expect(output.connect?.mean == 0.002)
        #expect(output.connect?.standardDeviation == 0.0092)
        #expect(output.connect?.max == 0.041)
        #expect(output.waiting?.median == 0.001)
        #expect(output.total?.max == 0.078)
        #expect(output.percentiles.map(\.percent) == [50, 66, 75, 80, 90, 95, 98, 99, 100])
        #expect(output.percentiles.last?.time == 0.078)
    }

    @Test func `of answers that are not 2xx, and of kept connections, ab tells how many`() throws {
        let output = try ABOutput(parsing: ReportSamples.ab("keep-alive-404"))
        #expect(output.non2xxResponses == 20)
        #expect(output.keepAliveRequests == 0)
    }

    @Test func `causes of failures are told apart`() throws {
        let text = try ReportSamples.ab("plain").replacing(
            "Failed requests:        0\n",
            with:
                "Failed requests:        7\n   (Connect: 0, Receive: 2, Length: 5, Exceptions: 0)\nWrite errors:           1\n"
        )
        let output = try ABOutput(parsing: text)
        #expect(output.failedRequests == 7)
        #expect(output.failures == ["connect": 0, "receive": 2, "length": 5, "exceptions": 0])
        #expect(output.writeErrors == 1)
    }

    @Test func `without deviations (-S) there are no medians`() throws {
        let text = try ReportSamples.ab("plain").replacing(/Connect: .*/, with: "Connect:        0     2   41")
        #expect(
            try ABOutput(parsing: text).connect
                == .init(min: 0, mean: 0.002, standardDeviation: nil, median: nil, max: 0.041))
    }

    @Test func `lines of other programs around it are passed over, whatever ends them`() throws {
        let text = "Connect: to the server\nTotal: a lot\n50% of it\n" + (try ReportSamples.ab("plain"))
        #expect(try ABOutput(parsing: text) == ABOutput(parsing: ReportSamples.ab("plain")))
        #expect(try ABOutput(parsing: text.replacing("\n", with: "\r\n")) == ABOutput(parsing: text))
    }

    @Test(arguments: [
        ("Complete requests:      20", "Complete requests:      many", 17, "found \"many\""),
        ("Failed requests:        0", "Failed requests:", 18, "found nothing"),
        ("Failed requests:        0", "Failed requests:        -1", 18, "found \"-1\""),
        ("Server Port:            18765", "Server Port:            http", 10, "Server Port: a whole number"),
        ("Waiting:        1    5   8.9      1      37", "Waiting:        1    5", 30, "Waiting has 2 of 5 numbers"),
        (
            "Processing:     1    5   9.0      1      37", "Processing:     1    5   9.0      x      37", 29,
            "found \"x\""
        ),
        ("  90%     16", "  90%     16ms", 38, "90%: a number is expected, found \"16ms\""),
    ])
    func `a malformed line is named, with what is wrong`(old: String, new: String, line: Int, words: String) throws {
        let text = try ReportSamples.ab("plain")
        let error = try #require(throws: ABOutputError.self) { try ABOutput(parsing: text.replacing(old, with: new)) }
        #expect(error.line == line)
        #expect(error.description.contains(words), "\(error)")
    }

    @Test func `what has no results, half of them, or two of them is refused`() throws {
        let text = try ReportSamples.ab("plain")
        let refused = "apr_socket_recv: Connection refused (111)\n"
        #expect(throws: ABOutputError.self) { try ABOutput(parsing: "") }
        let none = try #require(throws: ABOutputError.self) { try ABOutput(parsing: refused) }
        #expect(none.description.hasPrefix("no line `Complete requests:`"))
        let half = text.replacing(/(?s)Failed requests.*/, with: "")
        #expect(throws: ABOutputError.self) { try ABOutput(parsing: half) }
        let twice = try #require(throws: ABOutputError.self) { try ABOutput(parsing: text + text) }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).count - 1
        #expect(twice.line == lines + 17)
    }

    /// The findings on the sample's run, with ab's output changed.
    private func findings(_ change: (inout ABOutput) -> Void = { _ in }) throws -> [ABCheck.Subject: ABCheck.Finding] {
        var output = try ReportSamples.loadedWeb
        change(&output)
        return try ReportSamples.withStore { store in
            try ReportSamples.write(to: store)
            let check = try #require(try RunReport(store: store, run: "last", ab: output).ab)
            return Dictionary(uniqueKeysWithValues: check.findings.map { ($0.subject, $0) })
        }
    }

    @Test func `as many connections as requests, or as many more as ab has open at a time, agree`() throws {
        #expect(try findings { $0.completeRequests = 60 }[.connections]?.agrees == true)
        let more = try #require(try findings()[.connections])
        #expect(more.agrees == true)
        #expect(more.sentence.hasPrefix("ab completed 58 requests; the director assigned 60 connections, 2 more: "))
        #expect(try findings { $0.completeRequests = 57 }[.connections]?.agrees == false)
        #expect(try findings { $0.completeRequests = 61 }[.connections]?.agrees == false)
        #expect(try findings { ($0.completeRequests, $0.keepAliveRequests) = (118, 59) }[.connections]?.agrees == true)
    }

    @Test func `what failed to ab is beside what the director saw fail`() throws {
        let unnoticed = try #require(try findings()[.failures])
        #expect(unnoticed.agrees == false)
        #expect(unnoticed.sentence.contains("the director saw 1 reset by a real server"))
        let both = try #require(
            try findings { ($0.failedRequests, $0.failures) = (1, ["receive": 1]) }[.failures])
        #expect(both.agrees == true)
        #expect(both.sentence.contains("1 failed request (receive 1)"))
        #expect(try findings { ($0.failedRequests, $0.failures) = (5, ["length": 5]) }[.failures]?.agrees == false)
    }

    @Test func `ab's connect time agrees with the handshake that the director saw, or the rest is elsewhere`() throws {
        let near = try #require(try findings()[.connectTime])
        #expect(near.agrees == true, "\(near.sentence)")
        #expect(
            near.sentence.hasPrefix(
                "to connect, ab took 1 ms (median, longest 1 ms); the director saw 1.28 ms from SYN in"))
        let far = try #require(
            try findings {
                $0.connect = .init(min: 0, mean: 0.02, standardDeviation: 0.001, median: 0.02, max: 0.03)
            }[.connectTime])
        #expect(far.agrees == false)
        #expect(far.sentence.contains("went by outside the director's sight"))
        #expect(far.sentence.contains("real server 261 µs, client 1.00 ms"), "\(far.sentence)")
    }

    @Test func `a target that is no virtual service, or may be several, is told`() throws {
        let other = try findings { $0.hostname = "192.0.2.7" }
        // A firewall mark may stand for that address, but it is the only one.
        #expect(other[.connections] != nil)
        let port = try findings { ($0.hostname, $0.port) = ("www.tianyun.com", 80) }
        #expect(
            port[.service]?.sentence.contains("may be any of tcp/192.168.122.100:80, tcp/[fd00:122::100]:80") == true)
        let name = try ReportSamples.withStore { store in
            try ReportSamples.write(to: store)
            var output = try ReportSamples.loadedWeb
            output.hostname = "192.0.2.7"
            return try RunReport(store: store, run: "1", virtualService: ReportSamples.web, ab: output).ab
        }
        #expect(
            name?.findings.first?.sentence
                == "ab loaded 192.0.2.7:80, which is no virtual service of this run: nothing to compare")
    }
}
