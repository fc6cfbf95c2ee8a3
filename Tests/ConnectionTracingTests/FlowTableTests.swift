import ConnectionTracing
import IPVSModel
import PacketDecoding
import TestSupport
import Testing

struct FlowTableTests {
    private static let seed: UInt64 = 0x1234_5678_9abc_def1

    private static func key(_ number: Int) -> ClientKey {
        ClientKey(high: 0, low: 0xffff_0000_0000 | UInt64(number / 50), port: UInt16(number % 50), transport: 6)
    }

    private static func insert(_ key: ClientKey, id: Int64, hash: UInt32, into table: inout FlowTable) -> UInt32 {
        table.insert(FlowRecord(client: key, id: id), hash: hash)
    }

    private static func id(of key: ClientKey, hash: UInt32, in table: borrowing FlowTable) -> Int64? {
        let number = table.find(hash) { table[$0].belongs(to: key) }
        return number == FlowTable.none ? nil : table[number].id
    }

    @Test func `a record is three cache lines`() {
        #expect(MemoryLayout<FlowRecord>.size == 192)
        #expect(MemoryLayout<FlowRecord>.stride == 192)
        #expect(MemoryLayout<FlowSide>.size == 64)
    }

    /// `hashBits` below 32 makes keys collide: at 4 bits, everybody with everybody.
    @Test(arguments: [(UInt64(1), UInt32(32)), (2, 32), (3, 12), (4, 8), (5, 4)])
    func `it holds what a dictionary holds, through inserts and deletes`(seed: UInt64, hashBits: UInt32) {
        var random = SeededGenerator(seed: seed)
        var table = FlowTable(capacity: 40_000)
        var model: [Int: (id: Int64, number: UInt32)] = [:]
        let mask = hashBits == 32 ? UInt32.max : (1 << hashBits) - 1
        let hash = { (key: ClientKey) in (key.hash(Self.seed) & mask) &* 0x9E37_79B9 }
        let steps = hashBits < 12 ? 3_000 : 60_000
        var differences = 0
        for step in 0..<steps {
            let number = Int.random(in: 0..<(hashBits < 12 ? 400 : 30_000), using: &random)
            let key = Self.key(number)
            if let known = model[number] {
                differences += Self.id(of: key, hash: hash(key), in: table) == known.id ? 0 : 1
                if Bool.random(using: &random) {
                    table.unlink(known.number, hash: hash(key))
                    table.release(known.number)
                    model[number] = nil
                    differences += Self.id(of: key, hash: hash(key), in: table) == nil ? 0 : 1
                }
            } else {
                differences += Self.id(of: key, hash: hash(key), in: table) == nil ? 0 : 1
                let place = Self.insert(key, id: Int64(step), hash: hash(key), into: &table)
                model[number] = (Int64(step), place)
            }
        }
        for (number, known) in model {
            let key = Self.key(number)
            differences += Self.id(of: key, hash: hash(key), in: table) == known.id ? 0 : 1
        }
        let count = table.count
        #expect(differences == 0)
        #expect(count == model.count)
        #expect(Set(model.values.map(\.number)).count == model.count)
    }

    @Test func `a hundred thousand connections are all found while the table grows`() {
        var table = FlowTable(capacity: 100_000)
        for number in 0..<100_000 {
            let key = Self.key(number)
            _ = Self.insert(key, id: Int64(number), hash: key.hash(Self.seed), into: &table)
        }
        var missing = 0
        for number in 0..<100_000 {
            let key = Self.key(number)
            if Self.id(of: key, hash: key.hash(Self.seed), in: table) != Int64(number) { missing += 1 }
        }
        let (isFull, count) = (table.isFull, table.count)
        #expect(missing == 0)
        #expect(isFull)
        #expect(count == 100_000)
    }

    @Test func `memory of a deleted record is used again`() {
        var table = FlowTable(capacity: 1_000)
        for round in 0..<100 {
            let keys = (0..<50).map { Self.key(round * 50 + $0) }
            let numbers = keys.map { Self.insert($0, id: 1, hash: $0.hash(Self.seed), into: &table) }
            for (key, number) in zip(keys, numbers) {
                table.unlink(number, hash: key.hash(Self.seed))
                table.release(number)
            }
        }
        let (highWater, count) = (table.highWater, table.count)
        #expect(highWater == 50)
        #expect(count == 0)
    }

    @Test func `hashes of neighbouring clients spread over all slots`() {
        var buckets = [Int](repeating: 0, count: 1_024)
        for number in 0..<102_400 {
            let key = ClientKey(
                high: 0, low: 0xffff_c0a8_0000 | UInt64(number / 1_024), port: UInt16(32_768 + number % 1_024),
                transport: 6)
            buckets[Int(key.hash(Self.seed) & 1_023)] += 1
        }
        // A hundred each, give or take six standard deviations.
        #expect(buckets.allSatisfy { (40...160).contains($0) })
    }

    @Test func `a hundred thousand connections at once are all traced to their end`() {
        var stage = Stage(capacity: 100_000)
        var connections = (0..<100_000).map { number in
            Conversation("10.1.\(number / 1_000).1:\(1_000 + number % 1_000)", to: [.rs1, .rs2, .rs3][number % 3])
        }
        for index in connections.indices { stage.client(&connections[index], .syn) }
        for index in connections.indices { stage.server(&connections[index], [.syn, .ack]) }
        for index in connections.indices { stage.client(&connections[index], .rst) }
        let records = stage.finish(after: 3)
        #expect(records.count == 100_000)
        #expect(records.allSatisfy { $0.vip.inPackets == 2 && $0.dip.outPackets == 1 && $0.outcome == .resetByClient })
        #expect(stage.server(.rs1).captured.connections == 33_334)
    }
}
