import IPVSModel
import PacketDecoding

/// When a connection began, in an order that does not depend on who traced it.
package struct ConnectionBirth: Sendable, Comparable, BitwiseCopyable {
    /// Of its first packet, in nanoseconds since the epoch.
    let time: Int64
    /// The first packet's number in its capture.
    let ordinal: UInt64
    let tap: UInt8
    /// Its record.
    var place: UInt32

    package static func < (lhs: Self, rhs: Self) -> Bool {
        (lhs.time, lhs.tap, lhs.ordinal) < (rhs.time, rhs.tap, rhs.ordinal)
    }

    package static func == (lhs: Self, rhs: Self) -> Bool {
        (lhs.time, lhs.tap, lhs.ordinal) == (rhs.time, rhs.tap, rhs.ordinal)
    }
}

/// The ids of connections, in the order in which they began.
///
/// One tracer counts them up. Of several that share the work none knows when others' connections begin: each gives
/// numbers above all true ones, so that the order of ids holds, until somebody who has heard all of them tells those.
extension ConnectionTracer {
    /// Numbers that stand for a true one begin here.
    private static let standIns: Int64 = 1 << 62

    /// Gives a record its id when its first packet comes.
    mutating func number(_ place: UInt32, _ packet: PacketSummary) {
        guard births != nil else {
            flows[place].id = nextID
            nextID += 1
            return
        }
        births!.append(
            ConnectionBirth(
                time: packet.time, ordinal: packet.ordinal, tap: packet.tap.rawValue, place: place))
        flows[place].id = Self.standIns + Int64(births!.count - 1)
    }

    /// Whether any connection waits for an id.
    package var hasUnnumbered: Bool { births?.isEmpty == false }

    /// The connections that wait for an id, in the order in which they began here.
    package var unnumbered: [ConnectionBirth] { births ?? [] }

    /// Gives ids to the connections of ``unnumbered``.
    package mutating func number(_ ids: [Int64]) {
        guard let waiting = births else { return }
        for (index, birth) in waiting.enumerated() where flows[birth.place].id == Self.standIns + Int64(index) {
            flows[birth.place].id = ids[index]
        }
        for index in records.indices where records[index].id >= Self.standIns {
            records[index].id = ids[Int(records[index].id - Self.standIns)]
        }
        for index in starts.told.indices where starts.told[index].id >= Self.standIns {
            starts.told[index].id = ids[Int(starts.told[index].id - Self.standIns)]
        }
        for index in events.indices {
            guard let id = events[index].connection, id >= Self.standIns else { continue }
            events[index].connection = ids[Int(id - Self.standIns)]
        }
        births!.removeAll(keepingCapacity: true)
    }
}
