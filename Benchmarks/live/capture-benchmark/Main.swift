import Collector
import ConnectionTracing
import Glibc
import IPVSKernel
import PacketCapture
import PacketDecoding

/// The collector's capture thread without the rest of the collector: services come from a saved reading of the kernel,
/// and what is traced is thrown away. `capture-benchmark INTERFACE KERNEL [FILTER]` captures both sides of a one-armed
/// director until it is sent SIGINT, then prints what it saw.
///
/// With a filter of pcap-filter(7), that one is in force; without, the collector's own, made from the services.
@main
struct CaptureBenchmark {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard (3...4).contains(arguments.count) else {
            print("usage: capture-benchmark INTERFACE KERNEL [FILTER]")
            exit(64)
        }
        let state = try KernelStateFile.read(arguments[2])[0]
        var capture = try Capture.open(interface: arguments[1], tap: .both)
        var tracer = ConnectionTracer(capacity: CollectorOptions.defaultTrackedConnections, firstConnectionID: 1)
        tracer.update(to: state)
        if arguments.count == 4 { try capture.setFilter(arguments[3]) }
        let thread = CaptureThread(captures: CaptureSet(capture, nil), tracer: tracer)
        if arguments.count == 3 { thread.post(state) }

        // Blocked here, the signal stays blocked in the threads that begin from now on, and waits for us.
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe sigaddset(&signals, SIGINT)
        unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
        thread.start()
        var connections = 0
        var pause = timespec(tv_sec: 0, tv_nsec: 100_000_000)
        while unsafe sigtimedwait(&signals, nil, &pause) < 0 { connections += thread.takeOutput().records.count }
        thread.stop()
        connections += thread.takeOutput().records.count
        let status = thread.peek { $0.captures[0] }
        print(
            """
            {"received":\(status.packetsReceived),"dropped":\(status.packetsDropped),"connections":\(connections)}
            """)
    }
}
