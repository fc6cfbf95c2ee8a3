import Charts

/// One test suite in JUnit's XML, as CI systems read it.
struct JUnitSuite {
    struct Case {
        var className: String
        var name: String
        var result: Result
    }

    enum Result {
        case passed
        /// The type is a word for machines.
        case failed(type: String, message: String, details: String)
        case error(type: String, message: String, details: String)
        case skipped(message: String)
    }

    var name: String
    /// ISO 8601, if known.
    var timestamp: String?
    /// In seconds, if known.
    var duration: Double?
    /// What else is known, by name.
    var properties: [(name: String, value: String)] = []
    var cases: [Case]

    func render() -> String {
        let failures = cases.count { if case .failed = $0.result { true } else { false } }
        let errors = cases.count { if case .error = $0.result { true } else { false } }
        let skipped = cases.count { if case .skipped = $0.result { true } else { false } }
        let counts = "tests=\"\(cases.count)\" failures=\"\(failures)\" errors=\"\(errors)\" skipped=\"\(skipped)\""
        var attributes = "name=\"\(XMLText.escaped(name))\" \(counts)"
        if let timestamp { attributes += " timestamp=\"\(XMLText.escaped(timestamp))\"" }
        if let duration { attributes += " time=\"\(Figures.fixed(duration, 3))\"" }
        let known = properties.map {
            "      <property name=\"\(XMLText.escaped($0.name))\" value=\"\(XMLText.escaped($0.value))\"/>\n"
        }.joined()
        return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites \(counts)>\n  <testsuite \(attributes)>\n"
            + (known.isEmpty ? "" : "    <properties>\n\(known)    </properties>\n") + cases.map(Self.render).joined()
            + "  </testsuite>\n</testsuites>\n"
    }

    private static func render(_ test: Case) -> String {
        let head =
            "    <testcase classname=\"\(XMLText.escaped(test.className))\" name=\"\(XMLText.escaped(test.name))\""
        switch test.result {
        case .passed: return head + "/>\n"
        case .failed(let type, let message, let details): return head + element("failure", type, message, details)
        case .error(let type, let message, let details): return head + element("error", type, message, details)
        case .skipped(let message):
            return head + ">\n      <skipped message=\"\(XMLText.escaped(message))\"/>\n    </testcase>\n"
        }
    }

    /// The rest of a test that did not pass.
    private static func element(_ name: String, _ type: String, _ message: String, _ details: String) -> String {
        ">\n      <\(name) type=\"\(XMLText.escaped(type))\" message=\"\(XMLText.escaped(message))\">"
            + "\(XMLText.escaped(details))</\(name)>\n    </testcase>\n"
    }
}
