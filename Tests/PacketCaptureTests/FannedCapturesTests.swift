import CPcap
import Foundation
import Glibc
import IPVSModel
import PacketCapture
import PacketDecoding
import Synchronization
import Testing

/// Sends frames on an interface of the namespace that the thread is in.
@safe
private struct FrameSender: ~Copyable {
    private let handle: OpaquePointer

    init(_ interface: String) throws {
        var message = [CChar](repeating: 0, count: Int(PCAP_ERRBUF_SIZE))
        guard let handle = unsafe pcap_create(interface, &message), unsafe pcap_activate(handle) >= 0 else {
            throw Namespace.Failure(description: "\(interface): nothing can be sent; this test needs root")
        }
        unsafe self.handle = handle
    }

    deinit { unsafe pcap_close(handle) }

    func send(_ frame: [UInt8]) throws {
        let sent = unsafe pcap_inject(handle, frame, frame.count)
        guard sent == frame.count else { throw Namespace.Failure(description: "pcap_inject returned \(sent)") }
    }
}

/// Several sockets that share an interface, on a real kernel.
@Suite(.serialized)
struct FannedCapturesTests {
    /// A packet, and the socket that it came through.
    private struct Read: Sendable {
        var socket: Int
        var packet: PacketSummary

        /// The same for both directions.
        var connection: Set<Endpoint> { [packet.source, packet.destination] }
    }

    private static let filter = CaptureFilter(
        services: [VirtualService(identity: .firewallMark(1, isIPv6: false), scheduler: .roundRobin)], vip: true,
        dip: true)

    /// Deals packets out by their source port.
    private static func deal(
        _ packets: Span<PacketSummary>, into shards: inout MutableSpan<UInt8>, _ shard: (UInt16) -> UInt16
    ) {
        for index in packets.indices { shards[index] = UInt8(shard(packets[index].sourcePort)) }
    }

    /// Reads what waits on each socket.
    private static func read(_ captures: FannedCaptures) -> [Read] {
        let packets = Mutex<[Read]>([])
        let current = Mutex(0)
        captures.deal { found, _ in
            for index in found.indices {
                let read = Read(socket: current.withLock { $0 }, packet: found[index])
                packets.withLock { $0.append(read) }
            }
        }
        for socket in 0..<captures.threads {
            current.withLock { $0 = socket }
            captures.read(socket)
        }
        _ = captures.beginRound(horizon: .max)
        captures.take(0, packets: { _ in }, advance: { _ in })
        return packets.withLock { $0 }
    }

    /// What several sockets on `interface` read of frames that are sent on `near`.
    private static func packets(_ frames: [[UInt8]], on interface: String, sockets: Int) throws -> [Read] {
        let namespace = try Namespace()
        return try namespace.enter {
            let captures = FannedCaptures(threads: sockets)
            try captures.open(interface: interface, tap: .both, filter: filter)
            let sender = try FrameSender("near")
            for frame in frames { try sender.send(frame) }
            // The ring hands over what it holds within its timeout.
            Thread.sleep(forTimeInterval: 0.1)
            return read(captures)
        }
    }

    private static let segments = (0..<64).flatMap { (client: UInt16) -> [[UInt8]] in
        let ports: [(UInt16, UInt16)] = [(40_000 + client, 80), (80, 40_000 + client)]
        return ports.flatMap { (source, destination) -> [[UInt8]] in
            let isIn = destination == 80
            return [0x10, 0x18, 0x12, 0x11, 0x04].flatMap { (flags: UInt8) -> [[UInt8]] in
                let segment = Frame.tcp(source, destination, flags: flags)
                return [
                    isIn
                        ? Frame.ipv4("172.16.0.7", "10.99.0.2", 6, segment)
                        : Frame.ipv4("10.99.0.2", "172.16.0.7", 6, segment),
                    isIn
                        ? Frame.ipv6("2001:db8::7", "2001:db8::2", 6, segment)
                        : Frame.ipv6("2001:db8::2", "2001:db8::7", 6, segment),
                ]
            }
        }
    }

    @Test(arguments: ["far", "near"], [2, 3])
    func `both directions of a connection come through one socket, and connections through all`(
        interface: String, sockets: Int
    ) throws {
        let read = try Self.packets(Self.segments, on: interface, sockets: sockets)
        #expect(read.count == Self.segments.count)
        let connections = Dictionary(grouping: read, by: \.connection).mapValues { Set($0.map(\.socket)) }
        #expect(connections.count == 128)
        #expect(connections.values.allSatisfy { $0.count == 1 })
        for isIPv4 in [true, false] {
            let ofFamily = connections.filter { $0.key.first?.address.isIPv4 == isIPv4 }.values
            let spread = (0..<sockets).map { socket in ofFamily.count { $0 == [socket] } }
            // 64 connections: far from even would be a hash that does not mix.
            #expect(spread.allSatisfy { $0 >= 64 / sockets / 3 }, "\(spread)")
        }
    }

