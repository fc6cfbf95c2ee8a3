package import IPVSModel

/// The virtual services as `/proc` shows them to anybody, without the privilege that netlink needs.
///
/// It lacks counters, rates, thresholds, counts of persistent connections, persistence engines and scheduler flags; those
/// fields are zero or empty. The persistence timeout is there in jiffies, whose length `/proc` does not tell, so it is
/// reported as 0; the flag `persistent` is right. Which family a firewall mark without real servers belongs to is not
/// told either: IPv4 is assumed.
///
/// Where several network namespaces have services and the listing is longer than a page, the kernel leaves services out: it
/// counts the other namespaces' while it walks, but not when it resumes. Seen on Linux 6.1; netlink does not do that.
///
/// - Source: `/proc/net/ip_vs`; `ip_vs_info_seq_show` in `net/netfilter/ipvs/ip_vs_ctl.c`.
package struct ServiceTable: Sendable, Hashable {
    /// For example `1.2.1`.
    package var version: String
    /// Hash buckets of the connection table.
    package var connectionTableSize: UInt32
    /// Services in hash order, their real servers in the order of the scheduler's list.
    package var virtualServices: [VirtualService]

    package static func read(path: String = "/proc/net/ip_vs") throws(KernelError) -> ServiceTable {
        try parse(try InputFile.text(of: path), source: path)
    }

    /// - Parameter source: The file's name, for errors.
    package static func parse(_ text: String, source: String) throws(KernelError) -> ServiceTable {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)[...]
        guard var table = lines.popFirst().flatMap(title) else {
            throw .malformed(source, line: 1, "expected \"IP Virtual Server version 1.2.1 (size=4096)\"")
        }
        for (number, line) in zip(2..., lines) {
            let fields = line.split(separator: " ").map(String.init)
            if fields.isEmpty || fields[0] == "Prot" || fields.starts(with: ["->", "RemoteAddress:Port"]) { continue }
            if fields[0] != "->" {
                guard let service = service(fields) else {
                    throw .malformed(
                        source, line: number, "expected a virtual service such as \"TCP  C0A87A64:0050 rr\"")
                }
                table.virtualServices.append(service)
            } else {
                guard let server = realServer(fields), let last = table.virtualServices.indices.last else {
                    throw .malformed(
                        source, line: number, "expected a real server such as \"-> 0A0A0A0A:0050 Masq 1 0 0\"")
                }
                table.virtualServices[last].adopt(server)
            }
        }
        return table
    }

    private static func title(_ line: Substring) -> ServiceTable? {
        let fields = line.split(separator: " ")
        guard line.hasPrefix("IP Virtual Server version "), fields.count == 6, fields[5].hasPrefix("(size="),
            let size = UInt32(fields[5].dropFirst(6).dropLast())
        else { return nil }
        return ServiceTable(version: String(fields[4]), connectionTableSize: size, virtualServices: [])
    }

    private static func service(_ fields: [String]) -> VirtualService? {
        guard fields.count >= 3 else { return nil }
        let identity: VirtualServiceIdentity
        if fields[0] == "FWM" {
            guard let mark = UInt32(fields[1], radix: 16) else { return nil }
            identity = .firewallMark(mark, isIPv6: false)
        } else {
            guard let transport = TransportProtocol(fields[0]), let endpoint = endpoint(fields[1]) else { return nil }
            identity = .endpoint(transport, endpoint)
        }
        var service = VirtualService(
            identity: identity, scheduler: Scheduler(rawValue: fields[2]),
            persistencePrefixLength: identity.endpoint?.address.isIPv4 == false ? 128 : 32)
        var rest = fields.dropFirst(3)
        if rest.first == "ops" {
            service.flags.insert(.onePacket)
            rest = rest.dropFirst()
        }
        if rest.first == "persistent" {
            guard rest.count == 3, let mask = rest.last.flatMap({ UInt32($0, radix: 16) }) else { return nil }
            service.flags.insert(.persistent)
            service.persistencePrefixLength = prefixLength(mask)
            rest = []
        }
        return rest.isEmpty ? service : nil
    }

    private static func realServer(_ fields: [String]) -> RealServer? {
        guard fields.count == 6, let endpoint = endpoint(fields[1]),
            let method = ForwardingMethod(rawValue: fields[2]), let weight = Int32(fields[3]),
            let active = UInt32(fields[4]), let inactive = UInt32(fields[5])
        else { return nil }
        return RealServer(
            endpoint: endpoint, forwardingMethod: method, weight: weight, activeConnections: active,
            inactiveConnections: inactive)
    }

    /// `C0A87A64:0050`, or `[fd00:…]:0050`; the port is hexadecimal.
    private static func endpoint(_ text: String) -> Endpoint? {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...], radix: 16)
        else {
            return nil
        }
        let host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            return IPAddress(String(host.dropFirst().dropLast())).map { Endpoint(address: $0, port: port) }
        }
        return UInt32(host, radix: 16).map { Endpoint(address: IPAddress(ipv4: $0), port: port) }
    }

    /// An IPv4 netmask, or an IPv6 prefix length that the kernel took for a netmask and byte-swapped.
    private static func prefixLength(_ mask: UInt32) -> UInt8 {
        for length in [mask, mask.byteSwapped] where (1...128).contains(length) { return UInt8(length) }
        return UInt8((~mask).leadingZeroBitCount)
    }
}

extension VirtualService {
    /// Adds a real server, which may tell the family of a firewall mark.
    fileprivate mutating func adopt(_ server: RealServer) {
        if case .firewallMark(let mark, _) = identity, realServers.isEmpty, !server.endpoint.address.isIPv4 {
            identity = .firewallMark(mark, isIPv6: true)
            if !flags.contains(.persistent) { persistencePrefixLength = 128 }
        }
        realServers.append(server)
    }
}
