internal import ConnectionTracing
internal import GRDB
internal import IPVSModel

/// The ids of texts and servers that rows refer to, remembered while the database is open for writing.
///
/// Confinement: used only inside the store's write transactions. After one that was rolled back, `forget` must be
/// called: ids it made are gone.
struct Dictionaries {
    private var addresses: [IPAddress: Int64] = [:]
    private var virtualServices: [VirtualServiceIdentity: Int64] = [:]
    private var realServers: [RealServerKey: Int64] = [:]
    private var states: [ConnectionState: Int64] = [:]
    /// By raw value, what ``states`` has of their names: a row asks twice.
    private var entryStates = [Int64](repeating: -1, count: 256)
    /// The last ones asked for, by a part of their address: nearly every row's is among them.
    private var recentServers = [RecentServer?](repeating: nil, count: 64)

    /// Above this many, all addresses are forgotten and read again as needed: a flood has no end of clients.
    private static let maximumAddresses = 100_000

    private struct RealServerKey: Hashable {
        var virtualService: VirtualServiceIdentity
        var endpoint: Endpoint?
    }

    private struct RecentServer {
        var key: RealServerKey
        var id: Int64
    }

    /// Addresses that were asked for since ``noteAddresses()``; `nil` if nobody wants to know.
    private var used: Set<Int64>?

    /// Also which addresses were used: who noted them has to begin again.
    mutating func forget() { self = Self() }

    /// Forgets addresses, of which some are to be removed.
    mutating func forgetAddresses() { addresses.removeAll(keepingCapacity: true) }

    var isNotingAddresses: Bool { used != nil }

    mutating func noteAddresses() { used = [] }

    mutating func stopNotingAddresses() { used = nil }

    /// The ids of addresses that rows were written with since ``noteAddresses()`` or the last call.
    mutating func takeAddressesUsed() -> Set<Int64> {
        defer { if used != nil { used = [] } }
        return used ?? []
    }

    mutating func id(of address: IPAddress, in database: Database) throws -> Int64 {
        if let id = addresses[address] {
            used?.insert(id)
            return id
        }
        if addresses.count >= Self.maximumAddresses { addresses.removeAll(keepingCapacity: true) }
        let text = address.description
        let found =
            try Self.find("SELECT id FROM address WHERE text = ?", [text], in: database)
            ?? Self.insert("INSERT INTO address (text) VALUES (?)", [text], in: database)
        addresses[address] = found
        used?.insert(found)
        return found
    }

    mutating func id(of identity: VirtualServiceIdentity, in database: Database) throws -> Int64 {
        if let id = virtualServices[identity] { return id }
        let addressID = try identity.endpoint.map { try id(of: $0.address, in: database) }
        var mark: Int64?
        if case .firewallMark(let value, _) = identity { mark = Int64(value) }
        let found =
            try Self.find("SELECT id FROM virtual_service WHERE identity = ?", [identity.description], in: database)
            ?? Self.insert(
                """
                INSERT INTO virtual_service (identity, protocol, address_id, port, firewall_mark)
                VALUES (?, ?, ?, ?, ?)
                """,
                [
                    identity.description, identity.transportProtocol.map { Int64($0.rawValue) }, addressID,
                    identity.endpoint.map { Int64($0.port) }, mark,
                ], in: database)
        virtualServices[identity] = found
        return found
    }

    /// - Parameter endpoint: `nil` for the row that stands for "it was not seen which one".
    mutating func id(
        of endpoint: Endpoint?, of virtualService: VirtualServiceIdentity, in database: Database
    ) throws -> Int64 {
        let key = RealServerKey(virtualService: virtualService, endpoint: endpoint)
        let place = endpoint.map { Int(truncatingIfNeeded: $0.address.low ^ UInt64($0.port)) & 63 } ?? 0
        if let recent = recentServers[place], recent.key == key { return recent.id }
        let id = try knownID(of: key, in: database)
        recentServers[place] = RecentServer(key: key, id: id)
        return id
    }

    private mutating func knownID(of key: RealServerKey, in database: Database) throws -> Int64 {
        if let id = realServers[key] { return id }
        let (endpoint, virtualService) = (key.endpoint, key.virtualService)
        let service = try id(of: virtualService, in: database)
        let addressID = try endpoint.map { try id(of: $0.address, in: database) }
        let found =
            try Self.find(
                "SELECT id FROM real_server WHERE virtual_service_id = ? AND endpoint IS ?",
                [service, endpoint?.description], in: database)
            ?? Self.insert(
                "INSERT INTO real_server (virtual_service_id, endpoint, address_id, port) VALUES (?, ?, ?, ?)",
                [service, endpoint?.description, addressID, endpoint.map { Int64($0.port) }], in: database)
        realServers[key] = found
        return found
    }

    mutating func id(of state: EntryState, in database: Database) throws -> Int64 {
        let place = Int(state.rawValue)
        if entryStates[place] < 0 { entryStates[place] = try id(of: state.connectionState, in: database) }
        return entryStates[place]
    }

    private mutating func id(of state: ConnectionState, in database: Database) throws -> Int64 {
        if let id = states[state] { return id }
        let found =
            try Self.find("SELECT id FROM connection_state WHERE name = ?", [state.rawValue], in: database)
            ?? Self.insert("INSERT INTO connection_state (name) VALUES (?)", [state.rawValue], in: database)
        states[state] = found
        return found
    }

    private static func find(_ sql: String, _ arguments: StatementArguments, in database: Database) throws -> Int64? {
        try Int64.fetchOne(database.cachedStatement(sql: sql), arguments: arguments)
    }

    private static func insert(_ sql: String, _ arguments: StatementArguments, in database: Database) throws -> Int64 {
        try database.cachedStatement(sql: sql).execute(arguments: arguments)
        return database.lastInsertedRowID
    }
}
