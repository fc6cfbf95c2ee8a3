import IPVSModel

/// The kernel's persistence templates, as far as packets and the first reading of its table tell: which client networks
/// are tied to a real server, and until when.
///
/// - Source: `ip_vs_sched_persist` in `net/netfilter/ipvs/ip_vs_core.c` and `ip_vs_conn_expire` in `ip_vs_conn.c`. A
///   template's timer starts anew with each connection that follows it. When it runs out while connections still hang
///   on it, it is given another minute, again and again.
struct PersistenceTemplates {
    /// Whether a connection follows a template, so that the scheduler was not asked.
    enum Following { case no, yes, perhaps }

    private struct Key: Hashable {
        var service: UInt16
        var clients: IPAddress
    }

    private struct Template {
        var key: Key
        /// The real server's endpoint; `nil` until the first connection was sent on.
        var endpoint: UInt16?
        /// When its timer runs out, unless it is given more time.
        var due: Int64
        /// What its timer begins at: the virtual service's when it was made, whatever that is set to later.
        var timeout: Int64
        /// Connections in the kernel's table that hang on it.
        var children = 1
        /// When the last of them left.
        var lastChildGone: Int64 = 0
        /// Whether it may be from before the capture: who else hangs on it is not known, so neither is its end.
        var isOlder = false

        /// When it left the kernel's table; `nil` while it cannot have.
        var gone: Int64? {
            guard children == 0, !isOlder else { return nil }
            guard lastChildGone > due else { return due }
            // Given a minute as often as there was still a connection when it ran out.
            let minutes = (lastChildGone - due + PersistenceTemplates.minute - 1) / PersistenceTemplates.minute
            return due + minutes * PersistenceTemplates.minute
        }
    }

    private static let minute: Int64 = 60_000_000_000

    private var templates: [Template?] = []
    private var free: [UInt32] = []
    private var numbers: [Key: UInt32] = [:]
    /// Templates are looked through for dead ones when there are this many.
    private var limit = 1_024
    /// When the kernel's table was first read: what is not known since has no template.
    private(set) var knownSince = Int64.max

    /// Notes that every template there is now is known.
    mutating func noteReading(at time: Int64) { knownSince = min(knownSince, time) }

    /// Notes that the kernel may have templates now that are not known, until its table is read again.
    mutating func forgetReading() { knownSince = .max }

    /// Takes in a template that the kernel's table shows, unless its client has one already.
    ///
    /// - Parameter expiresIn: Its timer, in whole seconds.
    mutating func learn(
        service: UInt16, client: IPAddress, prefixLength: UInt8, timeout: UInt32, endpoint: UInt16?, expiresIn: UInt32,
        at time: Int64
    ) {
        let key = Key(service: service, clients: client.masked(to: prefixLength))
        guard numbers[key] == nil else { return }
        let due = time + Int64(expiresIn) * 1_000_000_000
        let template = Template(
            key: key, endpoint: endpoint, due: due, timeout: Int64(timeout) * 1_000_000_000, children: 0, isOlder: true)
        _ = insert(template, at: time)
    }

    /// Ties a new connection to its client's template, or makes one.
    ///
    /// - Returns: The template's number, and whether it was there already.
    mutating func join(
        service: UInt16, client: IPAddress, prefixLength: UInt8, timeout: UInt32, at time: Int64
    ) -> (number: UInt32, following: Following) {
        let key = Key(service: service, clients: client.masked(to: prefixLength))
        if let number = numbers[key], let template = templates[Int(number)] {
            if template.gone.map({ $0 > time }) ?? true {
                templates[Int(number)]?.children += 1
                templates[Int(number)]?.due = time + template.timeout
                // One that was read may be this connection's own; an old one may have run out.
                let isSure = template.children > 0 || time > knownSince
                return (number, !template.isOlder || isSure && time <= template.due ? .yes : .perhaps)
            }
            remove(number)
        }
        let isKnown = time > knownSince
        let length = Int64(timeout) * 1_000_000_000
        let template = Template(key: key, due: time + length, timeout: length, isOlder: !isKnown)
        return (insert(template, at: time), isKnown ? .no : .perhaps)
    }

    private mutating func insert(_ template: Template, at time: Int64) -> UInt32 {
        if numbers.count >= limit { removeDead(at: time) }
        let number: UInt32
        if let reused = free.popLast() {
            number = reused
            templates[Int(number)] = template
        } else {
            number = UInt32(templates.count)
            templates.append(template)
        }
        numbers[template.key] = number
        return number
    }

    /// Notes where a connection of a template went.
    ///
    /// - Returns: Whether the template led there; if not, the scheduler was asked again, and the template leads there now.
    ///   Where nobody went before, perhaps.
    mutating func bind(_ number: UInt32, to endpoint: UInt16) -> Following {
        guard let template = templates[Int(number)] else { return .no }
        templates[Int(number)]?.endpoint = endpoint
        guard let known = template.endpoint else { return template.isOlder ? .yes : .perhaps }
        return known == endpoint ? .yes : .no
    }

    /// Notes that a connection of a template left the kernel's table.
    mutating func leave(_ number: UInt32, at time: Int64) {
        templates[Int(number)]?.children -= 1
        templates[Int(number)]?.lastChildGone = time
    }

    /// Notes that another connection took the place of one that left.
    mutating func stay(_ number: UInt32) { templates[Int(number)]?.children += 1 }

    private mutating func remove(_ number: UInt32) {
        if let template = templates[Int(number)], numbers[template.key] == number { numbers[template.key] = nil }
        templates[Int(number)] = nil
        free.append(number)
    }

    private mutating func removeDead(at time: Int64) {
        for (index, template) in templates.enumerated() {
            if let gone = template?.gone, gone <= time { remove(UInt32(index)) }
        }
        limit = max(1_024, numbers.count * 2)
    }
}

extension IPAddress {
    /// The address with everything after a prefix cleared; 32 bits are a whole IPv4 address, 128 a whole IPv6 one.
    func masked(to prefixLength: UInt8) -> IPAddress {
        if isIPv4 {
            return IPAddress(ipv4: prefixLength == 0 ? 0 : ipv4Bits & (.max << (32 - UInt32(min(prefixLength, 32)))))
        }
        let length = UInt64(min(prefixLength, 128))
        let high = length >= 64 ? high : length == 0 ? 0 : high & (.max << (64 - length))
        let low = length == 128 ? low : length <= 64 ? 0 : low & (.max << (128 - length))
        return IPAddress(high: high, low: low)
    }
}
