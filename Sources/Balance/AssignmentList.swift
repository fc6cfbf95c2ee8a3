package import IPVSModel

/// A virtual service's assignments in order of time, at half the memory of as many ``Assignment``.
package struct AssignmentList: Sendable, Equatable, RandomAccessCollection, MutableCollection,
    RangeReplaceableCollection, ExpressibleByArrayLiteral
{
    private var rows: AssignmentRows
    /// Whom the rows name by number.
    private var realServers: EndpointNumbers
    /// Which rows they are.
    private var places: [UInt32]

    package init() {
        self.init(rows: AssignmentRows(), realServers: EndpointNumbers(), places: [])
    }

    package init(arrayLiteral elements: Assignment...) {
        self.init(elements)
    }

    /// - Parameters:
    ///   - rows: Perhaps with those of other virtual services among them.
    ///   - realServers: Whom the rows name by number.
    ///   - places: Which rows they are, in any order.
    package init(rows: AssignmentRows, realServers: EndpointNumbers, places: [UInt32]) {
        self.rows = rows
        self.realServers = realServers
        self.places = places
        // Stable, and nearly done: they are kept in the order of their first packets.
        self.places.sort { rows[Int($0)].time < rows[Int($1)].time }
    }

    package var startIndex: Int { 0 }
    package var endIndex: Int { places.count }

    package subscript(index: Int) -> Assignment {
        get { rows[Int(places[index])].assignment(realServers.endpoints) }
        set { rows[Int(places[index])] = AssignmentRow(newValue, number(newValue.realServer)) }
    }

    package mutating func append(_ assignment: Assignment) {
        rows.append(AssignmentRow(assignment, number(assignment.realServer)))
        places.append(UInt32(rows.count - 1))
    }

    package mutating func replaceSubrange(_ range: Range<Int>, with elements: some Collection<Assignment>) {
        let new = elements.map { assignment in
            rows.append(AssignmentRow(assignment, number(assignment.realServer)))
            return UInt32(rows.count - 1)
        }
        places.replaceSubrange(range, with: new)
    }

    private mutating func number(_ realServer: Endpoint?) -> Int? {
        realServer.map { realServers.number(adding: $0) }
    }

    // What is asked of all of them is told without making an assignment of each.

    /// Where it was seen, how long a real server took to answer.
    ///
    /// - Unit: nanoseconds.
    var connectTimes: [Int64] { places.compactMap { rows[Int($0)].realServerConnect } }

    /// By place: whom the kernel chose, by its number among `realServers`; -1 if the choice stayed unseen.
    ///
    /// - Parameter number: The number of a real server that is met.
    func choices(_ number: (Endpoint) -> Int) -> [Int] {
        var numbers = [Int](repeating: -1, count: realServers.endpoints.count)
        return places.map { place in
            guard let own = rows[Int(place)].realServerNumber else { return -1 }
            if numbers[own] < 0 { numbers[own] = number(realServers.endpoints[own]) }
            return numbers[own]
        }
    }

    /// Whether the scheduler was asked for every one of them.
    var areAllScheduled: Bool { places.allSatisfy { rows[Int($0)].isScheduled == true } }

    /// The place of the first that was made at `time` or later; their number if there is none, or no time.
    func place(at time: Timestamp?) -> Int {
        guard let time else { return count }
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if rows[Int(places[middle])].time < time.rawValue { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// By place: when it was made, in nanoseconds since the epoch, and for how long it was open, if its end was seen.
    func visitTimes(_ body: (_ place: Int, _ time: Int64, _ duration: Int64?) -> Void) {
        for (place, row) in places.enumerated() { body(place, rows[Int(row)].time, rows[Int(row)].openFor) }
    }

    package static func == (lhs: Self, rhs: Self) -> Bool { lhs.elementsEqual(rhs) }
}

/// Assignments as they are kept, by number. Memory that grows without being copied.
package struct AssignmentRows: Sendable {
    private static let chunk = 16_384

    private var chunks: [[AssignmentRow]] = []
    /// One more than the highest number.
    package private(set) var count = 0

    package init() {}

    package subscript(number: Int) -> AssignmentRow {
        get { chunks[number / Self.chunk][number % Self.chunk] }
        set {
            while chunks.count <= number / Self.chunk {
                chunks.append(Array(repeating: AssignmentRow(), count: Self.chunk))
            }
            chunks[number / Self.chunk][number % Self.chunk] = newValue
            count = Swift.max(count, number + 1)
        }
    }

    package mutating func append(_ row: AssignmentRow) { self[count] = row }
}

/// An ``Assignment`` in 48 bytes.
package struct AssignmentRow: Sendable, BitwiseCopyable {
    private let connection: Int64
    /// In nanoseconds since the epoch.
    fileprivate let time: Int64
    private let clientHigh: UInt64
    private let clientLow: UInt64
    private let connect: PackedDuration
    private let duration: PackedDuration
    private let clientPort: UInt16
    /// Plus 1; 0 is one that was not seen.
    private let realServer: UInt16
    /// Whose it is, as whoever keeps it numbers them, plus 1; 0 is a row that was never set.
    private let service: UInt16
    fileprivate let isScheduled: Bool?

    /// A row that was never set.
    init() {
        (connection, time, clientHigh, clientLow) = (0, 0, 0, 0)
        (connect, duration) = (PackedDuration(nil, unit: 1), PackedDuration(nil, unit: 1))
        (clientPort, realServer, service, isScheduled) = (0, 0, 0, nil)
    }

    /// - Parameters:
    ///   - connect: Translated SYN out to SYN-ACK in, in nanoseconds; `nil` if either was not seen.
    ///   - duration: From the SYN to the second FIN, or an RST, in nanoseconds; `nil` if neither was seen.
    ///   - realServer: Its number; `nil` if the choice was not seen.
    ///   - service: Whose it is, below 65535.
    package init(
        connection: Int64, time: Timestamp, client: Endpoint, connect: Int64?, duration: Int64?, realServer: Int?,
        isScheduled: Bool?, service: Int = 0
    ) {
        self.connection = connection
        self.time = time.rawValue
        clientHigh = client.address.high
        clientLow = client.address.low
        clientPort = client.port
        self.connect = PackedDuration(connect, unit: Self.connectUnit)
        self.duration = PackedDuration(duration, unit: Self.durationUnit)
        self.realServer = realServer.map { UInt16($0 + 1) } ?? 0
        self.isScheduled = isScheduled
        self.service = UInt16(service + 1)
    }

    fileprivate init(_ assignment: Assignment, _ realServer: Int?) {
        self.init(
            connection: assignment.connection, time: assignment.time, client: assignment.client,
            connect: assignment.realServerConnect, duration: assignment.duration, realServer: realServer,
            isScheduled: assignment.isScheduled)
    }

    /// Whose it is; `nil` if it was never set.
    package var serviceNumber: Int? { service == 0 ? nil : Int(service) - 1 }

    fileprivate var realServerNumber: Int? { realServer == 0 ? nil : Int(realServer) - 1 }
    fileprivate var realServerConnect: Int64? { connect.nanoseconds(unit: Self.connectUnit) }
    fileprivate var openFor: Int64? { duration.nanoseconds(unit: Self.durationUnit) }

    fileprivate func assignment(_ realServers: [Endpoint]) -> Assignment {
        Assignment(
            connection: connection, time: Timestamp(rawValue: time),
            client: Endpoint(address: IPAddress(high: clientHigh, low: clientLow), port: clientPort),
            realServer: realServer == 0 ? nil : realServers[Int(realServer) - 1],
            realServerConnect: realServerConnect, duration: openFor, isScheduled: isScheduled)
    }

    /// As finely as packets are told apart, up to seven minutes.
    private static let connectUnit: Int64 = 100
    /// Up to five days.
    private static let durationUnit: Int64 = 100_000
}

/// A time that passed, in four bytes; what is too long stays at the longest.
private struct PackedDuration: BitwiseCopyable {
    /// Plus 1; 0 is none.
    private let units: UInt32

    init(_ nanoseconds: Int64?, unit: Int64) {
        units = nanoseconds.map { UInt32(clamping: max($0, 0) / unit + 1) } ?? 0
    }

    func nanoseconds(unit: Int64) -> Int64? { units == 0 ? nil : Int64(units - 1) * unit }
}
