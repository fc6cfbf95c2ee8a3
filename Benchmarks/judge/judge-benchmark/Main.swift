import Balance
import Collector
import Glibc
import IPVSKernel

/// What models, measures and audit cost beside tracing. `judge-benchmark VIP DIP KERNEL` replays captures, judges what is
/// found, and prints the CPU time of both.
@main
struct JudgeBenchmark {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 4 else {
            throw Usage(description: "usage: \(arguments[0]) VIP.pcap DIP.pcap KERNEL.json")
        }
        let states = try KernelStateFile.read(arguments[3])
        let began = processorTime()
        let replay = Replay(vipPath: arguments[1], dipPath: arguments[2], kernelStates: states)
        let evidence = try replay.run(name: "benchmark")
        let traced = processorTime()
        let report = Judge.verdict(on: evidence)
        let judged = processorTime()
        let assignments = report.virtualServices.reduce(0) { $0 + $1.assignments }
        print(
            """
            {"tracing":\(traced - began),"judging":\(judged - traced),"assignments":\(assignments),"verdict":\
            "\(report.verdict.rawValue)"}
            """)
    }

    /// Of the whole process, in seconds.
    private static func processorTime() -> Double {
        var time = timespec()
        unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    private struct Usage: Error, CustomStringConvertible {
        let description: String
    }
}
