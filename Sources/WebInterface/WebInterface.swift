package import Collector
import Glibc
import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle

/// The HTTP server: `/metrics`, `/-/healthy`, `/-/ready`, and a page with links to them.
///
/// Everything served here may face the network: no page carries a client's address.
package struct WebInterface: Service {
    private let address: ListenAddress
    private let routes: Routes
    private let logger: Logger
    private let onListening: @Sendable (ListenAddress) async -> Void

    /// - Parameters:
    ///   - version: This program's version.
    ///   - onListening: Called once the server takes requests, with the port the system chose if `address` had none.
    ///   - snapshot: The collector's present state, or `nil` before there is one; called for every request, from any
    ///     thread.
    package init(
        address: ListenAddress, version: String, logger: Logger,
        onListening: @escaping @Sendable (ListenAddress) async -> Void = { _ in },
        snapshot: @escaping @Sendable () -> CollectorSnapshot?
    ) {
        self.address = address
        self.routes = Routes(version: version, snapshot: snapshot)
        self.onListening = onListening
        var logger = logger
        // What is worth telling of the server's start is told by `onListening`.
        logger.logLevel = max(logger.logLevel, .warning)
        self.logger = logger
    }

    /// Tells whether ``run()`` could listen, so that a taken port stops the program before anything else begins.
    package func checkAddress() async throws(WebInterfaceError) {
        do {
            let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .bind(host: address.bindingHost, port: Int(address.port)).get()
            try await channel.close()
        } catch {
            throw listeningError(error)
        }
    }

    /// Serves until graceful shutdown or cancellation.
    ///
    /// - Throws: ``WebInterfaceError`` if the address cannot be listened on.
    package func run() async throws {
        let application = Application(
            router: routes.router(),
            server: .http1(configuration: .init(idleTimeout: .seconds(120))),
            configuration: .init(
                address: .hostname(address.bindingHost, port: Int(address.port)),
                availableConnectionsDelegate: MaximumAvailableConnections(512)),
            onServerRunning: { [address, onListening] channel in
                let port = channel.localAddress?.port.flatMap(UInt16.init(exactly:)) ?? address.port
                await onListening(ListenAddress(host: address.host, port: port))
            },
            logger: logger)
        do {
            try await application.run()
        } catch let error as CancellationError {
            throw error
        } catch {
            throw listeningError(error)
        }
    }

    private func listeningError(_ error: any Error) -> WebInterfaceError {
        let text = address.description
        if error is SocketAddressError { return WebInterfaceError(.addressNotAvailable, text: text) }
        guard let error = error as? IOError else {
            return WebInterfaceError(.other, text: text, detail: "\(error)")
        }
        switch error.errnoCode {
        case EADDRINUSE: return WebInterfaceError(.addressInUse, text: text)
        case EADDRNOTAVAIL: return WebInterfaceError(.addressNotAvailable, text: text)
        case EACCES, EPERM: return WebInterfaceError(.notPermitted, text: text)
        default: return WebInterfaceError(.other, text: text, detail: "\(error)")
        }
    }
}
