import Collector
import Glibc
import IPVSKernel
import IPVSModel
import PacketCapture
import PacketDecoding
import TraceStore

/// The collector's capture thread without the rest of the collector: services come from a saved reading of the kernel,
/// and what is traced is thrown away. `capture-benchmark INTERFACE KERNEL THREADS [FILTER]` captures both sides of a
/// one-armed director until it is sent SIGINT, then prints what it saw.
///
/// With a filter of pcap-filter(7), that one is in force; without, the collector's own, made from the services.
@main
struct CaptureBenchmark {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard (4...5).contains(arguments.count), let threads = Int(arguments[3]), threads > 0 else {
            print("usage: capture-benchmark INTERFACE KERNEL THREADS [FILTER]")
            exit(64)
        }
        let state = try KernelStateFile.read(arguments[2])[0]
        let tracers = Tracers(count: threads, capacity: CollectorOptions.defaultTrackedConnections, states: [state])
        let captures = try open(arguments[1], threads, state, expression: arguments.count == 5 ? arguments[4] : nil)
        let thread = CaptureThread(captures: captures, tracers: tracers)

        // Blocked here, the signal stays blocked in the threads that begin from now on, and waits for us.
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe sigaddset(&signals, SIGINT)
        unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
        thread.start()
        var connections = 0
        var pause = timespec(tv_sec: 0, tv_nsec: 100_000_000)
        while unsafe sigtimedwait(&signals, nil, &pause) < 0 {
            connections += thread.takeOutput().found.connections.count
            _ = thread.takeStarts()
        }
        thread.stop()
        connections += thread.takeOutput().found.connections.count
        let status = thread.peek { $0.captures[0] }
        print(
            """
            {"received":\(status.packetsReceived),"dropped":\(status.packetsDropped),"connections":\(connections)}
            """)
    }

    private static func open(
        _ interface: String, _ threads: Int, _ state: KernelState, expression: String?
    ) throws -> sending LiveCaptures {
        let filter = CaptureFilter(services: state.virtualServices, vip: true, dip: true)
        guard threads == 1 else {
            let captures = FannedCaptures(threads: threads)
            try captures.open(interface: interface, tap: .both, filter: filter)
            if let expression {
                try captures.visitEach { capture throws(CaptureError) in try capture.setFilter(expression) }
            }
            return LiveCaptures(captures)
        }
        var capture = try Capture.open(interface: interface, tap: .both)
        if let expression { try capture.setFilter(expression) } else { try capture.setFilter(filter) }
        return LiveCaptures(CaptureSet(capture, nil))
    }
}
