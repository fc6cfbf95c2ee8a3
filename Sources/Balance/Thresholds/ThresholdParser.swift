/// Reads a threshold from left to right.
struct ThresholdParser {
    /// The expression without blanks around it, on one line: what places in errors count from.
    let text: String
    private let characters: [Character]
    private var position = 0

    init(_ expression: String) {
        let line = expression.map { $0.isWhitespace ? " " : $0 }
        let first = line.firstIndex { $0 != " " } ?? line.endIndex
        let end = line.lastIndex { $0 != " " }.map { $0 + 1 } ?? first
        characters = Array(line[first..<end])
        text = String(characters)
    }

    /// A measure, a statistic of one, or one of packets or bytes.
    mutating func quantity() throws(ThresholdError) -> (ThresholdMeasure, ThresholdStatistic?, TrafficKind?) {
        let (name, place) = word()
        guard !name.isEmpty else {
            throw error(
                characters.isEmpty ? "the threshold is empty" : "a measure is missing", at: place,
                remedy: "write a measure, a comparison and a value, as in max_share_error < 0.02")
        }
        skipBlanks()
        guard peek == "(" else { return (try single(name, at: place), nil, nil) }
        position += 1
        if let statistic = ThresholdStatistic(rawValue: name) {
            return (try distribution(of: name, from: place), statistic, nil)
        }
        let ofTraffic = ThresholdMeasure.allCases.filter(\.isOfTraffic)
        guard let measure = ThresholdMeasure(rawValue: name), !measure.isDistribution else {
            throw unknown(
                "measure", name, at: place,
                among: ofTraffic.map(\.rawValue) + ThresholdStatistic.allCases.map(\.rawValue))
        }
        let (inner, innerPlace) = word()
        guard measure.isOfTraffic else {
            throw error(
                "\(name) is of assignments alone", at: place.lowerBound..<innerPlace.upperBound, remedy: "write \(name)"
            )
        }
        let kinds = TrafficKind.allCases.map(\.rawValue)
        guard let traffic = TrafficKind(rawValue: inner) else {
            throw inner.isEmpty
                ? error("\(name) of what?", at: innerPlace, remedy: "there are \(kinds.joined(separator: ", "))")
                : unknown("traffic", inner, at: innerPlace, among: kinds)
        }
        try close("\(name)(\(inner))")
        return (measure, nil, traffic)
    }

    /// What a statistic is taken of, with the closing parenthesis.
    private mutating func distribution(
        of name: String, from place: Range<Int>
    ) throws(ThresholdError) -> ThresholdMeasure {
        let (inner, innerPlace) = word()
        let distributions = ThresholdMeasure.allCases.filter(\.isDistribution).map(\.rawValue)
        guard let measure = ThresholdMeasure(rawValue: inner) else {
            throw inner.isEmpty
                ? error(
                    "a measure is missing", at: innerPlace,
                    remedy: "write \(name)(\(distributions.joined(separator: " or ")))")
                : unknown("measure", inner, at: innerPlace, among: distributions)
        }
        guard measure.isDistribution else {
            throw error(
                "\(inner) is one number, and has no \(name)", at: place.lowerBound..<innerPlace.upperBound,
                remedy: "write \(inner)")
        }
        try close("\(name)(\(inner))")
        return measure
    }

    private mutating func close(_ remedy: String) throws(ThresholdError) {
        skipBlanks()
        guard peek == ")" else {
            throw error("a closing parenthesis is missing", at: here, remedy: "write \(remedy)")
        }
        position += 1
    }

    private func single(_ name: String, at place: Range<Int>) throws(ThresholdError) -> ThresholdMeasure {
        guard let measure = ThresholdMeasure(rawValue: name) else {
            let statistic = ThresholdStatistic(rawValue: name)
            throw statistic.map { _ in
                error("\(name) of what?", at: place, remedy: "write \(name)(real_server_connect)")
            } ?? unknown("measure", name, at: place, among: ThresholdMeasure.allCases.map(\.rawValue))
        }
        guard !measure.isDistribution else {
            let choices = ThresholdStatistic.allCases.map { "\($0.rawValue)(\(name))" }
            throw error(
                "\(name) is as many times as there are connections", at: place,
                remedy: "say which is meant: \(choices.joined(separator: ", "))")
        }
        return measure
    }

