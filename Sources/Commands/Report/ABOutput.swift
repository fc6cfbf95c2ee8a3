package import Balance

/// What `ab` (Apache HTTP server benchmarking tool) printed about one benchmark.
///
/// - Source: `output_results` in `support/ab.c` of Apache HTTP Server 2.4. Times are those of version 2.3 of `ab`, in
///   whole milliseconds, except for means and deviations.
package struct ABOutput: Sendable, Hashable, Codable {
    @OrNull package var hostname: String?
    @OrNull package var port: Int?
    @OrNull package var concurrency: Int?
    /// Seconds.
    @OrNull package var timeTaken: Double?
    package var completeRequests: Int
    package var failedRequests: Int
    /// By cause as `ab` names them (connect, receive, length, exceptions); empty if nothing failed.
    package var failures: [String: Int]
    @OrNull package var writeErrors: Int?
    @OrNull package var non2xxResponses: Int?
    /// `nil` without `-k`.
    @OrNull package var keepAliveRequests: Int?
    @OrNull package var requestsPerSecond: Double?
    @OrNull package var connect: Times?
    @OrNull package var processing: Times?
    @OrNull package var waiting: Times?
    @OrNull package var total: Times?
    /// Of requests: the part in percent, and the time within which it was served, in seconds.
    package var percentiles: [Percentile]

    /// A row of `Connection Times (ms)`.
    ///
    /// - Unit: seconds.
    package struct Times: Sendable, Hashable, Codable {
        package var min: Double
        package var mean: Double
        /// `nil` if `ab` was told not to print it (`-S`).
        @OrNull package var standardDeviation: Double?
        /// `nil` likewise.
        @OrNull package var median: Double?
        package var max: Double

        package init(min: Double, mean: Double, standardDeviation: Double?, median: Double?, max: Double) {
            self.min = min
            self.mean = mean
            self.max = max
            self.standardDeviation = standardDeviation
            self.median = median
        }

        enum CodingKeys: String, CodingKey {
            case min, mean
            case standardDeviation = "standard_deviation"
            case median, max
        }
    }

    package struct Percentile: Sendable, Hashable, Codable {
        package var percent: Int
        /// Seconds.
        package var time: Double
    }

    enum CodingKeys: String, CodingKey {
        case hostname, port, concurrency
        case timeTaken = "time_taken"
        case completeRequests = "complete_requests"
        case failedRequests = "failed_requests"
        case failures
        case writeErrors = "write_errors"
        case non2xxResponses = "non_2xx_responses"
        case keepAliveRequests = "keep_alive_requests"
        case requestsPerSecond = "requests_per_second"
        case connect, processing, waiting, total, percentiles
    }

    /// Reads what `ab` printed; lines of other programs around it are passed over.
    ///
    /// - Throws: ``ABOutputError``, with the line.
    package init(parsing text: String) throws(ABOutputError) {
        var reader = ABReader()
        // Progress and results may come through a terminal: its lines end with CR LF.
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            try reader.read(String(line), number: index + 1)
        }
        self = try reader.finished()
    }

    init(completeRequests: Int, failedRequests: Int) {
        self.completeRequests = completeRequests
        self.failedRequests = failedRequests
        failures = [:]
        percentiles = []
    }
}

/// Why a text is not what `ab` prints.
package struct ABOutputError: Error, Sendable, Hashable, CustomStringConvertible {
    /// From 1; 0 if something is missing from the text as a whole.
    package let line: Int
    /// What is wrong, and how to mend it.
    package let detail: String

    package var description: String { line > 0 ? "line \(line): \(detail)" : detail }
}

/// Line after line of what `ab` prints.
struct ABReader {
    private var complete: Int?
    private var failed: Int?
    /// The rest; its two counts are not yet those read.
    private var output = ABOutput(completeRequests: 0, failedRequests: 0)
    private var isInPercentages = false

