package import ConnectionTracing
package import IPVSModel

/// A line of what happened: a connection, as it was written, or trouble with one.
package enum Observation: Sendable, Hashable {
    case connection(ObservedConnection)
    case trouble(ObservedTrouble)

    package var time: Timestamp {
        switch self {
        case .connection(let connection): connection.firstSeen
        case .trouble(let trouble): trouble.time
        }
    }
}

/// A connection's row, by names.
package struct ObservedConnection: Sendable, Hashable {
    package var id: Int64
    package var run: Int64
    package var virtualService: VirtualServiceIdentity
    package var transportProtocol: TransportProtocol
    package var client: Endpoint
    /// `nil` if it was not seen which one.
    package var realServer: Endpoint?
    /// By its stable name.
    package var origin: String
    package var outcome: ConnectionOutcome
    package var firstSeen: Timestamp
    /// Seconds, as the next three; `nil` if a packet that bounds it was not seen.
    package var realServerConnect: Double?
    package var clientHandshake: Double?
    package var timeToFirstByte: Double?
    package var duration: Double
    package var packetsIn: Int64
    package var packetsOut: Int64
    package var bytesIn: Int64
    package var bytesOut: Int64

    package init(
        id: Int64, run: Int64, virtualService: VirtualServiceIdentity, transportProtocol: TransportProtocol,
        client: Endpoint, realServer: Endpoint?, origin: String, outcome: ConnectionOutcome, firstSeen: Timestamp,
        realServerConnect: Double?, clientHandshake: Double?, timeToFirstByte: Double?, duration: Double,
        packetsIn: Int64, packetsOut: Int64, bytesIn: Int64, bytesOut: Int64
    ) {
        self.id = id
        self.run = run
        self.virtualService = virtualService
        self.transportProtocol = transportProtocol
        self.client = client
        self.realServer = realServer
        self.origin = origin
        self.outcome = outcome
        self.firstSeen = firstSeen
        self.realServerConnect = realServerConnect
        self.clientHandshake = clientHandshake
        self.timeToFirstByte = timeToFirstByte
        self.duration = duration
        self.packetsIn = packetsIn
        self.packetsOut = packetsOut
        self.bytesIn = bytesIn
        self.bytesOut = bytesOut
    }
}

/// An event about a connection, as in view `anomalies`.
package struct ObservedTrouble: Sendable, Hashable {
    package var run: Int64
    package var time: Timestamp
    package var kind: String
    package var connection: Int64?
    package var client: Endpoint?
    package var virtualService: VirtualServiceIdentity?
    package var realServer: Endpoint?
    package var detail: String

    package init(
        run: Int64, time: Timestamp, kind: String, connection: Int64?, client: Endpoint?,
        virtualService: VirtualServiceIdentity?, realServer: Endpoint?, detail: String
    ) {
        self.run = run
        self.time = time
        self.kind = kind
        self.connection = connection
        self.client = client
        self.virtualService = virtualService
        self.realServer = realServer
        self.detail = detail
    }
}
