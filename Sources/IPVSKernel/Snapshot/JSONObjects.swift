/// Finds the objects in a file that holds one, an array of them, or one after another.
enum JSONObjects {
    /// Where an object stands.
    struct Place {
        let range: Range<Int>
        /// Counted from 1.
        let line: Int
    }

    private enum Expectation {
        case object, objectOrEnd, commaOrEnd, nothing
    }

    /// Splits `bytes` without looking into the objects; their own faults are the decoder's to find.
    static func split(_ bytes: [UInt8], source: String) throws(KernelError) -> [Place] {
        var objects: [Place] = []
        var line = 1
        var offset = 0
        var isArray = false
        var expected = Expectation.objectOrEnd
        while offset < bytes.count {
            switch (bytes[offset], expected) {
            case (UInt8(ascii: "\n"), _): line += 1
            case (UInt8(ascii: " "), _), (UInt8(ascii: "\t"), _), (UInt8(ascii: "\r"), _): break
            case (UInt8(ascii: "["), .objectOrEnd) where objects.isEmpty && !isArray: isArray = true
            case (UInt8(ascii: "]"), .objectOrEnd) where isArray, (UInt8(ascii: "]"), .commaOrEnd): expected = .nothing
            case (UInt8(ascii: ","), .commaOrEnd): expected = .object
            case (UInt8(ascii: "{"), .object), (UInt8(ascii: "{"), .objectOrEnd):
                guard let end = end(of: bytes, from: offset) else {
                    throw .malformed(
                        source, line: line, "the object that begins here is cut short; copy the whole file")
                }
                objects.append(Place(range: offset..<end, line: line))
                line += bytes[offset..<end].count { $0 == UInt8(ascii: "\n") }
                offset = end - 1
                expected = isArray ? .commaOrEnd : .objectOrEnd
            default:
                throw .malformed(
                    source, line: line, "expected a JSON object; write one with: ipvscope snapshot > FILE")
            }
            offset += 1
        }
        if isArray, expected != .nothing {
            throw .malformed(source, line: line, "the array is cut short; copy the whole file")
        }
        return objects
    }

    /// Behind the brace that closes the one at `start`; `nil` if none does.
    private static func end(of bytes: [UInt8], from start: Int) -> Int? {
        var depth = 0
        var isInString = false
        var isEscaped = false
        for offset in start..<bytes.count {
            let byte = bytes[offset]
            if isEscaped {
                isEscaped = false
            } else if isInString {
                isEscaped = byte == UInt8(ascii: "\\")
                if byte == UInt8(ascii: "\"") { isInString = false }
            } else if byte == UInt8(ascii: "\"") {
                isInString = true
            } else if byte == UInt8(ascii: "{") {
                depth += 1
            } else if byte == UInt8(ascii: "}") {
                depth -= 1
                if depth == 0 { return offset + 1 }
            }
        }
        return nil
    }
}
