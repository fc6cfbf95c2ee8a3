package import IPVSModel

/// What becomes of entries, for those virtual services whose scheduler asks how many each real server has.
extension ConnectionTracer {
    /// More changes than these wait for nobody.
    static let mostEntryChanges = 2_000_000

    /// The changes since the last call, of each virtual service in the order in which they were found, which may not be
    /// that of their times.
    package mutating func takeEntryChanges() -> [VirtualServiceIdentity: [EntryChange]] {
        defer { entryChanges = [] }
        var taken: [VirtualServiceIdentity: [EntryChange]] = [:]
        for (server, change) in entryChanges {
            let service = topology.services[Int(topology.servers[Int(server)].service)].identity
            taken[service, default: []].append(change)
        }
        return taken
    }

    /// Whether anybody wants to know what becomes of an entry.
    private func asksForEntries(_ record: FlowRecord) -> Bool {
        let service = topology.services[Int(record.service)]
        // Datagrams that are scheduled one by one leave no entry behind.
        return service.asksForEntries && !service.isOnePacket && record.realServer != FlowRecord.unknown
    }

    /// Notes that the kernel counts an entry as active or inactive from a packet on.
    @inline(never)
    mutating func noteActivity(of number: UInt32, at time: Int64, activated: Int32) {
        guard asksForEntries(flows[number]) else { return }
        note(flows[number].realServer, from: time, active: Int8(activated), inactive: Int8(-activated))
    }

    /// Notes what an assignment alone does not tell of an entry whose real server has become known.
    mutating func noteEntry(of number: UInt32) {
        let record = flows[number]
        guard asksForEntries(record) else { return }
        if record.origin.isAssignment {
            // A datagram's entry is inactive from the start; another turned so before its real server was known.
            if !record.state.isActive {
                note(record.realServer, from: record.first, to: record.last, active: -1, inactive: 1)
            }
        } else if record.marks.contains(.ftpData) {
            note(
                record.realServer, from: record.first, active: record.state.isActive ? 1 : 0,
                inactive: record.state.isActive ? 0 : 1)
        }
    }

    /// Notes that the kernel forgets an entry.
    ///
    /// - Parameter slack: How long after `time` it may do so, in nanoseconds.
    mutating func noteLeaving(of number: UInt32, from time: Int64, slack: Int64) {
        let record = flows[number]
        guard asksForEntries(record) else { return }
        let isActive = record.state.isActive
        note(record.realServer, from: time, to: time + slack, active: isActive ? -1 : 0, inactive: isActive ? 0 : -1)
    }

    /// Notes that the kernel's timer for an entry ran out, if it did: as long after its last packet as the state tells.
    mutating func noteTimeout(of number: UInt32) {
        let grace = flows[number].marks.contains(.graced) ? Int64(flows[notesOf: number].grace) * 1_000_000_000 : 0
        let timeout = timeout(of: flows[number])
        let end = flows[number].last + timeout + grace
        guard end <= max(now, lastPacket) else { return }
        // A timer of the kernel's runs late by up to an eighth, and by a tick at least.
        noteLeaving(of: number, from: end, slack: timeout / 8 + Self.tick)
    }

    /// The longest tick of a kernel's clock that is in use.
    ///
    /// - Unit: nanoseconds.
    static let tick: Int64 = 10_000_000

    private mutating func note(
        _ server: UInt16, from time: Int64, to latest: Int64? = nil, active: Int8, inactive: Int8
    ) {
        guard entryChanges.count < Self.mostEntryChanges else { return }
        entryChanges.append(
            (
                server,
                EntryChange(
                    realServer: topology.servers[Int(server)].endpoint, time: Timestamp(rawValue: time),
                    latest: latest.map { Timestamp(rawValue: $0) }, active: active, inactive: inactive)
            ))
    }
}
