/// `1 packet`, `2 packets`; `many` for a plural that is not `one` with an s.
func plural(_ count: some BinaryInteger, _ one: String, _ many: String? = nil) -> String {
    count == 1 ? "1 \(one)" : "\(count) \(many ?? one + "s")"
}

/// `a, b and c`.
func list(_ values: [some CustomStringConvertible]) -> String {
    let names = values.map(\.description)
    guard names.count > 1 else { return names.first ?? "" }
    return names.dropLast().joined(separator: ", ") + " and " + names[names.count - 1]
}
