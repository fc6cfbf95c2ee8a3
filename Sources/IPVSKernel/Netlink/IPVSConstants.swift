internal import CNetlink

/// A command of the `IPVS` generic-netlink family.
///
/// - Source: `<linux/ip_vs.h>`. Values are imported from the header, never typed in.
package struct IPVSCommand: RawRepresentable, Sendable, Hashable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Dumps the virtual services, or asks for one.
    ///
    /// The corresponding C constant is `IPVS_CMD_GET_SERVICE`.
    package static let getService = Self(rawValue: UInt8(IPVS_CMD_GET_SERVICE))
    /// Dumps a virtual service's real servers.
    ///
    /// The corresponding C constant is `IPVS_CMD_GET_DEST`.
    package static let getDestination = Self(rawValue: UInt8(IPVS_CMD_GET_DEST))
    /// Asks for the timeouts.
    ///
    /// The corresponding C constant is `IPVS_CMD_GET_CONFIG`.
    package static let getConfig = Self(rawValue: UInt8(IPVS_CMD_GET_CONFIG))
    /// Asks for version and table size.
    ///
    /// The corresponding C constant is `IPVS_CMD_GET_INFO`.
    package static let getInfo = Self(rawValue: UInt8(IPVS_CMD_GET_INFO))
}

/// The type of an attribute of the `IPVS` family.
///
/// The same numbers mean different things at each level; the nested enumerations are the levels.
///
/// - Source: `<linux/ip_vs.h>`. Values are imported from the header, never typed in.
package enum IPVSAttribute {
    /// The outermost level: `IPVS_CMD_ATTR_…`.
    package enum Top {
        package static let service = UInt16(IPVS_CMD_ATTR_SERVICE)
        package static let destination = UInt16(IPVS_CMD_ATTR_DEST)
        package static let timeoutTCP = UInt16(IPVS_CMD_ATTR_TIMEOUT_TCP)
        package static let timeoutTCPFin = UInt16(IPVS_CMD_ATTR_TIMEOUT_TCP_FIN)
        package static let timeoutUDP = UInt16(IPVS_CMD_ATTR_TIMEOUT_UDP)
    }

    /// The outermost level of the answer to `IPVS_CMD_GET_INFO`: `IPVS_INFO_ATTR_…`.
    package enum Info {
        package static let version = UInt16(IPVS_INFO_ATTR_VERSION)
        package static let connectionTableSize = UInt16(IPVS_INFO_ATTR_CONN_TAB_SIZE)
    }

    /// Within a service: `IPVS_SVC_ATTR_…`.
    package enum Service {
        package static let family = UInt16(IPVS_SVC_ATTR_AF)
        package static let transportProtocol = UInt16(IPVS_SVC_ATTR_PROTOCOL)
        package static let address = UInt16(IPVS_SVC_ATTR_ADDR)
        package static let port = UInt16(IPVS_SVC_ATTR_PORT)
        package static let firewallMark = UInt16(IPVS_SVC_ATTR_FWMARK)
        package static let scheduler = UInt16(IPVS_SVC_ATTR_SCHED_NAME)
        package static let flags = UInt16(IPVS_SVC_ATTR_FLAGS)
        package static let timeout = UInt16(IPVS_SVC_ATTR_TIMEOUT)
        package static let netmask = UInt16(IPVS_SVC_ATTR_NETMASK)
        package static let stats = UInt16(IPVS_SVC_ATTR_STATS)
        package static let persistenceEngine = UInt16(IPVS_SVC_ATTR_PE_NAME)
        package static let stats64 = UInt16(IPVS_SVC_ATTR_STATS64)
    }

    /// Within a destination: `IPVS_DEST_ATTR_…`.
    package enum Destination {
        package static let address = UInt16(IPVS_DEST_ATTR_ADDR)
        package static let port = UInt16(IPVS_DEST_ATTR_PORT)
        package static let forwardingMethod = UInt16(IPVS_DEST_ATTR_FWD_METHOD)
        package static let weight = UInt16(IPVS_DEST_ATTR_WEIGHT)
        package static let upperThreshold = UInt16(IPVS_DEST_ATTR_U_THRESH)
        package static let lowerThreshold = UInt16(IPVS_DEST_ATTR_L_THRESH)
        package static let activeConnections = UInt16(IPVS_DEST_ATTR_ACTIVE_CONNS)
        package static let inactiveConnections = UInt16(IPVS_DEST_ATTR_INACT_CONNS)
        package static let persistentConnections = UInt16(IPVS_DEST_ATTR_PERSIST_CONNS)
        package static let stats = UInt16(IPVS_DEST_ATTR_STATS)
        package static let family = UInt16(IPVS_DEST_ATTR_ADDR_FAMILY)
        package static let stats64 = UInt16(IPVS_DEST_ATTR_STATS64)
        package static let tunnelType = UInt16(IPVS_DEST_ATTR_TUN_TYPE)
        package static let tunnelPort = UInt16(IPVS_DEST_ATTR_TUN_PORT)
        package static let tunnelFlags = UInt16(IPVS_DEST_ATTR_TUN_FLAGS)
    }

    /// Within statistics of either width: `IPVS_STATS_ATTR_…`.
    package enum Stats {
        package static let connections = UInt16(IPVS_STATS_ATTR_CONNS)
        package static let inPackets = UInt16(IPVS_STATS_ATTR_INPKTS)
        package static let outPackets = UInt16(IPVS_STATS_ATTR_OUTPKTS)
        package static let inBytes = UInt16(IPVS_STATS_ATTR_INBYTES)
        package static let outBytes = UInt16(IPVS_STATS_ATTR_OUTBYTES)
        package static let connectionRate = UInt16(IPVS_STATS_ATTR_CPS)
        package static let inPacketRate = UInt16(IPVS_STATS_ATTR_INPPS)
        package static let outPacketRate = UInt16(IPVS_STATS_ATTR_OUTPPS)
        package static let inByteRate = UInt16(IPVS_STATS_ATTR_INBPS)
        package static let outByteRate = UInt16(IPVS_STATS_ATTR_OUTBPS)
    }
}
