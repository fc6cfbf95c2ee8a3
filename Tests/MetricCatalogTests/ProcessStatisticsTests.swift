import MetricCatalog
import Testing

struct ProcessStatisticsTests {
    /// Fields 3 to 25 of proc(5); utime is 1234, stime 66, starttime 4200, vsize 9 MB, rss 300 pages.
    static let fields = "S 1 42 42 0 -1 4194304 9 0 0 0 1234 66 0 0 20 0 3 0 4200 9000000 300 18446744073709551615"
    static let limits = """
        Limit                     Soft Limit           Hard Limit           Units
        Max cpu time              unlimited            unlimited            seconds
        Max open files            1024                 524288               files

        """

    static func statistics(stat: String, limits: String = limits) -> ProcessStatistics? {
        ProcessStatistics(
            stat: stat, limits: limits, bootTime: 1_000, openFileDescriptors: 7, ticksPerSecond: 100, pageSize: 4096)
    }

    @Test(arguments: ["ipvscope", "two words", "a) R 1 2 3 (b"])
    func `the kernel's figures are read whatever the command is called`(name: String) throws {
        let statistics = try #require(Self.statistics(stat: "42 (\(name)) \(Self.fields)\n"))
        #expect(
            statistics
                == ProcessStatistics(
                    cpuSeconds: 13, residentMemoryBytes: 1_228_800, virtualMemoryBytes: 9_000_000,
                    openFileDescriptors: 7, maximumFileDescriptors: 1024, startTimeSeconds: 1_042))
    }

    @Test(arguments: ["", "42 (ipvscope", "42 (ipvscope) S 1 42", "42 (ipvscope) " + fields.prefix(60)])
    func `a text cut short is refused`(stat: String) {
        #expect(Self.statistics(stat: stat) == nil)
    }

    @Test
    func `without a limit on open files there is no maximum`() throws {
        let limits = Self.limits.replacing("1024  ", with: "unlimited")
        let statistics = try #require(Self.statistics(stat: "42 (ipvscope) \(Self.fields)", limits: limits))
        #expect(statistics.maximumFileDescriptors == nil)
    }

    @Test
    func `this process has memory, open files and a start in the past`() throws {
        let statistics = try #require(ProcessStatistics.current())
        #expect(statistics.residentMemoryBytes > 100_000)
        #expect(statistics.virtualMemoryBytes >= statistics.residentMemoryBytes)
        #expect(statistics.openFileDescriptors > 0)
        #expect(statistics.startTimeSeconds > 1_600_000_000)
    }
}
