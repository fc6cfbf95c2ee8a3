import CPcap

/// Tells the kernel which of several sockets on one interface reads a packet, in classic BPF.
///
/// What is spread are TCP segments, by the sum of both addresses and ports: both directions of a connection are read by
/// the same socket. Whatever may begin a connection or is not plain TCP goes to the first socket: SYNs, UDP, SCTP,
/// tunnels, ICMP errors, fragments, extension headers, inner VLAN tags. So the order in which the director took
/// connections on is one socket's order, and all fragments of a packet meet.
///
/// A driver that leaves headers outside a packet's first piece of memory ends the program with 0: the first socket too.
///
/// The program does not know what a virtual service is: who traces a packet is decided when it was read.
///
/// - Source: `fanout_demux_bpf` in `net/packet/af_packet.c`, which takes the result modulo the number of sockets.
struct FanoutProgram {
    private(set) var instructions: [sock_filter] = []
    /// Jumps to the program's last instruction, which picks the first socket: where they are, and whether it is the
    /// condition that leads there.
    private var exits: [(place: Int, ifTrue: Bool)] = []

    /// Loads relative to the network header: what is sent has a link header before it, what is received has none.
    private static let network = UInt32(bitPattern: SKF_NET_OFF)
    private static let protocolKind = UInt32(bitPattern: SKF_AD_OFF + SKF_AD_PROTOCOL)
    private static let tcp: UInt32 = 6

    init() {
        load(.half, at: Self.protocolKind)
        let isIPv4 = instructions.count
        append(BPF_JMP | BPF_JEQ | BPF_K, 0x0800)
        leave(unlessEqual: 0x86dd)
        addIPv6()
        let ipv6Done = instructions.count
        append(BPF_JMP | BPF_JA, 0)
        // An IPv4 packet skips the part for IPv6.
        instructions[isIPv4].jt = UInt8(instructions.count - isIPv4 - 1)
        addIPv4()
        instructions[ipv6Done].k = UInt32(instructions.count - ipv6Done - 1)
        // The low bits of a product hang on the low bits of the sum alone.
        append(BPF_ALU | BPF_MUL | BPF_K, 0x9e37_79b1)
        append(BPF_ALU | BPF_RSH | BPF_K, 16)
        append(BPF_RET | BPF_A, 0)
        let last = instructions.count
        append(BPF_RET | BPF_K, 0)
        for exit in exits {
            let distance = UInt8(last - exit.place - 1)
            if exit.ifTrue { instructions[exit.place].jt = distance } else { instructions[exit.place].jf = distance }
        }
    }

    /// Leaves the sum in A.
    private mutating func addIPv4() {
        load(.byte, at: Self.network + 9)
        leave(unlessEqual: Self.tcp)
        load(.half, at: Self.network + 6)
        // More fragments, or an offset.
        leave(ifAnyOf: 0x3fff)
        load(.byte, at: Self.network)
        append(BPF_ALU | BPF_AND | BPF_K, 0x0f)
        append(BPF_ALU | BPF_LSH | BPF_K, 2)
        append(BPF_MISC | BPF_TAX, 0)
        load(.byte, at: Self.network + 13, plusX: true)
        leaveIfSYN()
        load(.half, at: Self.network, plusX: true)
        append(BPF_ST, 0)
        load(.half, at: Self.network + 2, plusX: true)
        append(BPF_LDX | BPF_MEM | BPF_W, 0)
        append(BPF_ALU | BPF_ADD | BPF_X, 0)
        add([12, 16])
    }

    /// Leaves the sum in A.
    private mutating func addIPv6() {
        load(.byte, at: Self.network + 6)
        leave(unlessEqual: Self.tcp)
        load(.byte, at: Self.network + 53)
        leaveIfSYN()
        load(.half, at: Self.network + 40)
        append(BPF_MISC | BPF_TAX, 0)
        load(.half, at: Self.network + 42)
        append(BPF_ALU | BPF_ADD | BPF_X, 0)
        add(Array(stride(from: 8, to: 40, by: 4)))
    }

    /// Adds words of the IP header to A.
    private mutating func add(_ offsets: [UInt32]) {
        for offset in offsets {
            append(BPF_MISC | BPF_TAX, 0)
            load(.word, at: Self.network + offset)
            append(BPF_ALU | BPF_ADD | BPF_X, 0)
        }
    }

    private enum Size {
        case byte, half, word
    }

    private mutating func load(_ size: Size, at offset: UInt32, plusX: Bool = false) {
        let code =
            switch size {
            case .byte: BPF_B
            case .half: BPF_H
            case .word: BPF_W
            }
        append(BPF_LD | code | (plusX ? BPF_IND : BPF_ABS), offset)
    }

    /// The flags are in A.
    private mutating func leaveIfSYN() {
        append(BPF_ALU | BPF_AND | BPF_K, 0x12)
        exits.append((instructions.count, true))
        append(BPF_JMP | BPF_JEQ | BPF_K, 0x02)
    }

    private mutating func leave(ifAnyOf bits: UInt32) {
        exits.append((instructions.count, true))
        append(BPF_JMP | BPF_JSET | BPF_K, bits)
    }

    private mutating func leave(unlessEqual value: UInt32) {
        exits.append((instructions.count, false))
        append(BPF_JMP | BPF_JEQ | BPF_K, value)
    }

    private mutating func append(_ code: Int32, _ k: UInt32) {
        instructions.append(sock_filter(code: UInt16(code), jt: 0, jf: 0, k: k))
    }
}
