/// Rows of the kernel's connection table, packed: a plain row of IPv4 takes 24 bytes, any other 80.
///
/// An element is unpacked when it is asked for. Its state is a number, since text would cost more than all the rest:
/// ``states`` has the names, so a consumer of many rows looks at each name once.
public struct ConnectionRows: Sendable {
    @usableFromInline package var packed: [Packed]
    @usableFromInline package var wide: [Wide]
    package var persistence: [Persistence]

    /// The names of the states met; a row's ``ConnectionRow/stateNumber`` is a position in it.
    public package(set) var states: [ConnectionState]

    package init(packed: [Packed], wide: [Wide], persistence: [Persistence], states: [ConnectionState]) {
        self.packed = packed
        self.wide = wide
        self.persistence = persistence
        self.states = states
    }

    /// A row, or for what does not fit the number of its ``Wide``.
    @usableFromInline package struct Packed: BitwiseCopyable, Sendable {
        /// The address if it is IPv4; the position in ``ConnectionRows/wide`` if the row is wide.
        @usableFromInline package var client: UInt32
        @usableFromInline package var virtual: UInt32
        @usableFromInline package var realServer: UInt32
        @usableFromInline package var clientPort: UInt16
        @usableFromInline package var virtualPort: UInt16
        @usableFromInline package var realServerPort: UInt16
        @usableFromInline package var transportProtocol: UInt8
        /// Its number; meaningless if the row is wide.
        @usableFromInline package var state: UInt8
        /// The expiry in seconds below ``isWide`` and ``isSynchronized``.
        @usableFromInline package var timer: UInt32

        @inlinable package static var isWide: UInt32 { 1 << 31 }
        @inlinable package static var isSynchronized: UInt32 { 1 << 30 }
        /// The longest expiry that can be held.
        @inlinable package static var longestExpiry: UInt32 { (1 << 30) - 1 }

        @inlinable
        package init(
            client: UInt32, virtual: UInt32, realServer: UInt32, clientPort: UInt16, virtualPort: UInt16,
            realServerPort: UInt16, transportProtocol: UInt8, state: UInt8, timer: UInt32
        ) {
            self.client = client
            self.virtual = virtual
            self.realServer = realServer
            self.clientPort = clientPort
            self.virtualPort = virtualPort
            self.realServerPort = realServerPort
            self.transportProtocol = transportProtocol
            self.state = state
            self.timer = timer
        }
    }

    /// What a row has beside its ``Packed`` if it is not plain IPv4.
    @usableFromInline package struct Wide: Sendable {
        @usableFromInline package var client: IPAddress
        @usableFromInline package var virtual: IPAddress
        @usableFromInline package var realServer: IPAddress
        @usableFromInline package var state: UInt32
        /// The position in ``ConnectionRows/persistence`` plus one; 0 is none.
        @usableFromInline package var persistence: UInt32

        package init(
            client: IPAddress, virtual: IPAddress, realServer: IPAddress, state: UInt32, persistence: UInt32
        ) {
            self.client = client
            self.virtual = virtual
            self.realServer = realServer
            self.state = state
            self.persistence = persistence
        }
    }

    /// What a persistence engine put into a row.
    package struct Persistence: Sendable {
        package var engine: String
        package var data: String

        package init(engine: String, data: String) {
            self.engine = engine
            self.data = data
        }
    }
}

/// One of ``ConnectionRows``, unpacked.
public struct ConnectionRow: Hashable, Sendable {
    public var transportProtocol: TransportProtocol
    public var client: Endpoint
    public var virtual: Endpoint
    public var realServer: Endpoint
    /// The position of the state's name in ``ConnectionRows/states``.
    public var stateNumber: Int
    /// As ``ConnectionEntry/expiresIn``.
    public var expiresIn: UInt32
    /// Whether the master's synchronization daemon told this backup of the connection. Only a listing with origins says
    /// so; any other has `false` throughout.
    public var isSynchronized: Bool

    @inlinable
    package init(
        transportProtocol: TransportProtocol, client: Endpoint, virtual: Endpoint, realServer: Endpoint,
        stateNumber: Int, expiresIn: UInt32, isSynchronized: Bool
    ) {
        self.transportProtocol = transportProtocol
        self.client = client
        self.virtual = virtual
        self.realServer = realServer
        self.stateNumber = stateNumber
        self.expiresIn = expiresIn
        self.isSynchronized = isSynchronized
    }

    /// As ``ConnectionEntry/isTemplate``.
    public var isTemplate: Bool { client.port == 0 && transportProtocol != .icmp && transportProtocol != .icmpv6 }
}

extension ConnectionRows: RandomAccessCollection {
    @inlinable public var startIndex: Int { 0 }
    @inlinable public var endIndex: Int { packed.count }

    @inlinable
    public subscript(position: Int) -> ConnectionRow {
        let row = packed[position]
        var client = IPAddress(ipv4: row.client)
        var virtual = IPAddress(ipv4: row.virtual)
        var realServer = IPAddress(ipv4: row.realServer)
        var state = UInt32(row.state)
        if row.timer & Packed.isWide != 0 {
            let wide = wide[Int(row.client)]
            client = wide.client
            virtual = wide.virtual
            realServer = wide.realServer
            state = wide.state
        }
        return ConnectionRow(
            transportProtocol: TransportProtocol(rawValue: row.transportProtocol),
            client: Endpoint(address: client, port: row.clientPort),
            virtual: Endpoint(address: virtual, port: row.virtualPort),
            realServer: Endpoint(address: realServer, port: row.realServerPort), stateNumber: Int(state),
            expiresIn: row.timer & Packed.longestExpiry, isSynchronized: row.timer & Packed.isSynchronized != 0)
    }

    /// The row at `position` with all its text.
    public func entry(at position: Int) -> ConnectionEntry {
        let row = self[position]
        let packed = packed[position]
        let number = packed.timer & Packed.isWide == 0 ? 0 : Int(wide[Int(packed.client)].persistence)
        let persistence = number == 0 ? nil : self.persistence[number - 1]
        return ConnectionEntry(
            transportProtocol: row.transportProtocol, client: row.client, virtual: row.virtual,
            realServer: row.realServer, state: states[row.stateNumber], expiresIn: row.expiresIn,
            persistenceEngine: persistence?.engine, persistenceData: persistence?.data)
    }
}
