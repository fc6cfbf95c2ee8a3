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
/// numbers below 0 until somebody who has heard all of them tells the true ones.
extension ConnectionTracer {
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
        flows[place].id = -Int64(births!.count)
    }

    /// Whether any connection waits for an id.
    package var hasUnnumbered: Bool { births?.isEmpty == false }

    /// The connections that wait for an id, in the order in which they began here.
    package var unnumbered: [ConnectionBirth] { births ?? [] }

    /// Gives ids to the connections of ``unnumbered``.
    package mutating func number(_ ids: [Int64]) {
        guard let waiting = births else { return }
        for (index, birth) in waiting.enumerated() where flows[birth.place].id == -Int64(index + 1) {
            flows[birth.place].id = ids[index]
        }
        for index in records.indices where records[index].id < 0 {
            records[index].id = ids[Int(-records[index].id) - 1]
        }
        for index in events.indices {
            guard let id = events[index].connection, id < 0 else { continue }
            events[index].connection = ids[Int(-id) - 1]
        }
        births!.removeAll(keepingCapacity: true)
    }
}
