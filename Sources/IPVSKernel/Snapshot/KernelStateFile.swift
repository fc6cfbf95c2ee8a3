internal import FoundationEssentials
package import IPVSModel

/// Kernel states as JSON: what `ipvscope snapshot` writes and `replay --kernel` reads.
///
/// Keys are in snake_case and sorted; times are integers, in nanoseconds since the epoch.
package enum KernelStateFile {
    /// Reads a file of one object, an array of objects, or objects one after another (JSON Lines).
    ///
    /// - Parameter path: The file; `-` is the standard input.
    /// - Returns: At least one state, in the order in which they were observed.
    /// - Throws: ``KernelError`` naming the file and the line or key.
    package static func read(_ path: String) throws(KernelError) -> [KernelState] {
        try decode(try InputFile.contents(of: path), source: path == "-" ? "standard input" : path)
    }

    /// - Parameter source: The input's name, for errors.
    package static func decode(_ bytes: [UInt8], source: String) throws(KernelError) -> [KernelState] {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        var states: [KernelState] = []
        for object in try JSONObjects.split(bytes, source: source) {
            do {
                let data = Data(bytes[object.range])
                let schema = try decoder.decode(SchemaProbe.self, from: data).schema
                if let refusal = refusal(of: schema, source: source) { throw refusal }
                states.append(try decoder.decode(KernelState.self, from: data))
            } catch let error as KernelError {
                throw error
            } catch {
                throw .malformed(source, line: object.line, problem(error))
            }
        }
        guard !states.isEmpty else {
            throw .malformed(source, "it holds no kernel state; write one with: ipvscope snapshot > FILE")
        }
        return states.sorted { $0.observedAt < $1.observedAt }
    }

    /// - Parameter pretty: Whether to spread the object over many lines; without, it is one line of JSON Lines.
    /// - Returns: The object and a line end.
    package static func encode(_ state: KernelState, pretty: Bool) throws(KernelError) -> String {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        if pretty { encoder.outputFormatting.insert(.prettyPrinted) }
        do {
            return String(decoding: try encoder.encode(state), as: UTF8.self) + "\n"
        } catch {
            throw KernelError(
                code: .other, function: "JSONEncoder", description: "cannot write the kernel's state as JSON: \(error)")
        }
    }

    /// The one key that every version of the format has.
    private struct SchemaProbe: Decodable {
        let schema: Int
    }

    private static func refusal(of schema: Int, source: String) -> KernelError? {
        let known = KernelState.currentSchema
        if schema == known { return nil }
        let problem =
            schema > known
            ? "schema \(schema) is newer than this program's \(known); upgrade ipvscope"
            : "schema \(schema) is unknown, this program reads \(known); take the snapshot anew"
        return KernelError(
            code: .unknownSchema, function: source, description: "cannot read \(source): \(problem)")
    }

    private static func problem(_ error: any Error) -> String {
        let advice = "write one with: ipvscope snapshot > FILE"
        guard let error = error as? DecodingError else { return "\(error); \(advice)" }
        switch error {
        case .keyNotFound(let key, let context):
            return "key \"\(path(context.codingPath + [key]))\" is missing; \(advice)"
        case .valueNotFound(_, let context):
            return "key \"\(path(context.codingPath))\" is null; \(advice)"
        case .typeMismatch(_, let context) where context.codingPath.isEmpty:
            return "not a kernel state; \(advice)"
        case .typeMismatch(_, let context), .dataCorrupted(let context):
            let place = context.codingPath.isEmpty ? "" : "key \"\(path(context.codingPath))\": "
            return "\(place)\(context.debugDescription); \(advice)"
        @unknown default:
            return "\(error); \(advice)"
        }
    }

    /// `virtual_services[0].real_servers[2].weight`, as the file spells it.
    private static func path(_ keys: [any CodingKey]) -> String {
        keys.reduce(into: "") { path, key in
            if let index = key.intValue {
                path += "[\(index)]"
            } else {
                path += path.isEmpty ? snakeCase(key.stringValue) : "." + snakeCase(key.stringValue)
            }
        }
    }

    private static func snakeCase(_ name: String) -> String {
        name.reduce(into: "") { $0 += $1.isUppercase ? "_" + $1.lowercased() : String($1) }
    }
}
