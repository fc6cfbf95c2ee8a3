/// What a PromQL expression names: enough of the grammar to find metrics, labels and the functions around them.
struct PromQL {
    /// A metric with its matchers, and what is done to it.
    struct Selector: Equatable {
        var metric: String
        /// Label and the rest of the matcher: `job` and `=~"$job"`.
        var matchers: [Matcher] = []
        /// The text between the brackets.
        var range: String?
        /// The innermost function or aggregation around it; `nil` at the top.
        var function: String?
    }

    struct Matcher: Equatable {
        var label: String
        var condition: String
    }

    private(set) var selectors: [Selector] = []
    /// The labels of `by`, `on` and their like.
    private(set) var groupingLabels: [String] = []

    init(_ text: String) {
        var scanner = Scanner(rest: text[...])
        var functions: [String] = []
        // `sum by (a) (x)`: the aggregation's parenthesis comes after its labels.
        var pendingAggregation: String?
        while let character = scanner.rest.first {
            if character == "\"" {
                scanner.skipString()
            } else if character.isNumber {
                scanner.skip { $0.isNumber || $0.isLetter || $0 == "." }
            } else if character.isIdentifierHead {
                let name = scanner.identifier()
                scanner.skip { $0.isWhitespace }
                if Self.groupings.contains(name) {
                    if scanner.rest.first == "(" { groupingLabels += scanner.list() }
                } else if Self.aggregations.contains(name), scanner.rest.first != "(" {
                    pendingAggregation = name
                } else if Self.operators.contains(name) {
                    continue
                } else if scanner.rest.first == "(" {
                    functions.append(name)
                    scanner.rest.removeFirst()
                } else {
                    selectors.append(scanner.selector(of: name, within: functions.last { !$0.isEmpty }))
                }
            } else {
                if character == "(" {
                    functions.append(pendingAggregation ?? "")
                    pendingAggregation = nil
                }
                if character == ")" { _ = functions.popLast() }
                scanner.rest.removeFirst()
            }
        }
    }

    private static let groupings: Set = ["by", "without", "on", "ignoring", "group_left", "group_right"]
    private static let aggregations: Set = [
        "sum", "min", "max", "avg", "count", "group", "topk", "bottomk", "quantile",
    ]
    private static let operators: Set = ["and", "or", "unless", "bool", "offset", "atan2"]
}

private struct Scanner {
    var rest: Substring

    mutating func skip(_ condition: (Character) -> Bool) {
        rest = rest.drop(while: condition)
    }

    mutating func identifier() -> String {
        let name = rest.prefix { $0.isIdentifierHead || $0.isNumber }
        rest = rest[name.endIndex...]
        return String(name)
    }

    /// Skips a string with its quotes.
    mutating func skipString() {
        rest.removeFirst()
        while let character = rest.popFirst(), character != "\"" {
            if character == "\\" { _ = rest.popFirst() }
        }
    }

    /// Reads `(a, b)`.
    mutating func list() -> [String] {
        let inner = rest.dropFirst().prefix { $0 != ")" }
        rest = rest[inner.endIndex...].dropFirst()
        return inner.split(separator: ",").map { $0.filter { !$0.isWhitespace } }.filter { !$0.isEmpty }
    }

    mutating func selector(of metric: String, within function: String?) -> PromQL.Selector {
        var selector = PromQL.Selector(metric: metric, function: function)
        if rest.first == "{" {
            rest.removeFirst()
            while let character = rest.first, character != "}" {
                guard character.isIdentifierHead else {
                    rest.removeFirst()
                    continue
                }
                let label = identifier()
                let start = rest
                skip { $0 != "\"" }
                if !rest.isEmpty { skipString() }
                selector.matchers.append(
                    PromQL.Matcher(label: label, condition: String(start[..<rest.startIndex])))
            }
            rest = rest.dropFirst()
        }
        if rest.first == "[" {
            let range = rest.dropFirst().prefix { $0 != "]" }
            selector.range = String(range)
            rest = rest[range.endIndex...].dropFirst()
        }
        return selector
    }
}

extension Character {
    fileprivate var isIdentifierHead: Bool { isASCII && isLetter || self == "_" || self == ":" }
}