    @Test(arguments: ["far", "near"])
    func `what may begin a connection, and all of a fragmented packet, comes through the first socket in order`(
        interface: String
    ) throws {
        let (client, server) = ("172.16.0.7", "10.99.0.2")
        var frames: [[UInt8]] = []
        for port in 40_000..<UInt16(40_032) {
            let data = Frame.tcp(port, 80, flags: 0x10)
            frames += [
                Frame.ipv4(client, server, 6, Frame.tcp(port, 80)),
                Frame.ipv6("2001:db8::7", "2001:db8::2", 6, Frame.tcp(port, 80)),
                Frame.ipv4(client, server, 17, Frame.udp(port, 80)),
                Frame.ipv6("2001:db8::7", "2001:db8::2", 17, Frame.udp(port, 80)),
                Frame.ipv4(client, server, 132, Frame.sctp(port, 80)),
                // More fragments follow; then the second, of the same packet.
                Frame.ipv4(client, server, 6, data, fragment: 0x2000),
                Frame.ipv4(client, server, 6, data, fragment: 3),
                // Behind a destination options header.
                Frame.ipv6("2001:db8::7", "2001:db8::2", 60, [6, 0, 1, 4, 0, 0, 0, 0] + data),
            ]
        }
        let read = try Self.packets(frames, on: interface, sockets: 2)
        #expect(read.count == frames.count)
        #expect(Set(read.map(\.socket)) == [0])
        let ports = read.map { min($0.packet.sourcePort, 40_032) }.filter { $0 >= 40_000 }
        #expect(ports.count > 32 * 6)
        #expect(ports == ports.sorted())
    }

    @Test func `tags make no difference to a packet that is received, and two of them come through the first socket`()
        throws
    {
        let one = (0..<64).map { Frame.ipv4("172.16.0.7", "10.99.0.2", 6, Frame.tcp(40_000 + $0, 80, flags: 0x10)) }
        let tagged = (0..<64).map {
            Frame.ipv4("172.16.0.7", "10.99.0.2", 6, Frame.tcp(40_000 + $0, 80, flags: 0x10), tags: 1)
        }
        let twice = (0..<64).map {
            Frame.ipv4("172.16.0.8", "10.99.0.2", 6, Frame.tcp(40_000 + $0, 80, flags: 0x10), tags: 2)
        }
        let read = try Self.packets(one + tagged + twice, on: "far", sockets: 2)
        #expect(read.count == 192)
        let single = read.filter { $0.packet.source.address == IPAddress("172.16.0.7")! }
        let sockets = Dictionary(grouping: single, by: \.connection)
        #expect(sockets.count == 64)
        #expect(sockets.values.allSatisfy { $0.count == 2 && $0[0].socket == $0[1].socket })
        #expect(Set(single.map(\.socket)) == [0, 1])
        #expect(read.count { $0.packet.source.address == IPAddress("172.16.0.8")! && $0.socket == 0 } == 64)
    }

    @Test func `what was dealt out by an old rule and waits is dealt out by the new one`() throws {
        let namespace = try Namespace()
        let taken = try namespace.enter { () -> [[UInt16]] in
            let captures = FannedCaptures(threads: 2)
            try captures.open(interface: "far", tap: .both, filter: Self.filter)
            let sender = try FrameSender("near")
            for port in 40_000..<UInt16(40_064) {
                try sender.send(Frame.ipv4("172.16.0.7", "10.99.0.2", 6, Frame.tcp(port, 80, flags: 0x10)))
            }
            Thread.sleep(forTimeInterval: 0.1)
            captures.deal { Self.deal($0, into: &$1) { $0 % 2 } }
            for socket in 0..<2 { captures.read(socket) }
            captures.deal { Self.deal($0, into: &$1) { $0 / 2 % 2 } }
            _ = captures.beginRound(horizon: .max)
            return (0..<2).map { shard in
                var ports: [UInt16] = []
                captures.take(
                    shard, packets: { found in for index in found.indices { ports.append(found[index].sourcePort) } },
                    advance: { _ in })
                return ports
            }
        }
        let all = Array(40_000..<UInt16(40_064))
        #expect(taken[0] == all.filter { $0 / 2 % 2 == 0 })
        #expect(taken[1] == all.filter { $0 / 2 % 2 == 1 })
    }

    /// The client ports that were read of a flood of data segments, one from each port, that began before.
    private static func portsOfFlood(_ ports: Range<UInt16>) throws -> [UInt16] {
        let namespace = try Namespace()
        return try namespace.enter {
            let started = DispatchSemaphore(value: 0)
            let sent = DispatchSemaphore(value: 0)
            let problem = Mutex<(any Error)?>(nil)
            // Begins in the namespace of the thread that starts it.
            Thread {
                do {
                    let sender = try FrameSender("near")
                    for port in ports {
                        try sender.send(Frame.ipv4("172.16.0.7", "10.99.0.2", 6, Frame.tcp(port, 80, flags: 0x10)))
                        if port == ports.lowerBound + 100 { started.signal() }
                        usleep(20)
                    }
                } catch {
                    problem.withLock { $0 = error }
                    started.signal()
                }
                sent.signal()
            }.start()
            started.wait()
            let captures = FannedCaptures(threads: 3)
            try captures.open(interface: "far", tap: .both, filter: filter)
            var read: [Read] = []
            while sent.wait(timeout: .now() + 0.05) == .timedOut { read += Self.read(captures) }
            Thread.sleep(forTimeInterval: 0.1)
            read += Self.read(captures)
            if let problem = problem.withLock({ $0 }) { throw problem }
            #expect(Set(read.map(\.socket)) == [0, 1, 2])
            return read.map(\.packet.sourcePort)
        }
    }

    @Test func `from the first packet that was read on each was read once, while sockets join`() throws {
        let ports: Range<UInt16> = 1_000..<21_000
        let read = try Self.portsOfFlood(ports).sorted()
        let first = try #require(read.first)
        // Sockets join for a tenth of a second.
        #expect((1_050..<10_000).contains(first))
        #expect(read == Array(first..<ports.upperBound))
    }

    @Test func `an interface that is down is named as with one thread`() throws {
        let namespace = try Namespace()
        let problem = try namespace.enter { () -> CaptureError? in
            do throws(CaptureError) {
                try FannedCaptures(threads: 2).open(interface: "silent", tap: .vip, filter: Self.filter)
                return nil
            } catch {
                return error
            }
        }
        #expect(problem?.code == .interfaceDown)
        #expect(problem?.subject == "silent")
    }
}
