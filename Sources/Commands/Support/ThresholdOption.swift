import ArgumentParser
import Balance

/// What a verdict has to meet besides the scheduler's promise.
struct ThresholdOption: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "A condition such as 'max_share_error < 0.02'; may be repeated. See above.", valueName: "expression"),
        transform: Self.parse)
    var threshold: [Threshold] = []

    /// - Throws: What is wrong with the expression and how to mend it, as text for a terminal.
    private static func parse(_ expression: String) throws -> Threshold {
        do {
            return try Threshold(parsing: expression)
        } catch {
            throw ValidationError("\(error)")
        }
    }
}
