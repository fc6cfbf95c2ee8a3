import Balance
import Commands
import Foundation
import FoundationXML
import IPVSModel
import Testing
import TraceStore

@Suite struct ReportRenderingTests {
    private static let suffixes: [ReportFormat: String] = [
        .text: "txt", .json: "json", .html: "html", .markdown: "md", .csv: "csv",
    ]

    private func golden(_ name: String, _ format: ReportFormat) throws -> String {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")
        let suffix = try #require(Self.suffixes[format])
        return try String(contentsOf: folder.appending(path: "\(name).\(suffix)"), encoding: .utf8)
    }

    @Test(arguments: ReportFormat.allCases)
    func `a report is printed as its golden file has it`(format: ReportFormat) throws {
        #expect(try format.render(ReportSamples.report()) == golden("report", format))
    }

    @Test func `a report on a run without an end is printed as its golden file has it`() throws {
        try ReportSamples.withStore { store in
            try ReportSamples.write(to: store, isFinished: false)
            let report = try RunReport(store: store, run: "last", version: "1.2.3")
            #expect(try ReportFormat.text.render(report) == golden("report-unfinished", .text))
            for format in ReportFormat.allCases { #expect(try format.render(report).contains("10.10.10.10:80")) }
        }
    }

    @Test(arguments: ReportFormat.allCases)
    func `a run in which nothing happened has a report`(format: ReportFormat) throws {
        try ReportSamples.withStore { store in
            _ = try store.beginRun(name: "nothing", started: ReportSamples.time(0))
            let text = try format.render(RunReport(store: store, run: "last", version: "1.2.3"))
            #expect(text.hasSuffix("\n"))
            #expect(text.contains("nothing"))
            #expect(text.contains("inconclusive"))
        }
    }

    /// An element's texts and attributes cannot hold what a browser would run or fetch.
    @Test func `what the data holds cannot become HTML, nor Markdown`() throws {
        let evil = "x</title><script>alert(1)</script><img src=\"http://192.0.2.1/\">'onload=\"a"
        try ReportSamples.withStore { store in
            try ReportSamples.write(to: store, name: evil)
            let report = try RunReport(store: store, run: "last", version: evil)
            let html = try ReportFormat.html.render(report)
            #expect(!html.contains("<script") && !html.contains("<img") && !html.contains("onload=\""))
            #expect(html.contains("x&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=&quot;"))
            let markdown = try ReportFormat.markdown.render(report)
            // A backslash takes its meaning away.
            #expect(!markdown.contains(/(^|[^\\])</))
        }
    }

    @Test func `a page is well-formed, and refers to nothing outside of it`() throws {
        let html = try ReportFormat.html.render(ReportSamples.report())
        // HTML's own void elements apart, it is XML.
        let xml = html.replacing("<!DOCTYPE html>\n", with: "").replacing(/<meta ([^>]*)>/) { "<meta \($0.output.1)/>" }
        let document = try XMLDocument(xmlString: xml)
        let names = Set(try document.nodes(forXPath: "//*").compactMap(\.name))
        #expect(
            names.isDisjoint(with: ["script", "link", "img", "iframe", "object", "use", "image", "a", "base", "form"]))
        let attributes = Set(try document.nodes(forXPath: "//@*").compactMap(\.name))
        #expect(attributes.isDisjoint(with: ["src", "href", "xlink:href", "style", "onload", "onclick"]))
        #expect(!html.contains("url(") && !html.contains("@import"))
        #expect(html.contains("<meta http-equiv=\"Content-Security-Policy\" content=\"script-src 'none'; "))
        // Every picture has a name, a table has a caption, and no id is there twice.
        let ids = try document.nodes(forXPath: "//@id").compactMap(\.stringValue)
        #expect(Set(ids).count == ids.count)
        for picture in try document.nodes(forXPath: "//*[local-name() = 'svg']") {
            let labels = try #require((picture as? XMLElement)?.attribute(forName: "aria-labelledby")?.stringValue)
            #expect(labels.split(separator: " ").allSatisfy { ids.contains(String($0)) })
        }
        #expect(try document.nodes(forXPath: "//table[not(caption)]").isEmpty)
        #expect(try document.nodes(forXPath: "//table").count > 20)
        #expect(try document.nodes(forXPath: "//*[local-name() = 'svg']").count == 11)
    }

