package import IPVSModel

/// The virtual services as `ipvsadm -Ln` prints them, byte for byte.
///
/// In one place ours is right where ipvsadm is not: it cuts a real server's connection and packet counts to 32 bits.
///
/// - Source: `list_all`, `print_title` and `print_service_entry` in ipvsadm 1.31.
package enum IPVSAdmServices {
    /// What to say of each real server, named after ipvsadm's options.
    package enum Listing: Sendable, Hashable, CaseIterable {
        /// Forwarding method, weight, active and inactive connections.
        case rules
        case stats, rate, thresholds, persistentConnections
    }

    /// Lists a kernel's services.
    ///
    /// - Parameters:
    ///   - isExact: Whether to print large numbers in full (`--exact`).
    ///   - isSorted: Whether to sort as ipvsadm does without `--nosort`.
    package static func list(
        _ state: KernelState, _ listing: Listing = .rules, isExact: Bool = false, isSorted: Bool = true
    ) -> String {
        var text = "IP Virtual Server version \(state.version) (size=\(state.connectionTableSize))\n" + title(listing)
        let services = isSorted ? IPVSAdmOrder.services(state.virtualServices) : state.virtualServices
        for service in services {
            text += line(service, listing, isExact)
            for server in isSorted ? IPVSAdmOrder.realServers(service.realServers) : service.realServers {
                text += line(server, listing, isExact)
            }
        }
        return text
    }

    private static func title(_ listing: Listing) -> String {
        let remote = "  -> RemoteAddress:Port"
        let local = "Prot LocalAddress:Port".filledRight(to: 33)
        let numbers = { (names: [String]) in
            local + names.map { " " + $0.filledLeft(to: 8) }.joined() + "\n\(remote)\n"
        }
        return switch listing {
        case .rules:
            "Prot LocalAddress:Port Scheduler Flags\n\(remote)           Forward Weight ActiveConn InActConn\n"
        case .stats: numbers(["Conns", "InPkts", "OutPkts", "InBytes", "OutBytes"])
        case .rate: numbers(["CPS", "InPPS", "OutPPS", "InBPS", "OutBPS"])
        case .thresholds:
            Columns(local).pad("Uthreshold", 10).pad("Lthreshold", 10).pad("ActiveConn", 10).pad("InActConn", 10).line()
                + "\(remote)\n"
        case .persistentConnections:
            Columns(local).pad("Weight", 9).pad("PersistConn", 11).pad("ActiveConn", 10).pad("InActConn", 10).line()
                + "\(remote)\n"
        }
    }

    private static func line(_ service: VirtualService, _ listing: Listing, _ isExact: Bool) -> String {
        let name = name(service.identity)
        let numbers = { (values: [UInt64]) in
            name.filledRight(to: 33) + values.map { IPVSAdmText.largeNumber($0, isExact: isExact) }.joined() + "\n"
        }
        switch listing {
        case .stats: return numbers(service.counters.columns)
        case .rate: return numbers(service.rates.columns)
        case .rules, .thresholds, .persistentConnections:
            var text = "\(name) \(service.scheduler)"
            let flags = schedulerFlags(service)
            if let flags { text += " (\(flags))" }
            if service.flags.contains(.persistent) { text += persistence(service) }
            if service.flags.contains(.onePacket) { text += " ops" }
            return text + "\n"
        }
    }

    private static func line(_ server: RealServer, _ listing: Listing, _ isExact: Bool) -> String {
        let columns = Columns("  ->").pad(IPVSAdmText.endpoint(server.endpoint), 28)
        let active = "\(server.activeConnections)"
        let inactive = "\(server.inactiveConnections)"
        let numbers = { (values: ArraySlice<UInt64>) in
            values.map { IPVSAdmText.largeNumber($0, isExact: isExact) }.joined()
        }
        switch listing {
        case .stats:
            return columns.text + numbers(server.counters.columns[...]) + "\n"
        case .rate:
            // ipvsadm never shortens the first three of a real server.
            let rates = server.rates.columns
            return columns.text + rates.prefix(3).map { " " + "\($0)".filledLeft(to: 8) }.joined()
                + numbers(rates.dropFirst(3)) + "\n"
        case .thresholds:
            return columns.pad("\(server.upperThreshold)", 10).pad("\(server.lowerThreshold)", 10).pad(active, 10)
                .pad(inactive, 10).line()
        case .persistentConnections:
            // ipvsadm prints the weight as an unsigned number here.
            return columns.pad("\(UInt32(bitPattern: server.weight))", 9).pad("\(server.persistentConnections)", 11)
                .pad(active, 10).pad(inactive, 10).line()
        case .rules:
            return columns.pad(forward(server.forwardingMethod), 7).pad("\(server.weight)", 6).pad(active, 10)
                .pad(inactive, 10).line()
        }
    }

    private static func name(_ identity: VirtualServiceIdentity) -> String {
        switch identity {
        case .endpoint(let transport, let endpoint):
            transport.kernelName.filledRight(to: 4) + " " + IPVSAdmText.endpoint(endpoint)
        // ipvsadm prints a mark as a signed number.
        case .firewallMark(let mark, let isIPv6): "FWM  \(Int32(bitPattern: mark))" + (isIPv6 ? " IPv6" : "")
        }
    }

    /// ipvsadm has no name for `Bypass`, which a configured real server cannot have; C prints `(null)`.
    private static func forward(_ method: ForwardingMethod) -> String {
        method == .bypass ? "(null)" : method.rawValue
    }

    private static func schedulerFlags(_ service: VirtualService) -> String? {
        let names =
            switch service.scheduler.rawValue {
            case "sh", "mh": ["\(service.scheduler)-fallback", "\(service.scheduler)-port", ""]
            default: ["flag-1", "flag-2", "flag-3"]
            }
        let all: [VirtualService.Flags] = [.schedulerFlag1, .schedulerFlag2, .schedulerFlag3]
        guard !service.flags.isDisjoint(with: VirtualService.Flags(all)) else { return nil }
        return zip(all, names).filter { service.flags.contains($0) && !$1.isEmpty }.map(\.1).joined(separator: ",")
    }

    private static func persistence(_ service: VirtualService) -> String {
        var text = " persistent \(service.persistenceTimeout)"
        let length = service.persistencePrefixLength
        if service.isIPv6 {
            if length != 128 { text += " mask \(length)" }
        } else if length < 32 {
            text += " mask \(IPAddress(ipv4: ~(UInt32.max >> UInt32(length))))"
        }
        if let engine = service.persistenceEngine { text += " pe \(engine)" }
        return text
    }
}

extension VirtualService {
    var isIPv6: Bool {
        switch identity {
        case .endpoint(_, let endpoint): !endpoint.address.isIPv4
        case .firewallMark(_, let isIPv6): isIPv6
        }
    }
}

extension TrafficCounters {
    fileprivate var columns: [UInt64] { [connections, inPackets, outPackets, inBytes, outBytes] }
}

extension TrafficRates {
    fileprivate var columns: [UInt64] { [connections, inPackets, outPackets, inBytes, outBytes] }
}