    mutating func read(_ line: String, number: Int) throws(ABOutputError) {
        if line.hasPrefix("Percentage of the requests served within a certain time") {
            isInPercentages = true
            return
        }
        if isInPercentages, let percentile = try percentile(line, number) {
            output.percentiles.append(percentile)
            return
        }
        if let causes = failures(line) {
            for cause in causes { output.failures[cause.name] = try Self.integer(cause.value, cause.name, number) }
            return
        }
        guard let colon = line.firstIndex(of: ":") else { return }
        let label = String(line[..<colon])
        let value = Self.words(line[line.index(after: colon)...])
        switch label {
        case "Server Hostname": output.hostname = value.first
        case "Server Port": output.port = try Self.integer(value.first, label, number)
        case "Concurrency Level": output.concurrency = try Self.integer(value.first, label, number)
        case "Time taken for tests": output.timeTaken = try Self.number(value.first, label, number)
        case "Complete requests":
            guard complete == nil else {
                throw ABOutputError(
                    line: number, detail: "a second benchmark's results begin; give the output of one `ab` alone")
            }
            complete = try Self.integer(value.first, label, number)
        case "Failed requests": failed = try Self.integer(value.first, label, number)
        case "Write errors": output.writeErrors = try Self.integer(value.first, label, number)
        case "Non-2xx responses": output.non2xxResponses = try Self.integer(value.first, label, number)
        case "Keep-Alive requests": output.keepAliveRequests = try Self.integer(value.first, label, number)
        case "Requests per second": output.requestsPerSecond = try Self.number(value.first, label, number)
        case "Connect": output.connect = try times(value, label, number) ?? output.connect
        case "Processing": output.processing = try times(value, label, number) ?? output.processing
        case "Waiting": output.waiting = try times(value, label, number) ?? output.waiting
        case "Total": output.total = try times(value, label, number) ?? output.total
        default: break
        }
    }

    func finished() throws(ABOutputError) -> ABOutput {
        guard let complete else {
            throw ABOutputError(
                line: 0, detail: "no line `Complete requests:`; give the whole output of an `ab` that came to its end")
        }
        guard let failed else {
            throw ABOutputError(line: 0, detail: "no line `Failed requests:`; give the whole output of `ab`")
        }
        var output = output
        output.completeRequests = complete
        output.failedRequests = failed
        return output
    }

    private static func words(_ text: some StringProtocol) -> [String] {
        text.split(whereSeparator: { $0 == " " || $0 == "\t" }).map { String($0) }
    }

    /// `  50%     12`, perhaps with `(longest request)`; `nil` for another line.
    private func percentile(_ line: String, _ number: Int) throws(ABOutputError) -> ABOutput.Percentile? {
        let words = Self.words(line)
        guard let first = words.first, first.hasSuffix("%"), let percent = Int(first.dropLast()) else { return nil }
        let milliseconds = try Self.number(words.dropFirst().first, "\(percent)%", number)
        return ABOutput.Percentile(percent: percent, time: milliseconds / 1000)
    }

    /// `   (Connect: 0, Receive: 0, Length: 5, Exceptions: 0)`; `nil` for another line.
    private func failures(_ line: String) -> [(name: String, value: String)]? {
        let trimmed = Self.words(line).joined(separator: " ")
        guard trimmed.hasPrefix("(Connect:"), trimmed.hasSuffix(")") else { return nil }
        return trimmed.dropFirst().dropLast().split(separator: ", ").map { part in
            let pair = part.split(separator: ":", maxSplits: 1)
            return (pair[0].lowercased(), Self.words(pair.count > 1 ? pair[1] : "").first ?? "")
        }
    }

    /// A row of times; `nil` before the results, where a line of another program may look like one.
    private func times(_ words: [String], _ label: String, _ line: Int) throws(ABOutputError) -> ABOutput.Times? {
        guard complete != nil else { return nil }
        // Three with `-S`: min, mean and max.
        guard words.count == 5 || words.count == 3 else {
            throw ABOutputError(
                line: line,
                detail: "\(label) has \(words.count) of 5 numbers (min, mean, +/-sd, median, max); is the file whole?")
        }
        var values: [Double] = []
        for word in words { values.append(try Self.number(word, label, line) / 1000) }
        return ABOutput.Times(
            min: values[0], mean: values[1], standardDeviation: values.count == 5 ? values[2] : nil,
            median: values.count == 5 ? values[3] : nil, max: values[values.count - 1])
    }

    private static func integer(_ word: String?, _ label: String, _ line: Int) throws(ABOutputError) -> Int {
        guard let word, let value = Int(word), value >= 0 else { throw malformed(word, label, line, "a whole number") }
        return value
    }

    private static func number(_ word: String?, _ label: String, _ line: Int) throws(ABOutputError) -> Double {
        guard let word, let value = Double(word), value.isFinite, value >= 0 else {
            throw malformed(word, label, line, "a number")
        }
        return value
    }

    private static func malformed(_ word: String?, _ label: String, _ line: Int, _ what: String) -> ABOutputError {
        let found = word.map { "\"\($0)\"" } ?? "nothing"
        return ABOutputError(
            line: line, detail: "\(label): \(what) is expected, found \(found); is the file `ab`'s own output?")
    }
}
