import Glibc

/// What is fuzzed; the name is that of the folder of its seeds.
enum Subject: String, CaseIterable {
    case packets, captures, table, netlink, snapshot

    /// What the environment variable `SUBJECT` says.
    static let chosen: Self = {
        let name = unsafe getenv("SUBJECT").map { unsafe String(cString: $0) } ?? ""
        guard let subject = Self(rawValue: name) else {
            let names = allCases.map(\.rawValue).joined(separator: ", ")
            let problem = "fuzz: set SUBJECT to one of \(names)\n"
            _ = unsafe write(STDERR_FILENO, problem, problem.utf8.count)
            exit(64)
        }
        return subject
    }()

    /// Reads one input: whatever it holds is answered with a result or an error, and never with a crash.
    func read(_ input: [UInt8]) {
        switch self {
        case .packets: tracePackets(input)
        case .captures: readCapture(input)
        case .table: parseTable(input)
        case .netlink: decodeNetlink(input)
        case .snapshot: decodeSnapshot(input)
        }
    }
}

/// What libFuzzer, whose `main` this program has, calls with each input.
@c(LLVMFuzzerTestOneInput)
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    Subject.chosen.read(unsafe Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
}

/// Ends the process if something is not as it must be; libFuzzer then keeps the input.
func require(_ condition: Bool, _ claim: String) {
    guard !condition else { return }
    let text = "fuzz: it does not hold that \(claim)\n"
    _ = unsafe write(STDERR_FILENO, text, text.utf8.count)
    abort()
}
