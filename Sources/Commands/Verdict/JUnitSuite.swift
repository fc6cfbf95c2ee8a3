/// One test suite in JUnit's XML, as CI systems read it.
struct JUnitSuite {
    struct Case {
        var className: String
        var name: String
        var result: Result
    }

    enum Result {
        case passed
        case failed(message: String, details: String)
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
        let skipped = cases.count { if case .skipped = $0.result { true } else { false } }
        var attributes =
            "name=\"\(XMLText.escaped(name))\" tests=\"\(cases.count)\" failures=\"\(failures)\" errors=\"0\" "
            + "skipped=\"\(skipped)\""
        if let timestamp { attributes += " timestamp=\"\(XMLText.escaped(timestamp))\"" }
        if let duration { attributes += " time=\"\(Figures.fixed(duration, 3))\"" }
        let known = properties.map {
            "      <property name=\"\(XMLText.escaped($0.name))\" value=\"\(XMLText.escaped($0.value))\"/>\n"
        }.joined()
        return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite \(attributes)>\n"
            + (known.isEmpty ? "" : "    <properties>\n\(known)    </properties>\n") + cases.map(Self.render).joined()
            + "  </testsuite>\n</testsuites>\n"
    }

    private static func render(_ test: Case) -> String {
        let head =
            "    <testcase classname=\"\(XMLText.escaped(test.className))\" name=\"\(XMLText.escaped(test.name))\""
        switch test.result {
        case .passed: return head + "/>\n"
        case .failed(let message, let details):
            return head
                + ">\n      <failure message=\"\(XMLText.escaped(message))\">\(XMLText.escaped(details))</failure>\n"
                + "    </testcase>\n"
        case .skipped(let message):
            return head + ">\n      <skipped message=\"\(XMLText.escaped(message))\"/>\n    </testcase>\n"
        }
    }
}
