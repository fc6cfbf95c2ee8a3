package import IPVSModel

/// The connection table as `ipvsadm -Lnc` prints it, byte for byte.
///
/// - Source: `list_conn` and `print_conn` in ipvsadm 1.31.
package enum IPVSAdmConnections {
    /// Lists entries in the order given; ipvsadm keeps the kernel's.
    ///
    /// - Parameter showsPersistenceEngine: Whether to print the columns that `--persistent-conn` adds.
    package static func list(_ entries: [ConnectionEntry], showsPersistenceEngine: Bool = false) -> String {
        let title = Columns("pro expire").pad("state", 11).pad("source", 18).pad("virtual", 18)
        var text = "IPVS connection entries\n"
        if showsPersistenceEngine {
            text += title.pad("destination", 18).pad("pe name", 16).line("pe_data")
        } else {
            text += title.line("destination")
        }
        for entry in entries {
            text += row(entry, showsPersistenceEngine: showsPersistenceEngine)
        }
        return text
    }

    /// One row, with its line end.
    package static func row(_ entry: ConnectionEntry, showsPersistenceEngine: Bool = false) -> String {
        let columns = Columns()
            .pad(entry.transportProtocol.kernelName, 3).pad(expiry(entry.expiresIn), 6).pad(entry.state.rawValue, 11)
            .pad(IPVSAdmText.endpoint(entry.client), 18).pad(IPVSAdmText.endpoint(entry.virtual), 18)
        let server = IPVSAdmText.endpoint(entry.realServer)
        guard showsPersistenceEngine, let engine = entry.persistenceEngine, let data = entry.persistenceData else {
            return columns.line(server)
        }
        return columns.pad(server, 16).pad(engine, 18).line(data)
    }

    /// `mm:ss`; minutes may have more digits.
    private static func expiry(_ seconds: UInt32) -> String {
        let (minutes, rest) = seconds.quotientAndRemainder(dividingBy: 60)
        return (minutes < 10 ? "0" : "") + "\(minutes)" + (rest < 10 ? ":0" : ":") + "\(rest)"
    }
}