    mutating func comparison() throws(ThresholdError) -> ThresholdComparison {
        skipBlanks()
        let start = position
        while let next = peek, "<>=!≤≥≠".contains(next) { position += 1 }
        let sign = String(characters[start..<position])
        if let comparison = ThresholdComparison(rawValue: sign) { return comparison }
        let known = ThresholdComparison.allCases.map(\.rawValue).joined(separator: " ")
        let meant = ["=": "==", "=<": "<=", "=>": ">=", "≤": "<=", "≥": ">=", "≠": "!=", "<>": "!=", "===": "=="][sign]
        guard !sign.isEmpty else {
            throw error("a comparison is missing", at: here, remedy: "write one of \(known)")
        }
        throw error(
            "\(sign) is no comparison", at: start..<position,
            remedy: meant.map { "write \($0)" } ?? "write one of \(known)")
    }

    /// The value, to the end of the expression.
    mutating func bound(of measure: ThresholdMeasure) throws(ThresholdError) -> Double {
        skipBlanks()
        let start = position
        if peek == "-" {
            throw error("no measure is below zero", at: here, remedy: "write \(measure.unit.notation)")
        }
        while let next = peek, isPartOfNumber(next, after: start) { position += 1 }
        let digits = String(characters[start..<position])
        guard let number = Double(digits.hasPrefix(".") ? "0" + digits : digits), number.isFinite else {
            let isMissing = digits.isEmpty && position == characters.count
            throw error(
                isMissing
                    ? "a value is missing"
                    : "\(digits.isEmpty ? String(characters[start...]) : digits) is no number",
                at: start..<(digits.isEmpty ? characters.count : position), remedy: "write \(measure.unit.notation)")
        }
        let numberEnd = position
        skipBlanks()
        let unitStart = position
        while let next = peek, next.isLetter || next == "%" { position += 1 }
        let suffix = String(characters[unitStart..<position])
        guard let unit = measure.unit.suffixes.first(where: { $0.suffix == suffix }) else {
            if suffix.isEmpty {
                throw error(
                    "a time needs its unit", at: start..<numberEnd,
                    remedy: "write \(digits)ms, or another of ns, us, ms, s")
            }
            let end = position
            skipBlanks()
            if position < characters.count { throw trailing(from: unitStart) }
            throw error(
                "\(suffix) is no unit of \(measure.rawValue)", at: unitStart..<end,
                remedy: "write \(measure.unit.notation)")
        }
        if measure.unit == .count, number != number.rounded() {
            throw error("\(digits) is no whole number", at: start..<numberEnd, remedy: "\(measure.rawValue) is counted")
        }
        skipBlanks()
        guard position == characters.count else { throw trailing(from: position) }
        return number * unit.factor
    }

    // MARK: Characters

    private var peek: Character? { position < characters.count ? characters[position] : nil }

    /// The place where something is missing or begins.
    private var here: Range<Int> { position..<min(position + 1, characters.count) }

    private mutating func skipBlanks() { while peek == " " { position += 1 } }

    private mutating func word() -> (String, Range<Int>) {
        skipBlanks()
        let start = position
        while let next = peek, next.isLetter || next.isNumber || next == "_" || next == "." { position += 1 }
        return (String(characters[start..<position]), start == position ? here : start..<position)
    }

    private func isPartOfNumber(_ character: Character, after start: Int) -> Bool {
        if character.isASCII, character.isNumber || character == "." { return true }
        // An exponent, and not the beginning of a unit.
        let next = position + 1 < characters.count ? characters[position + 1] : " "
        if character == "e" || character == "E" {
            return position > start && (next == "-" || next == "+" || next.isASCII && next.isNumber)
        }
        return (character == "-" || character == "+") && position > start && "eE".contains(characters[position - 1])
    }

    // MARK: Errors

    private func error(_ problem: String, at place: Range<Int>, remedy: String) -> ThresholdError {
        ThresholdError(expression: text, place: place, problem: problem, remedy: remedy)
    }

    private func trailing(from start: Int) -> ThresholdError {
        error(
            "something follows the value", at: start..<characters.count,
            remedy: "one threshold is one comparison; repeat --threshold for another")
    }

    private func unknown(
        _ kind: String, _ name: String, at place: Range<Int>, among known: [String]
    ) -> ThresholdError {
        let guess = Spelling.nearest(to: name, among: known)
        return error(
            "there is no \(kind) \(name)", at: place,
            remedy: guess.map { "did you mean \($0)?" } ?? "there are " + known.joined(separator: ", "))
    }
}
