import ArgumentParser
import Balance
import ConnectionTracing
import FoundationEssentials
import IPVSModel
package import TraceStore

/// How observations are printed, one a line. The names are those of `--format` and stable.
package enum ObserveFormat: String, Sendable, CaseIterable, ExpressibleByArgument {
    /// For a person.
    case compact
    /// For programs: an object a line; the keys are stable.
    case json

    /// One line, with its end.
    package func render(_ observation: Observation) throws -> String {
        switch (self, observation) {
        case (.compact, .connection(let connection)): Self.compact(connection)
        case (.compact, .trouble(let trouble)): Self.compact(trouble)
        case (.json, .connection(let connection)): try Self.json(JSONConnection(connection))
        case (.json, .trouble(let trouble)): try Self.json(JSONTrouble(trouble))
        }
    }

    /// `… tcp/192.168.122.100:80 192.168.122.1:40000 → 10.10.10.30:80 closed, connect 200 µs, …`
    private static func compact(_ connection: ObservedConnection) -> String {
        let origin = connection.origin == "assigned" ? "" : " (\(connection.origin))"
        let steps = [
            ("connect", connection.realServerConnect), ("handshake", connection.clientHandshake),
            ("first byte", connection.timeToFirstByte), ("lasted", connection.duration),
        ].compactMap { step in step.1.map { "\(step.0) \(Figures.seconds($0))" } }
        return line(
            connection.firstSeen, connection.virtualService, connection.client, connection.realServer,
            "\(connection.outcome.name)\(origin), \(steps.joined(separator: ", ")), "
                + "in \(connection.packetsIn)/\(connection.bytesIn), out \(connection.packetsOut)/\(connection.bytesOut)"
        )
    }

    private static func compact(_ trouble: ObservedTrouble) -> String {
        line(
            trouble.time, trouble.virtualService, trouble.client, trouble.realServer,
            "! \(trouble.kind)" + (trouble.detail.isEmpty ? "" : ": \(trouble.detail)"))
    }

    private static func line(
        _ time: Timestamp, _ service: VirtualServiceIdentity?, _ client: Endpoint?, _ server: Endpoint?, _ rest: String
    ) -> String {
        // Microseconds are enough for a person, and what the kernel's clocks agree on.
        let moment = UTCTime(time).description.dropLast(4) + "Z"
        let names = [service?.description, client?.description].map { $0 ?? Figures.unknown }
        return "\(moment) \(names[0]) \(names[1]) → \(server?.description ?? Figures.unknown) \(rest)\n"
    }

    private static func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
    }
}

private struct JSONConnection: Encodable {
    let type = "connection"
    let id: Int64
    let run: Int64
    let time: UTCTime
    let virtualService: VirtualServiceIdentity
    let `protocol`: String
    let client: Endpoint
    @OrNull var realServer: Endpoint?
    let origin: String
    let outcome: String
    @OrNull var realServerConnect: Double?
    @OrNull var clientHandshake: Double?
    @OrNull var timeToFirstByte: Double?
    let duration: Double
    let packetsIn: Int64
    let packetsOut: Int64
    let bytesIn: Int64
    let bytesOut: Int64

    enum CodingKeys: String, CodingKey {
        case type, id, run, time
        case virtualService = "virtual_service"
        case `protocol`, client
        case realServer = "real_server"
        case origin, outcome
        case realServerConnect = "real_server_connect"
        case clientHandshake = "client_handshake"
        case timeToFirstByte = "time_to_first_byte"
        case duration
        case packetsIn = "packets_in"
        case packetsOut = "packets_out"
        case bytesIn = "bytes_in"
        case bytesOut = "bytes_out"
    }

    init(_ connection: ObservedConnection) {
        id = connection.id
        run = connection.run
        time = UTCTime(connection.firstSeen)
        virtualService = connection.virtualService
        `protocol` = connection.transportProtocol.description
        client = connection.client
        origin = connection.origin
        outcome = connection.outcome.name
        duration = connection.duration
        packetsIn = connection.packetsIn
        packetsOut = connection.packetsOut
        bytesIn = connection.bytesIn
        bytesOut = connection.bytesOut
        realServer = connection.realServer
        realServerConnect = connection.realServerConnect
        clientHandshake = connection.clientHandshake
        timeToFirstByte = connection.timeToFirstByte
    }
}

private struct JSONTrouble: Encodable {
    let type = "trouble"
    let run: Int64
    let time: UTCTime
    let kind: String
    @OrNull var connection: Int64?
    @OrNull var client: Endpoint?
    @OrNull var virtualService: VirtualServiceIdentity?
    @OrNull var realServer: Endpoint?
    let detail: String

    enum CodingKeys: String, CodingKey {
        case type, run, time, kind, connection, client
        case virtualService = "virtual_service"
        case realServer = "real_server"
        case detail
    }

    init(_ trouble: ObservedTrouble) {
        run = trouble.run
        time = UTCTime(trouble.time)
        kind = trouble.kind
        detail = trouble.detail
        connection = trouble.connection
        client = trouble.client
        virtualService = trouble.virtualService
        realServer = trouble.realServer
    }
}
