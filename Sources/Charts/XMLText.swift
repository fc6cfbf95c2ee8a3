/// Text in XML, and in HTML.
///
/// - Source: XML 1.0, 2.2 and 2.4.
package enum XMLText {
    /// `text` with what has a meaning in XML escaped, and what XML cannot hold left out; fit for attributes too.
    package static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "\n", "\t", "\r": result += "&#\(scalar.value);"
            case _ where scalar.value < 0x20 || scalar.value == 0xfffe || scalar.value == 0xffff: break
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
