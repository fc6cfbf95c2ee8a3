import ArgumentParser

/// How the result of a query is printed. The names are those of `--format` and stable.
package enum ResultFormat: String, Sendable, CaseIterable, ExpressibleByArgument {
    /// For a person.
    case table
    /// RFC 4180, with LF line ends.
    case csv
    /// An array with an object for each row.
    case json
    /// For a page or a CI summary.
    case markdown
}
