/// Gives later fragments the ports of the first.
///
/// A fixed number of places, each for the newest packet that falls into it: a fragmented packet's parts follow one
/// another closely.
struct FragmentTable: Sendable {
    private struct Place: Sendable {
        var source: (high: UInt64, low: UInt64) = (0, 0)
        var destination: (high: UInt64, low: UInt64) = (0, 0)
        var identification: UInt32 = 0
        /// The payload of fragments that came before the first.
        var waitingBytes: UInt32 = 0
        var sourcePort: UInt16 = 0
        var destinationPort: UInt16 = 0
        var kind: UInt8 = 0
        var transport: UInt8 = 0
        var hasPorts = false
    }

    private static let count = 256
    private var places = [Place](repeating: Place(), count: count)

    /// Notes the ports of a first fragment, and adds to its length what came before it.
    mutating func noteFirst(_ fragment: Fragment, _ summary: inout PacketSummary) {
        let index = place(of: fragment, summary)
        summary.ipLength &+= places[index].waitingBytes
        places[index].waitingBytes = 0
        places[index].sourcePort = summary.sourcePort
        places[index].destinationPort = summary.destinationPort
        places[index].transport = summary.transport
        places[index].hasPorts = true
    }

    /// Completes a later fragment: `summary.payloadLength` holds the length of its payload.
    ///
    /// - Returns: Whether its first fragment was seen; if not, its bytes wait for that.
    mutating func complete(_ fragment: Fragment, _ summary: inout PacketSummary) -> Bool {
        let index = place(of: fragment, summary)
        guard places[index].hasPorts else {
            places[index].waitingBytes &+= summary.payloadLength
            return false
        }
        summary.sourcePort = places[index].sourcePort
        summary.destinationPort = places[index].destinationPort
        summary.transport = places[index].transport
        summary.ipLength = summary.payloadLength
        summary.acknowledgement = 0
        summary.flags = []
        summary.marks.insert(.laterFragment)
        return true
    }

    /// The place of a packet, emptied if it held another's.
    private mutating func place(of fragment: Fragment, _ summary: PacketSummary) -> Int {
        let mixed =
            (summary.sourceLow ^ summary.destinationLow &* 3 ^ UInt64(fragment.identification) << 16)
            &* 0x9E37_79B9_7F4A_7C15
        let index = Int(mixed >> 56)
        let isSame =
            places[index].identification == fragment.identification && places[index].kind == fragment.kind
            && places[index].source == (summary.sourceHigh, summary.sourceLow)
            && places[index].destination == (summary.destinationHigh, summary.destinationLow)
        if !isSame {
            places[index] = Place(
                source: (summary.sourceHigh, summary.sourceLow),
                destination: (summary.destinationHigh, summary.destinationLow),
                identification: fragment.identification, kind: fragment.kind)
        }
        return index
    }
}
