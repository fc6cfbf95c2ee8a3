/// How often what went wrong: of the connections of one real server, or of those whose real server is not known.
package struct Troubles: Sendable, Hashable {
    /// Events by their kind; those of ``TraceEvent/Kind/troubles`` are counted, one that never happened is absent.
    package var events: [TraceEvent.Kind: UInt64] = [:]
    /// SYNs that clients repeated, by which step before their answer is missing.
    package var synRetransmissions: [SYNRetransmission: UInt64] = [:]

    package init(events: [TraceEvent.Kind: UInt64] = [:], synRetransmissions: [SYNRetransmission: UInt64] = [:]) {
        self.events = events
        self.synRetransmissions = synRetransmissions
    }

    mutating func add(_ other: Troubles) {
        events.merge(other.events, uniquingKeysWith: +)
        synRetransmissions.merge(other.synRetransmissions, uniquingKeysWith: +)
    }
}

/// Why a client repeated its SYN, as far as the director's two sides tell.
///
/// The raw values are what metrics show.
package enum SYNRetransmission: String, Sendable, Hashable, CaseIterable {
    /// Nothing left on the DIP side.
    case notForwarded = "not_forwarded"
    /// It was sent on, and nothing came back.
    case realServerSilent = "real_server_silent"
    /// The real server's reply came in, and did not leave.
    case replyNotForwarded = "reply_not_forwarded"
    /// The reply left on the VIP side.
    case replyLost = "reply_lost"
    /// It was sent on, and replies bypass the director.
    case replyUnseen = "reply_unseen"

    init(of record: FlowRecord) {
        self =
            if record.isUnforwarded {
                .notForwarded
            } else if record.vip.outPackets > 0 {
                .replyLost
            } else if record.marks.contains(.inputOnly) {
                .replyUnseen
            } else {
                record.dip.outPackets > 0 ? .replyNotForwarded : .realServerSilent
            }
    }

    /// For people.
    var words: String {
        switch self {
        case .notForwarded: "not sent on"
        case .realServerSilent: "the real server is silent"
        case .replyNotForwarded: "the real server's reply is not sent on"
        case .replyLost: "the reply is lost on its way to the client"
        case .replyUnseen: "whether the real server replied is not seen"
        }
    }
}
