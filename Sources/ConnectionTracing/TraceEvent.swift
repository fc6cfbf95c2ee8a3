package import IPVSModel

/// Something worth telling that is not a connection's ordinary life.
package struct TraceEvent: Sendable, Hashable {
    package var time: Timestamp
    package var kind: Kind
    package var virtualService: VirtualServiceIdentity?
    package var realServer: Endpoint?
    /// The connection's id, if the event is about one.
    package var connection: Int64?
    /// A few words for people, for example `weight 1 → 0`.
    package var detail: String

    package init(
        time: Timestamp, kind: Kind, virtualService: VirtualServiceIdentity? = nil, realServer: Endpoint? = nil,
        connection: Int64? = nil, detail: String = ""
    ) {
        self.time = time
        self.kind = kind
        self.virtualService = virtualService
        self.realServer = realServer
        self.connection = connection
        self.detail = detail
    }

    /// The raw values are stored and stable.
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        /// A virtual service or real server was added, removed or edited.
        case configurationChanged = "configuration_changed"
        /// The kernel or one of our queues dropped packets.
        case captureLoss = "capture_loss"
        /// The capture shows more or less than before: see `CaptureLevel`.
        case levelChanged = "level_changed"
        /// The real server answered a SYN with RST.
        case refused
        case resetByClient = "reset_by_client"
        case resetByRealServer = "reset_by_real_server"
        /// Forwarded, and never answered.
        case unanswered
        /// Nothing left on the DIP side.
        case notForwarded = "not_forwarded"
        /// The client's SYN was seen more than once.
        case synRetransmitted = "syn_retransmitted"
        /// A SYN reused a client port whose entry was still in the table.
        case portReused = "port_reused"
        /// Scheduled, and the director said that it could not send a packet on.
        case notTransmitted = "not_transmitted"
        /// No real server was available.
        case noRealServer = "no_real_server"
        /// Only a repeated SYN was sent on: the client was kept waiting.
        case stalled
        /// The director itself reset a connection: IPVS had no entry for it.
        case resetWithoutEntry = "reset_without_entry"
        /// With masquerading: the client completed its handshake, and no reply ever passed the director.
        case replyBypassed = "reply_bypassed"
        /// One client port, two virtual services, one real server: replies of one are taken for the other's.
        case sharedClientPort = "shared_client_port"
        /// Our table was full, and a connection was dropped from it.
        case evicted
        /// A counter of the kernel went backwards.
        case counterReset = "counter_reset"
        /// The kernel could not be read.
        case kernelUnreadable = "kernel_unreadable"
        /// The rolling verdict on a virtual service is another than before.
        case verdictChanged = "verdict_changed"
        /// A real server's weight was set to 0, or it left its virtual service.
        case drainBegan = "drain_began"
        /// None of its connections is open any more.
        case drained
        /// It has a weight again before it was drained.
        case drainAborted = "drain_aborted"
        /// Rows were lost on their way to the store.
        case storeGap = "store_gap"
        /// The database was damaged: it was set aside, and a new one begun.
        case storeDamaged = "store_damaged"
        /// The run's collector went away before the end.
        case interrupted

        /// The kinds that tell of trouble with a connection: those are counted, whether or not the event is kept.
        package static let troubles: [Self] = [
            .refused, .resetByClient, .resetByRealServer, .unanswered, .notForwarded, .synRetransmitted,
            .notTransmitted, .noRealServer, .stalled, .resetWithoutEntry, .replyBypassed, .sharedClientPort,
        ]
    }
}
