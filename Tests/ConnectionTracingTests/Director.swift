import ConnectionTracing
import IPVSModel
import PacketDecoding
import TestSupport

/// A director that keeps its entries by the kernel's own rules, a row each and nothing fast, while its clients and
/// real servers send whatever comes to mind.
///
/// Waits are multiples of 6 s: no timer ends within a second of any of them.
struct Director {
    private struct Row {
        var state: EntryState
        var last: Int64
        var server: Endpoint
        var conversation: Conversation
        var syn: UInt32

        var isSpent: Bool { state == .timeWait || state == .close }

        func isGone(at time: Int64) -> Bool {
            let timeout = state.timeout(KernelState.Timeouts()) * 1_000_000_000
            return time - last > timeout + timeout / 16
        }
    }

    private static let clients = (0..<80).map { Endpoint("192.168.123.\($0 / 4):\(40_000 + $0 % 4)")! }
    private static let fromClient: [TCPFlags] = [.ack, .ack, .ack, [.fin, .ack], .rst, []]
    private static let fromServer: [TCPFlags] = [[.syn, .ack], [.syn, .ack], .ack, .ack, [.fin, .ack], .rst]

    private let table = EntryStateTable()
    private var rows: [Endpoint: Row] = [:]
    private var random: SeededGenerator
    /// The part of packets that a side does not see, in hundredths.
    private let loss: Int

    init(seed: UInt64, loss: Int = 0) {
        random = SeededGenerator(seed: seed)
        self.loss = loss
    }

    private mutating func seen() -> Sides {
        var sides: Sides = .both
        if Int.random(in: 0..<100, using: &random) < loss { sides.remove(.vip) }
        if Int.random(in: 0..<100, using: &random) < loss { sides.remove(.dip) }
        return sides
    }

    /// Some packet of some client's connection.
    mutating func step(_ stage: inout Stage) {
        let client = Self.clients.randomElement(using: &random)!
        if let row = rows[client], row.isGone(at: stage.now) { rows[client] = nil }
        let dice = Int.random(in: 0..<100, using: &random)
        if rows[client] == nil || dice < 15 {
            open(client, isRepeated: dice < 7, &stage)
            return
        }
        guard var row = rows[client] else { return }
        let isIn = dice < 60
        let flags = (isIn ? Self.fromClient : Self.fromServer).randomElement(using: &random)!
        if isIn {
            stage.client(&row.conversation, flags, seen: seen())
        } else {
            stage.server(&row.conversation, flags, seen: seen())
        }
        move(&row, flags, isIn ? .input : .output, stage.now)
        rows[client] = row
    }

    /// A SYN, with the number of the one before it or a new one: a spent entry makes way, any other keeps its server.
    private mutating func open(_ client: Endpoint, isRepeated: Bool, _ stage: inout Stage) {
        let isShop = client.address.low % 2 == 1
        let server = (isShop ? [Endpoint.rs2, .rs3] : [.rs1, .rs2, .rs3]).randomElement(using: &random)!
        var row: Row
        if let known = rows[client] {
            row = known
            if known.isSpent {
                row.server = server
                row.state = .none
            }
            if isRepeated {
                row.conversation.clientNext = row.syn
            } else {
                row.conversation = row.conversation.again()
            }
            row.conversation.server = row.server
        } else {
            let conversation = Conversation(
                client.description, isShop ? .shop : .web, to: server,
                sequence: UInt32.random(in: 0 ... .max, using: &random))
            row = Row(state: .none, last: 0, server: server, conversation: conversation, syn: 0)
        }
        row.syn = row.conversation.clientNext
        stage.client(&row.conversation, .syn, seen: seen())
        move(&row, .syn, .input, stage.now)
        rows[client] = row
    }

    private func move(_ row: inout Row, _ flags: TCPFlags, _ direction: EntryStateTable.Direction, _ time: Int64) {
        row.state = table.next(row.state, flags: flags, direction)
        row.last = time - Stage.step
    }

    /// Lets a while pass.
    mutating func wait(_ stage: inout Stage) {
        stage.wait(seconds: [6, 6, 6, 12, 36, 72, 150, 1_002].randomElement(using: &random)!)
    }

    /// How many entries a real server has.
    func entries(of server: Endpoint, isActive: Bool, at time: Int64) -> UInt64 {
        UInt64(rows.values.count { $0.server == server && $0.state.isActive == isActive && !$0.isGone(at: time) })
    }
}
