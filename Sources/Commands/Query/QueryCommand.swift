import ArgumentParser
import Balance
import Foundation
import IPVSModel
import TraceStore

/// `ipvscope query`.
struct QueryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "query",
        abstract: "Ask the database, with SQL or a question that is often asked.",
        discussion: """
            Give one SELECT, or one of the names that --list tells. The database is only read. SQL may use :run, \
            :virtual_service, :baseline and :limit, which stand for the options of these names, besides SQLite's functions \
            these:

            \(SQLFunctions.list.map { "  \($0.call)\n      \($0.meaning)" }.joined(separator: "\n"))

            `ipvscope schema` tells tables, views and columns.
            """)

    @Argument(help: ArgumentHelp("One SELECT, or a name from --list.", valueName: "SELECT …|NAME"))
    var question: String?

    @Flag(name: .long, help: "List the questions that have a name.")
    var list = false

    @Flag(name: .long, help: "Print the SQL of a question that has a name, and do not ask it.")
    var sql = false

    @OptionGroup var database: DatabaseOption

    @Option(
        name: .long,
        help: ArgumentHelp("The run that :run stands for: `last`, or its number (default: last).", valueName: "last|ID")
    )
    var run: String?

    @Option(
        name: .long,
        help: ArgumentHelp("The run that :baseline stands for (default: the one before --run).", valueName: "ID"))
    var baseline: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Only this virtual service, such as tcp/192.168.122.100:80 (default: all of them).", valueName: "service"))
    var virtualService: VirtualServiceIdentity?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "How many rows, where a question begins with the worst; 0 is all (default: \(CannedQuery.defaultLimit)).",
            valueName: "rows"))
    var limit: Int?

    @Option(name: .long, help: ArgumentHelp("Stop after so many seconds; 0 is never.", valueName: "seconds"))
    var timeLimit = 60.0

    @Option(name: .long, help: "How to print the rows.")
    var format: ResultFormat = .table

    func validate() throws {
        if list {
            if let question { throw ValidationError("--list: lists all questions; leave out \(question)") }
            return
        }
        guard let question else {
            throw ValidationError("what is asked? Give one SELECT, or a name that ipvscope query --list tells")
        }
        guard timeLimit >= 0, timeLimit <= 1e9 else {
            throw ValidationError("--time-limit \(timeLimit): use seconds, or 0 for no limit")
        }
        if let limit, limit < 0 { throw ValidationError("--limit \(limit): use a number of rows, or 0 for all") }
        let (text, name) = try Self.resolve(question)
        if sql, name == nil {
            throw ValidationError("--sql: tells the SQL of a named question, and this is SQL already")
        }
        let uses = CannedQuery("", "", "", sql: text).parameters
        for (option, parameter, isGiven) in [
            ("run", "run", run != nil), ("baseline", "baseline", baseline != nil),
            ("virtual-service", "virtual_service", virtualService != nil), ("limit", "limit", limit != nil),
        ] where isGiven && !uses.contains(parameter) {
            throw ValidationError("--\(option): \(name ?? "the SQL") does not use :\(parameter)")
        }
    }

    func run() async throws {
        if list {
            Output.print(try Self.renderList(format))
            return
        }
        guard let question else { return }
        let (text, name) = try Self.resolve(question)
        if sql {
            Output.print(text + "\n")
            return
        }
        try await Failure.reporting {
            try await Blocking.run {
                let store = try TraceStore.openReadOnly(
                    path: database.path(environment: ProcessInfo.processInfo.environment))
                var output = BufferedOutput()
                var printer: ResultPrinter?
                try store.query(
                    text, with: try parameters(of: text, in: store),
                    timeLimit: timeLimit > 0 ? .seconds(timeLimit) : nil,
                    columns: { columns in
                        let made = try ResultPrinter(format, columns: columns)
                        output.add(made.begin())
                        printer = made
                    },
                    row: { row in if let text = printer?.add(row) { output.add(text) } })
                if let printer { output.add(printer.end()) }
                if name != nil, printer?.isEmpty == true { Terminal.tell("nothing of the kind in this run") }
            }
        }
    }

    /// The SQL that is meant, and the name that it has.
    static func resolve(_ question: String) throws -> (sql: String, name: String?) {
        if let canned = CannedQuery.named(question) { return (canned.sql, canned.name) }
        // A name is one word, and no statement is.
        guard question.wholeMatch(of: /[A-Za-z0-9_-]+/) != nil else { return (question, nil) }
        let nearest = Spelling.nearest(to: question.replacing("_", with: "-"), among: CannedQuery.all.map(\.name))
        throw ValidationError(
            "there is no question named \(question); "
                + (nearest.map { "did you mean \($0)? " } ?? "") + "ipvscope query --list tells all")
    }

    /// What the SQL's parameters stand for; none that it does not use.
    private func parameters(of sql: String, in store: TraceStore) throws -> [String: SQLValue] {
        let uses = CannedQuery("", "", "", sql: sql).parameters
        var parameters: [String: SQLValue] = [
            "virtual_service": virtualService.map { .text($0.description) } ?? .null,
            "limit": .integer(limit.map { $0 == 0 ? -1 : Int64($0) } ?? Int64(CannedQuery.defaultLimit)),
        ]
        guard uses.contains("run") || uses.contains("baseline") else { return parameters }
        let run = try store.resolveRun(run ?? "last")
        parameters["run"] = .integer(run)
        if let virtualService {
            let known = try store.virtualServices(ofRun: run)
            guard known.contains(virtualService.description) else {
                throw InputError(
                    description: "--virtual-service \(virtualService): run \(run) knows "
                        + (known.isEmpty ? "none" : "only " + known.joined(separator: ", ")))
            }
        }
        guard uses.contains("baseline") else { return parameters }
        if let baseline {
            parameters["baseline"] = .integer(try store.resolveRun(baseline))
        } else if let before = try store.runs().last(where: { $0.description.id < run }) {
            parameters["baseline"] = .integer(before.description.id)
        } else {
            throw InputError(
                description: "--baseline: there is no run before run \(run) to compare with; name one, and --run")
        }
        return parameters
    }

    /// Everything that `--list` prints.
    static func renderList(_ format: ResultFormat) throws -> String {
        if format == .table {
            let width = CannedQuery.all.map(\.name.count).max() ?? 0
            return CannedQuery.all.map { query in
                let name = query.name + String(repeating: " ", count: width - query.name.count)
                return "\(name)  \(query.title)\n\(String(repeating: " ", count: width))  \(query.sentence)\n"
            }.joined()
        }
        var printer = try ResultPrinter(format, columns: ["name", "title", "sentence"])
        let rows = CannedQuery.all.map { printer.add([.text($0.name), .text($0.title), .text($0.sentence)]) }
        return printer.begin() + rows.joined() + printer.end()
    }
}
