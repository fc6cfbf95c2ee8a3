import Balance
import CPcap
import Collector
import ConnectionTracing
import Foundation
import Glibc
import IPVSModel
import PacketCapture
import PacketDecoding
import Testing
import TraceStore

/// A capture thread on a wire of its own: a veth pair in a network namespace, which needs root and says so.
final class Wire: Sendable {
    private let name = "ipvscope-\(UInt32.random(in: 0 ... .max))"

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    init() throws {
        try Self.run(["ip", "netns", "add", name])
        // Nobody but the test has a word to say on it.
        let quiet = ["all", "default"].map { "net.ipv6.conf.\($0).disable_ipv6=1" }
        try Self.run(["ip", "netns", "exec", name, "sysctl", "-qw"] + quiet)
        for line in [
            "link add near type veth peer name far", "link set near up", "link set far up",
            "addr add 10.99.0.1/24 dev near", "neigh add 10.99.0.2 lladdr 02:00:00:00:00:02 dev near nud permanent",
        ] {
            try Self.run(["ip", "-n", name] + line.split(separator: " ").map(String.init))
        }
    }

    deinit { try? Self.run(["ip", "netns", "delete", name]) }

    /// Sends a datagram that arrives on `far`.
    func send(port: Int) throws {
        try Self.run(["ip", "netns", "exec", name, "bash", "-c", "echo a > /dev/udp/10.99.0.2/\(port)"])
    }

    private static func run(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = arguments
        let output = Pipe()
        process.standardError = output
        try process.run()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(
                description: "\(arguments.joined(separator: " ")): \(text); this test needs root and iproute2")
        }
    }

    /// Sends frames that arrive on `far`.
    func send(_ frames: [[UInt8]]) throws {
        try within {
            var message = [CChar](repeating: 0, count: Int(PCAP_ERRBUF_SIZE))
            guard let handle = unsafe pcap_create("near", &message), unsafe pcap_activate(handle) >= 0 else {
                throw Failure(description: "near: nothing can be sent; this test needs root")
            }
            defer { unsafe pcap_close(handle) }
            for frame in frames {
                let sent = unsafe pcap_inject(handle, frame, frame.count)
                guard sent == frame.count else { throw Failure(description: "pcap_inject returned \(sent)") }
            }
        }
    }

    /// A thread that captures on `far`, alone or with others, which was opened by one that entered the namespace.
    func capture(_ state: KernelState, threads: Int = 1) throws -> CaptureThread {
        try within {
            let filter = CaptureFilter(services: state.virtualServices, vip: true, dip: true)
            let tracers = Tracers(count: threads, capacity: 1_000, states: [state])
            guard threads == 1 else {
                let captures = FannedCaptures(threads: threads)
                try captures.open(interface: "far", tap: .both, filter: filter)
                return CaptureThread(captures: LiveCaptures(captures), tracers: tracers)
            }
            var capture = try Capture.open(interface: "far", tap: .both)
            try capture.setFilter(filter)
            return CaptureThread(captures: LiveCaptures(CaptureSet(capture, nil)), tracers: tracers)
        }
    }

    /// Runs `body` on a thread of its own that has entered the namespace.
    private func within<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) throws -> Value {
        let path = "/run/netns/\(name)"
        let box = Box<Value>()
        let done = DispatchSemaphore(value: 0)
        Thread {
            box.value = Result {
                try Self.enter(path)
                return try body()
            }
            done.signal()
        }.start()
        done.wait()
        return try box.value!.get()
    }

    /// The corresponding C function is `setns`, which Glibc's module leaves out.
    private static func enter(_ path: String) throws {
        typealias Function = @convention(c) (Int32, Int32) -> Int32
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        defer { close(descriptor) }
        guard let symbol = unsafe dlsym(nil, "setns"),
            unsafe unsafeBitCast(symbol, to: Function.self)(descriptor, 0x4000_0000) == 0
        else { throw Failure(description: "\(path): cannot be entered; this test needs root") }
    }

    /// Confinement: written before the semaphore is signalled, read after it was waited for.
    private final class Box<Value>: @unchecked Sendable {
        var value: Result<Value, any Error>?
    }
}

struct CaptureThreadTests {
    private static func state(_ ports: [UInt16]) -> KernelState {
        KernelState(
            observedAt: Timestamp(rawValue: 0), version: "1.2.1", connectionTableSize: 4_096,
            timeouts: KernelState.Timeouts(),
            virtualServices: ports.map { port in
                VirtualService(
                    identity: .endpoint(.udp, Endpoint(address: IPAddress("10.99.0.2")!, port: port)),
                    scheduler: .roundRobin, realServers: [RealServer(endpoint: Endpoint("10.10.10.10:53")!)])
            })
    }

    /// Waits until as many packets were received; ICMP errors may come on top.
    private static func wait(for packets: UInt64, _ thread: CaptureThread) -> Bool {
        var received: UInt64 = 0
        for _ in 0..<100 where received < packets {
            Thread.sleep(forTimeInterval: 0.05)
            received = thread.peek { $0.captures.reduce(0) { $0 + $1.packetsReceived } }
        }
        return received >= packets
    }

    @Test func `filter and tracer follow the kernel's configuration, and nothing is lost at the end`() throws {
        let wire = try Wire()
        let thread = try wire.capture(Self.state([53]))
        thread.start()
        try wire.send(port: 53)
        try wire.send(port: 54)
        #expect(Self.wait(for: 1, thread))

        thread.post(Self.state([53, 54]))
        // The thread looks for messages between two waits for packets.
        Thread.sleep(forTimeInterval: 0.3)
        try wire.send(port: 54)
        let mark = Timestamp(rawValue: Int64(Date().timeIntervalSince1970 * 1e9))
        thread.requestMark(at: mark)
        #expect(Self.wait(for: 2, thread))
        for _ in 0..<100 where thread.peek({ $0.marks[mark] == nil }) { Thread.sleep(forTimeInterval: 0.05) }
        #expect(thread.peek { $0.marks[mark]?.trackedConnections } == 2)
        try wire.send(port: 53)
        // The ring hands over what it holds within its timeout.
        Thread.sleep(forTimeInterval: 0.1)
        thread.stop()

        let output = thread.takeOutput()
        #expect(
            output.found.connections.map(\.virtualService.description) == [
                "udp/10.99.0.2:53", "udp/10.99.0.2:54", "udp/10.99.0.2:53",
            ])
        #expect(output.recordsDropped == 0)
        #expect(output.found.levels.map(\.level) == [.full])
        #expect(thread.peek { $0.problem } == nil)
        #expect(thread.peek { $0.isFinished })
    }
}
