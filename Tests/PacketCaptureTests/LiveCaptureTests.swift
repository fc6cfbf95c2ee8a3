import CPcap
import Foundation
import Glibc
import IPVSModel
import PacketCapture
import PacketDecoding
import Testing

/// A network namespace with a veth pair: what leaves by `near` is captured on `far`.
///
/// Needs root, and says so loudly: a test that cannot make it fails.
final class Namespace: Sendable {
    let name = "ipvscope-\(UInt32.random(in: 0 ... .max))"

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    init() throws {
        try Self.run(["ip", "netns", "add", name])
        for line in [
            "link add near type veth peer name far", "link set lo up", "link set near up", "link set far up",
            "addr add 10.99.0.1/24 dev near", "neigh add 10.99.0.2 lladdr 02:00:00:00:00:02 dev near nud permanent",
            "link add silent type veth peer name unused",
        ] {
            try Self.run(["ip", "-n", name] + line.split(separator: " ").map(String.init))
        }
    }

    deinit { try? Self.run(["ip", "netns", "delete", name]) }

    /// Sends a datagram from within.
    func send(_ text: String, to address: String, port: Int) throws {
        try Self.run(["ip", "netns", "exec", name, "bash", "-c", "echo \(text) > /dev/udp/\(address)/\(port)"])
    }

    static func run(_ arguments: [String]) throws {
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

    /// Runs `body` on a thread of its own that has entered the namespace.
    func enter<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) throws -> Result {
        let path = "/run/netns/\(name)"
        let box = Box<Swift.Result<Result, any Error>>()
        let done = DispatchSemaphore(value: 0)
        Thread {
            box.value = Swift.Result {
                let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
                defer { close(descriptor) }
                guard try Self.setNamespace(descriptor) == 0 else {
                    throw Failure(description: "setns: errno \(errno); this test needs root")
                }
                return try body()
            }
            done.signal()
        }.start()
        done.wait()
        return try box.value!.get()
    }

    /// Enters a network namespace with the calling thread alone.
    ///
    /// The corresponding C function is `setns`, which Glibc's module leaves out.
    private static func setNamespace(_ descriptor: Int32) throws -> Int32 {
        typealias Function = @convention(c) (Int32, Int32) -> Int32
        guard let symbol = unsafe dlsym(nil, "setns") else { throw Failure(description: "there is no setns") }
        let networkNamespace: Int32 = 0x4000_0000
        return unsafe unsafeBitCast(symbol, to: Function.self)(descriptor, networkNamespace)
    }

    /// Confinement: written before the semaphore is signalled, read after it was waited for.
    private final class Box<Value>: @unchecked Sendable {
        var value: Value?
    }
}

@Suite(.serialized)
struct LiveCaptureTests {
    private struct Captured: Sendable {
        var packets: [String] = []
        var packetsRead: UInt64 = 0
        var drops: UInt64 = 0
        var isLive = false
        var newestAge: Int64 = .max
    }

    private static func now() -> Int64 { Int64(Date().timeIntervalSince1970 * 1e9) }

    /// Captures on `far` while `send` runs, until `count` packets came or five seconds passed.
    private static func capture(
        in namespace: Namespace, filter: String, count: Int, recording: String? = nil,
        _ send: @escaping @Sendable () throws -> Void
    ) throws -> Captured {
        try namespace.enter {
            var capture = try Capture.open(interface: "far", tap: .vip)
            try capture.setFilter(filter)
            if let recording { try capture.record(to: recording) }
            var result = Captured(isLive: capture.isLive)
            var set = CaptureSet(capture, nil)
            try send()
            for _ in 0..<50 where result.packets.count < count {
                set.wait(milliseconds: 100)
                _ = try set.readInterfaces(
                    horizon: .max,
                    packets: { packets in
                        for index in packets.indices {
                            let packet = packets[index]
                            result.packets.append("\(packet.destination) \(packet.payloadLength)")
                            result.newestAge = now() - packet.time
                        }
                    }, advance: { _ in })
            }
            set.visitEach { capture in
                result.packetsRead = capture.packetsRead
                result.drops = capture.dropCounts.byKernel
                capture.flushRecording()
            }
            return result
        }
    }

    @Test func `packets on a wire are captured through the filter, and recorded`() throws {
        let namespace = try Namespace()
        let folder = try TemporaryFolder()
        let captured = try Self.capture(
            in: namespace, filter: "udp port 53", count: 3, recording: folder.path("far.pcap")
        ) {
            for text in ["a", "bb", "ccc"] { try namespace.send(text, to: "10.99.0.2", port: 53) }
            try namespace.send("other", to: "10.99.0.2", port: 54)
        }
        #expect(captured.packets == ["10.99.0.2:53 2", "10.99.0.2:53 3", "10.99.0.2:53 4"])
        #expect(captured.packetsRead == 3)
        #expect(captured.drops == 0)
        #expect(captured.isLive)
        // The clock of the packets is the wall clock.
        #expect((0..<60_000_000_000).contains(captured.newestAge))
        #expect(try Reading(folder.path("far.pcap")).times.count == 3)
    }

