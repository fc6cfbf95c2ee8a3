import CPrefetch
import Glibc

/// Connections by their client's address and port, in flat memory.
///
/// An index of 8-byte slots (32 bits of hash, 32 bits of record number; linear probing, backward-shift deletion, at
/// most half full) leads into a slab of records. A connection has one slot: both sides share the client's address and
/// port, so both lead there. The index starts small and doubles; the slab's addresses are reserved at once, and its
/// pages come as they are used, so that nothing is ever moved. With the index and the notes a connection costs at most
/// 250 bytes.
///
/// Unsafe code, as in ``FlatArray``: memory that is neither reference-counted nor checked for
/// exclusivity, and can be prefetched. Every access checks its bounds.
@safe
package struct FlowTable: ~Copyable {
    package static let none = UInt32.max
    private static let emptySlot = UInt64.max

    private var slots: UnsafeMutablePointer<UInt64>
    private var slotMask: UInt32
    private let records: UnsafeMutablePointer<FlowRecord>
    private let notes: UnsafeMutablePointer<FlowNotes>
    /// Record numbers below this were used at least once.
    package private(set) var highWater = 0
    /// The record freed last; its id is the one freed before it.
    private var firstFree = Int64(FlowTable.none)
    package private(set) var count = 0
    /// The most connections to hold.
    package let capacity: Int

    package init(capacity: Int) {
        self.capacity = min(max(capacity, 64), Int(Self.none) - 1)
        let slotCount = 8_192
        unsafe slots = Self.makeSlots(slotCount)
        slotMask = UInt32(slotCount - 1)
        unsafe records = Self.reserve(self.capacity)
        unsafe notes = Self.reserve(self.capacity)
    }

    deinit {
        unsafe munmap(slots, (Int(slotMask) + 1) * MemoryLayout<UInt64>.stride)
        unsafe munmap(records, capacity * MemoryLayout<FlowRecord>.stride)
        unsafe munmap(notes, capacity * MemoryLayout<FlowNotes>.stride)
    }

    private static func makeSlots(_ count: Int) -> UnsafeMutablePointer<UInt64> {
        let slots: UnsafeMutablePointer<UInt64> = unsafe reserve(count)
        unsafe slots.initialize(repeating: emptySlot, count: count)
        return unsafe slots
    }

    /// Memory that costs nothing until it is used.
    private static func reserve<Element: BitwiseCopyable>(_ count: Int) -> UnsafeMutablePointer<Element> {
        let size = count * MemoryLayout<Element>.stride
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
        let memory = unsafe mmap(nil, size, PROT_READ | PROT_WRITE, flags, -1, 0)
        guard let memory = unsafe memory, unsafe memory != MAP_FAILED else {
            fatalError("no memory for \(count) connections: track fewer with --tracked-connections")
        }
        unsafe madvise(memory, size, MADV_HUGEPAGE)
        return unsafe memory.bindMemory(to: Element.self, capacity: count)
    }

    package var isFull: Bool { count >= capacity }

    package subscript(number: UInt32) -> FlowRecord {
        @inline(__always) _read {
            precondition(number < highWater)
            yield unsafe records[Int(number)]
        }
        @inline(__always) _modify {
            precondition(number < highWater)
            yield unsafe &records[Int(number)]
        }
    }

    /// What is noted beside a record: as a rule nothing, and then its memory is not touched.
    subscript(notesOf number: UInt32) -> FlowNotes {
        get {
            guard self[number].marks.contains(.noted) else { return FlowNotes() }
            return unsafe notes[Int(number)]
        }
        _modify {
            if !self[number].marks.contains(.noted) {
                self[number].marks.insert(.noted)
                unsafe (notes + Int(number)).initialize(to: FlowNotes())
            }
            yield unsafe &notes[Int(number)]
        }
    }

    /// Asks for the slot that a look-up of `hash` will read.
    @inline(__always)
    func prefetchSlot(_ hash: UInt32) {
        unsafe ipvscope_prefetch(slots + Int(hash & slotMask))
    }

    /// Asks for a record, all of it.
    func prefetch(_ number: UInt32) {
        let record = unsafe UnsafeRawPointer(records + Int(number))
        for line in 0..<3 { unsafe ipvscope_prefetch(record + 64 * line) }
    }

    /// The first record of `hash`, which is not looked at but asked for: its first line, and the line of one side.
    @inline(__always)
    func candidate(_ hash: UInt32, side: Int) -> UInt32 {
        // Every second slot is free at least, so that one of the first two is nearly always the one.
        let place = hash & slotMask
        let (one, two) = unsafe (slots[Int(place)], slots[Int((place &+ 1) & slotMask)])
        let (isOne, isTwo) = (
            UInt32(truncatingIfNeeded: one >> 32) == hash, UInt32(truncatingIfNeeded: two >> 32) == hash
        )
        let number = isOne || isTwo ? UInt32(truncatingIfNeeded: isOne ? one : two) : find(hash) { _ in true }
        if number != Self.none {
            let record = unsafe UnsafeRawPointer(records + Int(number))
            unsafe ipvscope_prefetch(record)
            unsafe ipvscope_prefetch(record + 64 * (1 + side))
        }
        return number
    }

    /// The connection of a client port with a virtual service.
    func find(_ client: ClientKey, _ hash: UInt32, virtual: UInt16) -> UInt32 {
        find(hash) { self[$0].virtual == virtual && self[$0].belongs(to: client) }
    }

    /// The connection of a client port with a real server's endpoint; else one whose real server is not known.
    func find(_ client: ClientKey, _ hash: UInt32, endpoint: UInt16) -> UInt32 {
        var unbound = Self.none
        let number = find(hash) { number in
            guard self[number].belongs(to: client) else { return false }
            if self[number].endpoint == FlowRecord.unknown, unbound == Self.none { unbound = number }
            return self[number].endpoint == endpoint
        }
        return number == Self.none ? unbound : number
    }

    /// The next connection of a client port, for those who want all of them.
    ///
    /// - Parameter position: `nil` before the first; moved on.
    func next(_ client: ClientKey, _ hash: UInt32, after position: inout UInt32?) -> UInt32? {
        var next = position.map { ($0 &+ 1) & slotMask } ?? hash & slotMask
        while true {
            let slot = unsafe slots[Int(next)]
            if slot == Self.emptySlot { return nil }
            position = next
            let number = UInt32(truncatingIfNeeded: slot)
            if UInt32(truncatingIfNeeded: slot >> 32) == hash, self[number].belongs(to: client) { return number }
            next = (next &+ 1) & slotMask
        }
    }

    /// Finds a record.
    ///
    /// - Parameters:
    ///   - hash: The hash of the client's address, port and protocol.
    ///   - isMatch: Whether the record of this number is the one; called for each of this hash in turn.
    /// - Returns: The record's number, or ``none``.
    @inline(__always)
    package func find(_ hash: UInt32, _ isMatch: (UInt32) -> Bool) -> UInt32 {
        var position = hash & slotMask
        while true {
            let slot = unsafe slots[Int(position)]
            if slot == Self.emptySlot { return Self.none }
            if UInt32(truncatingIfNeeded: slot >> 32) == hash {
                let number = UInt32(truncatingIfNeeded: slot)
                if isMatch(number) { return number }
            }
            position = (position &+ 1) & slotMask
        }
    }

    /// Adds a record under `hash`; the table is not full.
    ///
    /// - Returns: The record's number.
    package mutating func insert(_ record: FlowRecord, hash: UInt32) -> UInt32 {
        precondition(!isFull)
        var number = UInt32(truncatingIfNeeded: firstFree)
        if number == Self.none {
            number = UInt32(highWater)
            highWater += 1
        } else {
            firstFree = self[number].id
        }
        unsafe (records + Int(number)).initialize(to: record)
        count += 1
        if count * 2 > Int(slotMask) { growSlots() }
        place(number, hash)
        return number
    }

    private mutating func place(_ number: UInt32, _ hash: UInt32) {
        var position = hash & slotMask
        while unsafe slots[Int(position)] != Self.emptySlot { position = (position &+ 1) & slotMask }
        unsafe slots[Int(position)] = UInt64(hash) << 32 | UInt64(number)
    }

    /// Takes a record out of the index, so that no look-up finds it; the record itself stays.
    package mutating func unlink(_ number: UInt32, hash: UInt32) {
        let wanted = UInt64(hash) << 32 | UInt64(number)
        var hole = hash & slotMask
        while unsafe slots[Int(hole)] != wanted {
            guard unsafe slots[Int(hole)] != Self.emptySlot else { return }
            hole = (hole &+ 1) & slotMask
        }
        var position = (hole &+ 1) & slotMask
        while true {
            let slot = unsafe slots[Int(position)]
            if slot == Self.emptySlot { break }
            let home = UInt32(truncatingIfNeeded: slot >> 32) & slotMask
            // The slot may move back only if its home is not between the hole and itself.
            if (position &- home) & slotMask >= (position &- hole) & slotMask {
                unsafe slots[Int(hole)] = slot
                hole = position
            }
            position = (position &+ 1) & slotMask
        }
        unsafe slots[Int(hole)] = Self.emptySlot
    }

    /// Gives a record's memory back; it was unlinked before.
    package mutating func release(_ number: UInt32) {
        self[number].marks = []
        // No packet's: what was found before does not match any more.
        self[number].transport = 0
        self[number].id = firstFree
        firstFree = Int64(number)
        count -= 1
    }

    private mutating func growSlots() {
        let oldCount = Int(slotMask) + 1
        let old = unsafe slots
        let newCount = oldCount * 2
        unsafe slots = Self.makeSlots(newCount)
        slotMask = UInt32(newCount - 1)
        for position in 0..<oldCount {
            let slot = unsafe old[position]
            if slot != Self.emptySlot {
                place(UInt32(truncatingIfNeeded: slot), UInt32(truncatingIfNeeded: slot >> 32))
            }
        }
        unsafe munmap(old, oldCount * MemoryLayout<UInt64>.stride)
    }
}
