package import IPVSModel

/// What a kernel was told and whom it chose, as `lab/tools/assignments` logs it.
package enum LogLine: Sendable, Equatable {
    /// The scheduler was bound anew to the list in force.
    case scheduler(Scheduler, VirtualService.Flags, address: IPAddress)
    /// The virtual service's flags were changed.
    case flags(VirtualService.Flags)
    /// One change later, the list in the kernel's order.
    case list([Server])
    /// A choice, `nil` for nobody, with every server's connections before it, in the list's order; `nil` if they changed
    /// meanwhile.
    case choice(client: Endpoint, server: Endpoint?, counts: [Counts]?)

    package struct Server: Sendable, Equatable {
        package var endpoint: Endpoint
        package var weight: Int32
        package var upperThreshold: Int
        package var lowerThreshold: Int
    }

    package struct Counts: Sendable, Equatable {
        package var active: Int
        package var inactive: Int
        package var total: Int { active + inactive }
    }

    /// - Parameter text: A line; `nil` comes out of comments and of what is no line of a log.
    package init?(_ text: String) {
        let words = text.split(separator: " ").map(String.init)
        switch words.first {
        case "scheduler" where words.count == 4:
            guard let flags = UInt32(words[2]), let address = IPAddress(words[3]) else { return nil }
            self = .scheduler(Scheduler(rawValue: words[1]), VirtualService.Flags(rawValue: flags), address: address)
        case "flags" where words.count == 2:
            guard let flags = UInt32(words[1]) else { return nil }
            self = .flags(VirtualService.Flags(rawValue: flags))
        case "list":
            let servers = words.dropFirst().compactMap(Self.server)
            guard servers.count == words.count - 1 else { return nil }
            self = .list(servers)
        case "conn" where words.count > 2:
            guard let client = Endpoint(words[1]), let server = Endpoint(words[2]) else { return nil }
            self = .choice(client: client, server: server, counts: Self.counts(words[3...]))
        case "none" where words.count > 1:
            guard let client = Endpoint(words[1]) else { return nil }
            self = .choice(client: client, server: nil, counts: Self.counts(words[2...]))
        default:
            return nil
        }
    }

    private static func server(_ word: String) -> Server? {
        let parts = word.split(separator: "=").map(String.init)
        guard parts.count == 2, let endpoint = Endpoint(parts[0]) else { return nil }
        let numbers = parts[1].split(separator: ",").compactMap { Int($0) }
        guard numbers.count == 3, let weight = Int32(exactly: numbers[0]) else { return nil }
        return Server(endpoint: endpoint, weight: weight, upperThreshold: numbers[1], lowerThreshold: numbers[2])
    }

    private static func counts(_ words: ArraySlice<String>) -> [Counts]? {
        let counts = words.compactMap { word -> Counts? in
            let numbers = word.split(separator: "+").compactMap { Int($0) }
            return numbers.count == 2 ? Counts(active: numbers[0], inactive: numbers[1]) : nil
        }
        return counts.count == words.count ? counts : nil
    }
}
