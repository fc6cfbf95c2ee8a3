/// Coding of values whose JSON form is their text.
extension Decoder {
    func decodeText<Value: LosslessStringConvertible>(_ what: String) throws -> Value {
        let container = try singleValueContainer()
        let text = try container.decode(String.self)
        guard let value = Value(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "\"\(text)\" is not \(what)")
        }
        return value
    }
}

extension Encoder {
    func encodeText(_ value: some CustomStringConvertible) throws {
        var container = singleValueContainer()
        try container.encode(value.description)
    }
}

extension FixedWidthInteger {
    /// Reads decimal digits and nothing else; the standard library takes a sign too.
    init?(plain digits: Substring) {
        guard digits.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        self.init(digits)
    }
}