    /// Sends a frame as it is.
    private static func send(_ frame: [UInt8], on interface: String) throws {
        let descriptor = socket(AF_PACKET, Int32(SOCK_RAW.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_ll()
        address.sll_family = UInt16(AF_PACKET)
        address.sll_ifindex = Int32(unsafe if_nametoindex(interface))
        let sent = unsafe withUnsafeBytes(of: &address) { bytes in
            unsafe sendto(
                descriptor, frame, frame.count, 0, bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self),
                socklen_t(bytes.count))
        }
        guard sent == frame.count else { throw Namespace.Failure(description: "sendto: \(errno)") }
    }

    /// The kernel takes the tag out of a frame and hands it over beside it.
    @Test func `a VLAN tag is in the recording as it was on the wire`() throws {
        let namespace = try Namespace()
        let folder = try TemporaryFolder()
        let ethernet: [UInt8] = [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x81, 0x00, 0, 10, 0x08, 0x00]
        let ip: [UInt8] = [0x45, 0, 0, 34, 0, 1, 0, 0, 64, 17, 0, 0, 10, 98, 0, 1, 10, 98, 0, 2]
        let frame = ethernet + ip + [156, 64, 0, 53, 0, 14, 0, 0] + Array("tagged".utf8)
        let captured = try Self.capture(
            in: namespace, filter: "vlan and udp port 53", count: 1, recording: folder.path("far.pcap")
        ) {
            try Self.send(frame, on: "near")
        }
        #expect(captured.packets == ["10.98.0.2:53 6"])
        let file = try Array(Data(contentsOf: URL(filePath: folder.path("far.pcap"))))
        let length = UInt8(frame.count)
        #expect(Array(file[32..<40]) == [length, 0, 0, 0, length, 0, 0, 0])
        #expect(Array(file[40...]) == frame)
    }

    @Test func `an interface that goes down is waited for, and one that goes away is an error`() throws {
        let namespace = try Namespace()
        let name = namespace.name
        let (read, problem) = try namespace.enter { () throws -> (UInt64, String?) in
            var capture = try Capture.open(interface: "far", tap: .vip)
            try capture.setFilter("udp port 53")
            let wait = { (capture: inout Capture) throws(CaptureError) in
                for _ in 0..<20 {
                    Thread.sleep(forTimeInterval: 0.02)
                    _ = try capture.fill(limit: capture.room)
                }
            }
            try Namespace.run(["ip", "-n", name, "link", "set", "far", "down"])
            try wait(&capture)
            try Namespace.run(["ip", "-n", name, "link", "set", "far", "up"])
            try Namespace.run([
                "ip", "-n", name, "neigh", "replace", "10.99.0.2", "lladdr", "02:00:00:00:00:02", "dev", "near",
            ])
            try namespace.send("again", to: "10.99.0.2", port: 53)
            try wait(&capture)
            let read = capture.packetsRead
            try Namespace.run(["ip", "-n", name, "link", "delete", "near"])
            do throws(CaptureError) {
                try wait(&capture)
                return (read, nil)
            } catch {
                return (read, error.description)
            }
        }
        #expect(read == 1)
        #expect(problem?.contains("The interface disappeared") == true)
    }

    /// What a flood of datagrams came to, with another filter set all the time.
    private struct Flood: Sendable {
        var filtersSet = 0
        var accountedFor: UInt64 = 0
    }

    @Test func `while one filter takes the place of another no packet is lost uncounted`() throws {
        let namespace = try Namespace()
        let flood = try namespace.enter { () throws -> Flood in
            let filters = [["53"], ["53", "54"]].map { ports in
                CaptureFilter(
                    services: ports.map {
                        VirtualService(
                            identity: VirtualServiceIdentity("udp/10.99.0.2:\($0)")!, scheduler: .roundRobin)
                    }, vip: true, dip: false)
            }
            var capture = try Capture.open(interface: "far", tap: .vip)
            try capture.setFilter(filters[0])
            let sender = Process()
            sender.executableURL = URL(filePath: "/usr/bin/env")
            sender.arguments = [
                "bash", "-c", "exec 3>/dev/udp/10.99.0.2/53; for ((i = 0; i < 30000; i++)); do echo >&3; done",
            ]
            try sender.run()
            var result = Flood()
            while sender.isRunning {
                try capture.setFilter(filters[result.filtersSet % 2])
                result.filtersSet += 1
                _ = try capture.fill(limit: capture.room)
                _ = capture.take(before: .max) { _ in }
            }
            // The ring hands over what it holds within its timeout.
            Thread.sleep(forTimeInterval: 0.2)
            while try capture.fill(limit: capture.room) > 0 { _ = capture.take(before: .max) { _ in } }
            result.accountedFor = capture.packetsRead + capture.dropCounts.byKernel
            return result
        }
        #expect(flood.filtersSet > 10)
        // A neighbour may have a word or two of its own.
        #expect((30_000...30_010).contains(flood.accountedFor))
    }

    @Test func `an interface that is down is named as such`() throws {
        let namespace = try Namespace()
        let problem = try namespace.enter { () -> CaptureError? in
            do throws(CaptureError) {
                _ = try Capture.open(interface: "silent", tap: .vip)
                return nil
            } catch {
                return error
            }
        }
        #expect(problem?.code == .interfaceDown)
        #expect(problem?.description.contains("ip link set dev silent up") == true)
    }
}
