import ArgumentParser
import Collector
import Foundation
import IPVSKernel
import IPVSModel
import PacketCapture
import WebInterface

/// The options that `collect` and `run` share.
struct CollectorArguments: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "The VIP side's interface (default: the one that holds a virtual service's address).",
            valueName: "interface"))
    var vipInterface: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "The DIP side's interface (default: the one that leads to the real servers).", valueName: "interface"))
    var dipInterface: String?

    @OptionGroup var database: DatabaseOption

    @Option(
        name: .customLong("web.listen-address"),
        help: ArgumentHelp("Where to serve /metrics.", valueName: "address:port"))
    var listenAddress: String?

    @OptionGroup var retention: RetentionOptions

    @OptionGroup var tracked: TrackedConnectionsOption

    @Option(
        name: .long,
        help: ArgumentHelp(
            "How many threads read and trace packets; the verdict does not depend on it.", valueName: "count"))
    var threads = 1

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Keep both captures (headers only) and the kernel's readings in this folder, for replay.",
            valueName: "folder"))
    var record: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            """
            What to capture: everything (full), of TCP only SYN, FIN and RST (handshake), or the latter only while \
            everything is more than can be captured (auto).
            """))
    var level = LevelPolicy.auto

    func validate() throws {
        try ThreadCount.validate(threads)
        if threads > 1, record != nil {
            throw ValidationError("--record: one thread keeps the packets in order; leave out --threads")
        }
    }

    /// What the options mean on this director.
    ///
    /// - Throws: `KernelError` if IPVS cannot be read, `CollectorError` if an interface cannot be found.
    func resolve() throws -> CollectorOptions {
        let services = try LiveKernel().read(includingConnections: false).virtualServices
        let vip = vipInterface ?? Self.vipInterface(services)
        let dip = dipInterface ?? Self.dipInterface(services)
        guard let vip, let dip else {
            guard !services.isEmpty else {
                throw CollectorError(
                    code: .noVirtualServices,
                    description:
                        "IPVS has no virtual service, so the interfaces cannot be found; add one with `ipvsadm -A`, or "
                        + "name them with --vip-interface and --dip-interface")
            }
            let option = vip == nil ? "--vip-interface" : "--dip-interface"
            throw CollectorError(
                code: .interfaceUnknown,
                description:
                    vip == nil
                    ? "no interface holds the address of a virtual service; name it with \(option)"
                    : "no route leads to the real servers; name their interface with \(option)")
        }
        var options = CollectorOptions(
            vipInterface: vip, dipInterface: dip,
            databasePath: database.path(environment: ProcessInfo.processInfo.environment),
            trackedConnections: tracked.trackedConnections, threads: threads, recordingPath: record, level: level)
        options.sampleInterval = .seconds(retention.sampleInterval)
        options.retention = retention.limits
        return options
    }

    private static func vipInterface(_ services: [VirtualService]) -> String? {
        services.lazy.compactMap { $0.identity.endpoint }.compactMap {
            InterfaceFinder.interface(holding: $0.address)
        }.first
    }

    private static func dipInterface(_ services: [VirtualService]) -> String? {
        services.lazy.flatMap(\.realServers).compactMap {
            InterfaceFinder.interface(towards: $0.endpoint.address)
        }.first
    }
}

extension LevelPolicy: ExpressibleByArgument {}

extension CollectorOptions {
    /// What was chosen, for a person who watches.
    var summary: String {
        vipInterface == dipInterface
            ? "collecting on \(vipInterface) (both sides) into \(databasePath)"
            : "collecting on \(vipInterface) (VIP side) and \(dipInterface) (DIP side) into \(databasePath)"
    }
}
