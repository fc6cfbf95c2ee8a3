package import IPVSModel

/// What a saved listing of the connection table tells by itself.
package struct EntriesReport: Sendable, Hashable, Codable {
    /// The version of this format.
    package static let currentSchema = 1

    package var schema: Int
    /// What is taken for granted, in a sentence.
    package var assumption: String
    package var virtualServices: [EntriesVerdict]
    /// Always inconclusive: see ``reasons``.
    package var verdict: Verdict
    /// Why a listing proves nothing, in sentences.
    package var reasons: [String]

    enum CodingKeys: String, CodingKey {
        case schema, assumption
        case virtualServices = "virtual_services"
        case verdict, reasons
    }
}

/// What a listing tells of one virtual service.
package struct EntriesVerdict: Sendable, Hashable, Codable {
    package var virtualService: VirtualServiceIdentity
    /// Rows that are connections.
    package var entries: Int
    /// Rows that are persistence templates, left out of everything else.
    package var templates: Int
    /// Different client addresses.
    package var clients: Int
    package var order: EntriesOrder
    /// In order of address and port.
    package var realServers: [Share]
    /// Most frequent first.
    package var states: [StateCount]
    /// What the states suggest, in words for people.
    package var hints: [String]

    enum CodingKeys: String, CodingKey {
        case virtualService = "virtual_service"
        case entries, templates, clients, order
        case realServers = "real_servers"
        case states, hints
    }

    /// A real server's entries.
    package struct Share: Sendable, Hashable, Codable {
        package var realServer: Endpoint
        package var entries: Int

        enum CodingKeys: String, CodingKey {
            case realServer = "real_server"
            case entries
        }
    }

    /// How many entries are in a state.
    package struct StateCount: Sendable, Hashable, Codable {
        package var state: ConnectionState
        package var entries: Int
    }
}

/// Whether entries, in order of client port, went round the real servers in turn.
package struct EntriesOrder: Sendable, Hashable, Codable {
    package var finding: Finding
    /// How many entries, from the first on, are in turn.
    package var inOrder: Int
    /// The real servers in their turn, as far as the entries in order tell.
    package var cycle: [Endpoint]
    /// The first entry out of turn.
    @OrNull package var firstBreak: Break?

    enum CodingKeys: String, CodingKey {
        case finding
        case inOrder = "in_order"
        case cycle
        case firstBreak = "first_break"
    }

    /// The raw values are keys of the JSON and stable.
    package enum Finding: String, Sendable, Hashable, Codable {
        /// Every entry is in turn, and at least one server had a second one.
        case roundRobin = "round_robin"
        /// Some entry is out of turn.
        case broken
        /// All entries go to one real server.
        case oneRealServer = "one_real_server"
        /// No server had a second turn yet.
        case tooFew = "too_few"
        /// Several clients share the cursor, and a listing does not tell in which order they came.
        case severalClients = "several_clients"
    }

    /// An entry out of turn.
    package struct Break: Sendable, Hashable, Codable {
        /// Its place in the order of client ports, from 1.
        package var number: Int
        package var client: Endpoint
        package var realServer: Endpoint
        /// Who would have been in turn, if that is known.
        @OrNull package var expected: Endpoint?

        enum CodingKeys: String, CodingKey {
            case number, client
            case realServer = "real_server"
            case expected
        }
    }
}
