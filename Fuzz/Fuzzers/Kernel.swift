import IPVSKernel
import IPVSModel

/// The texts of `/proc/net` and of ipvsadm; the first byte chooses which.
func parseTable(_ input: [UInt8]) {
    var input = Bytes(input)
    let kind = input.byte()
    let bytes = input.all()
    let text = String(decoding: bytes, as: UTF8.self)
    switch kind {
    case UInt8(ascii: "a"): _ = try? IPVSAdmListing.parse(text, source: "input")
    case UInt8(ascii: "s"): _ = try? ServiceTable.parse(text, source: "input")
    case UInt8(ascii: "t"): _ = try? LiveTotals.parse(text, source: "input")
    case UInt8(ascii: "b"): _ = try? ConnectionTableStatus.parse(text, source: "input")
    default: parseConnections(bytes)
    }
}

private func parseConnections(_ bytes: [UInt8]) {
    let table = ConnectionTable.parse(bytes)
    let statistics = table.statistics
    require(table.entries.count + statistics.duplicates == statistics.rows, "every row counted is there or repeated")
    // However few bytes a reading gives at a time, the table is the same.
    let piecewise = ConnectionTable.parse(bytes, readingAtMost: 1 + Int(bytes.first ?? 0))
    require(piecewise.entries == table.entries, "rows do not depend on how they are read")
    require(piecewise.statistics.malformed == statistics.malformed, "nor does what is malformed")
}

/// Replies of the kernel, as bytes behind the generic-netlink header; the first byte chooses which.
func decodeNetlink(_ input: [UInt8]) {
    var input = Bytes(input)
    let kind = input.byte()
    let bytes = input.all()
    let message = GenericNetlinkMessage(command: 1, attributes: bytes)
    switch kind {
    case UInt8(ascii: "i"): _ = try? IPVSMessage.info(message)
    case UInt8(ascii: "c"): _ = try? IPVSMessage.timeouts(message)
    case UInt8(ascii: "s"):
        if let service = try? IPVSMessage.virtualService(message) { _ = IPVSMessage.request(for: service.identity) }
    case UInt8(ascii: "d"): _ = try? IPVSMessage.realServer(message, serviceIsIPv6: false)
    case UInt8(ascii: "D"): _ = try? IPVSMessage.realServer(message, serviceIsIPv6: true)
    case UInt8(ascii: "n"): _ = try? Neighbours.table([bytes])
    default: _ = GenericNetlinkMessage(payload: bytes)
    }
}

/// A snapshot of the kernel's state.
func decodeSnapshot(_ input: [UInt8]) {
    guard let states = try? KernelStateFile.decode(input, source: "input") else { return }
    for state in states {
        let text = try? KernelStateFile.encode(state, pretty: false)
        let again = text.flatMap { try? KernelStateFile.decode(Array($0.utf8), source: "output") }
        require(again == [state], "what was read can be written, and read again to the same")
    }
}
