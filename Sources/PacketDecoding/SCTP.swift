/// SCTP: the ports, and what the first chunk means.
///
/// - Source: RFC 9260.
enum SCTP {
    static let protocolNumber: UInt8 = 132
    static let headerLength = 12
    static let chunkHeaderLength = 4

    /// Fills in what the header says; `summary.payloadLength` holds the packet's length when called.
    @inline(never)
    static func decode(
        _ bytes: RawSpan, at offset: Int, into summary: inout PacketSummary
    ) throws(DecodingError) {
        try bytes.require(headerLength + chunkHeaderLength, at: offset, for: .sctp)
        guard summary.payloadLength >= headerLength else { throw .malformed(.sctp) }
        summary.sourcePort = bytes.uint16(at: offset)
        summary.destinationPort = bytes.uint16(at: offset + 2)
        summary.sequence = 0
        summary.acknowledgement = 0
        summary.payloadLength -= UInt32(headerLength)
        summary.flags = event(bytes, at: offset + headerLength).flags
    }

    /// The kernel looks at the first chunk, and behind COOKIE ECHO and COOKIE ACK for an ABORT.
    private static func event(_ bytes: RawSpan, at offset: Int) -> SCTPEvent {
        let first = SCTPEvent(chunkType: bytes.byte(at: offset))
        guard first == .cookieEcho || first == .cookieAck else { return first }
        let length = Int(bytes.uint16(at: offset + 2))
        let second = offset + (length + 3) & ~3
        guard length >= chunkHeaderLength, second < bytes.byteCount else { return first }
        return SCTPEvent(chunkType: bytes.byte(at: second)) == .abort ? .abort : first
    }
}

/// What an SCTP packet means to a connection's state.
///
/// - Source: `sctp_events` in `net/netfilter/ipvs/ip_vs_proto_sctp.c`.
@frozen
public enum SCTPEvent: UInt8, Sendable, BitwiseCopyable, CaseIterable {
    case data, `init`, initAck, cookieEcho, cookieAck, shutdown, shutdownAck, shutdownComplete, error, abort

    /// - Parameter chunkType: Of the first chunk; anything unknown counts as data.
    init(chunkType: UInt8) {
        switch chunkType {
        case 1: self = .`init`
        case 2: self = .initAck
        case 6: self = .abort
        case 7: self = .shutdown
        case 8: self = .shutdownAck
        case 9: self = .error
        case 10: self = .cookieEcho
        case 11: self = .cookieAck
        case 14: self = .shutdownComplete
        default: self = .data
        }
    }

    /// The TCP flags that mean the same, of the five that matter; PSH, which does not, tells the rest apart.
    public var flags: TCPFlags {
        switch self {
        case .data: [.ack, .psh]
        case .`init`: .syn
        case .initAck: [.syn, .ack]
        case .cookieEcho: .ack
        case .cookieAck: .psh
        case .shutdown: .fin
        case .shutdownAck: [.fin, .ack]
        case .shutdownComplete: [.fin, .ack, .psh]
        case .error: []
        case .abort: .rst
        }
    }

    /// What ``flags`` were made of.
    public init(flags: TCPFlags) {
        self = Self.allCases.first { $0.flags == flags } ?? .data
    }
}
