import FoundationEssentials
import Glibc

/// What the kernel says of a process: the standard `process_…` metrics.
package struct ProcessStatistics: Sendable, Hashable {
    /// - Unit: seconds of CPU time, user and system.
    package var cpuSeconds: Double
    package var residentMemoryBytes: UInt64
    package var virtualMemoryBytes: UInt64
    package var openFileDescriptors: UInt64
    /// `nil` without a limit.
    package var maximumFileDescriptors: UInt64?
    /// - Unit: seconds since the epoch.
    package var startTimeSeconds: Double

    package init(
        cpuSeconds: Double, residentMemoryBytes: UInt64, virtualMemoryBytes: UInt64, openFileDescriptors: UInt64,
        maximumFileDescriptors: UInt64?, startTimeSeconds: Double
    ) {
        self.cpuSeconds = cpuSeconds
        self.residentMemoryBytes = residentMemoryBytes
        self.virtualMemoryBytes = virtualMemoryBytes
        self.openFileDescriptors = openFileDescriptors
        self.maximumFileDescriptors = maximumFileDescriptors
        self.startTimeSeconds = startTimeSeconds
    }

    /// This process now, or `nil` where `/proc` is not mounted.
    ///
    /// - Source: `/proc/self/stat`, `/proc/self/fd`, `/proc/self/limits`, and `btime` of `/proc/stat`.
    package static func current() -> Self? {
        guard let stat = text(of: "/proc/self/stat"), let limits = text(of: "/proc/self/limits"),
            let bootTime = text(of: "/proc/stat").flatMap(bootTime(in:)),
            let descriptors = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
        else { return nil }
        return Self(
            stat: stat, limits: limits, bootTime: bootTime,
            // The listing itself holds one.
            openFileDescriptors: UInt64(max(descriptors.count - 1, 0)),
            ticksPerSecond: Double(sysconf(Int32(_SC_CLK_TCK))), pageSize: UInt64(sysconf(Int32(_SC_PAGESIZE))))
    }

    /// Reads the kernel's texts, or gives `nil` if `stat` is not in the form of proc(5).
    package init?(
        stat: String, limits: String, bootTime: UInt64, openFileDescriptors: UInt64, ticksPerSecond: Double,
        pageSize: UInt64
    ) {
        // The command's name is in parentheses, and may hold spaces and parentheses itself.
        guard let name = stat.lastIndex(of: ")") else { return nil }
        // proc(5) numbers fields from 1; the first after the name is number 3.
        let fields = stat[stat.index(after: name)...].split(whereSeparator: \.isWhitespace)
        let field = { (number: Int) in fields.indices.contains(number - 3) ? UInt64(fields[number - 3]) : nil }
        guard let user = field(14), let system = field(15), let start = field(22), let virtual = field(23),
            let residentPages = field(24)
        else { return nil }
        let openFilesLimit = limits.split(separator: "\n").first { $0.hasPrefix("Max open files") }
        self.init(
            cpuSeconds: Double(user + system) / ticksPerSecond, residentMemoryBytes: residentPages * pageSize,
            virtualMemoryBytes: virtual, openFileDescriptors: openFileDescriptors,
            maximumFileDescriptors: openFilesLimit.flatMap { UInt64($0.split(separator: " ")[3]) },
            startTimeSeconds: Double(bootTime) + Double(start) / ticksPerSecond)
    }

    /// When the system booted, in seconds since the epoch.
    private static func bootTime(in stat: String) -> UInt64? {
        stat.split(separator: "\n").first { $0.hasPrefix("btime ") }.flatMap { UInt64($0.dropFirst(6)) }
    }

    private static func text(of path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }
}

extension MetricSnapshot {
    /// Adds the standard `process_…` metrics.
    package mutating func append(_ process: ProcessStatistics) {
        append(.processCPUSecondsTotal, .number(process.cpuSeconds))
        append(.processResidentMemoryBytes, .integer(process.residentMemoryBytes))
        append(.processVirtualMemoryBytes, .integer(process.virtualMemoryBytes))
        append(.processOpenFDs, .integer(process.openFileDescriptors))
        if let maximum = process.maximumFileDescriptors { append(.processMaxFDs, .integer(maximum)) }
        append(.processStartTimeSeconds, .number(process.startTimeSeconds))
    }
}
