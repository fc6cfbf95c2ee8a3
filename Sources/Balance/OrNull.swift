/// An optional whose key is always there in JSON, with `null` for none, so that a report's shape never changes.
@propertyWrapper
package struct OrNull<Value: Sendable & Hashable & Codable>: Sendable, Hashable, Codable {
    package var wrappedValue: Value?

    package init(wrappedValue: Value?) { self.wrappedValue = wrappedValue }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        wrappedValue = container.decodeNil() ? nil : try container.decode(Value.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if let wrappedValue { try container.encode(wrappedValue) } else { try container.encodeNil() }
    }
}

extension Double {
    /// The number itself, or `nil` for what JSON cannot hold: infinities and NaN.
    var finite: Double? { isFinite ? self : nil }
}