    @Test func `text has nothing that a terminal obeys`() throws {
        try ReportSamples.withStore { store in
            try ReportSamples.write(to: store, name: "a\u{1B}[31mb\u{7}\nc\u{2028}d\u{9B}e")
            let text = try ReportFormat.text.render(RunReport(store: store, run: "last", version: "1"))
            #expect(text.contains("name   ") && text.contains("a [31mb  c d e"))
            let escapes = text.unicodeScalars.filter { $0.properties.generalCategory == .control && $0 != "\n" }
            #expect(escapes.isEmpty)
        }
    }

    @Test func `the JSON has every key of the verdict's, with the same values, and more`() throws {
        let report = try ReportSamples.report()
        let object = { (json: String) in
            try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
        }
        let more = try object(try ReportFormat.json.render(report))
        let verdict = try object(try VerdictFormat.json.render(report.verdict))
        for (key, value) in verdict where key != "virtual_services" {
            #expect((more[key] as? NSObject) == (value as? NSObject), "\(key)")
        }
        #expect(
            Set(more.keys).subtracting(verdict.keys) == [
                "ab", "events", "packets_dropped", "saved_verdict", "state", "time_axis", "version",
            ])
        let services = try #require(verdict["virtual_services"] as? [[String: Any]])
        let moreServices = try #require(more["virtual_services"] as? [[String: Any]])
        #expect(services.count == 4 && moreServices.count == 4)
        for (service, moreService) in zip(services, moreServices) {
            for (key, value) in service { #expect((moreService[key] as? NSObject) == (value as? NSObject), "\(key)") }
            #expect(
                Set(moreService.keys).subtracting(service.keys) == [
                    "assignments_over_time", "configurations", "events", "latencies", "latency_heat", "outcomes",
                    "readings",
                ])
        }
    }

    @Test func `a spreadsheet's rows all have seven cells, and none begins a formula`() throws {
        try ReportSamples.withStore { store in
            try ReportSamples.write(to: store, name: "=HYPERLINK(\"http://192.0.2.1\")")
            let csv = try ReportFormat.csv.render(RunReport(store: store, run: "last", ab: ReportSamples.loadedWeb))
            let lines = csv.split(separator: "\n")
            #expect(lines[0] == "section,virtual_service,real_server,measure,value,unit,time")
            #expect(lines.contains("run,,,name,\"'=HYPERLINK(\"\"http://192.0.2.1\"\")\",,"))
            for line in lines where !line.contains("HYPERLINK") {
                let cells = line.split(separator: ",", omittingEmptySubsequences: false)
                #expect(cells.count == 7, "\(line)")
                #expect(!cells.contains { "=+@".contains($0.first ?? " ") }, "\(line)")
            }
            #expect(
                lines.contains("distribution,tcp/192.168.122.100:80,10.10.10.10:80,assignments,20,connections,")
                    == false)
            #expect(lines.contains("distribution,tcp/192.168.122.100:80,10.10.10.10:80,assignments,21,connections,"))
            #expect(lines.contains("ab,,,complete_requests,58,requests,"))
        }
    }

    @Test func `one virtual service may be asked for, and one that is not there is refused by name`() throws {
        try ReportSamples.withStore { store in
            try ReportSamples.write(to: store)
            let report = try RunReport(store: store, run: "1", virtualService: ReportSamples.web6)
            #expect(report.verdict.virtualServices.map(\.virtualService) == [ReportSamples.web6])
            let html = try ReportFormat.html.render(report)
            #expect(html.contains("fd00:10::10") && !html.contains("10.10.10.10"))
            let unknown = try #require(VirtualServiceIdentity("tcp/192.0.2.1:80"))
            let error = #expect(throws: (any Error).self) {
                try RunReport(store: store, run: "1", virtualService: unknown)
            }
            #expect(
                "\(error!)" == "--virtual-service tcp/192.0.2.1:80: run 1 knows only tcp/192.168.122.100:80, "
                    + "tcp/[fd00:122::100]:80, udp/192.168.122.100:53, fwmark/7")
        }
    }
}
