import ArgumentParser
import TraceStore

/// How fine the time series are, and how much the database keeps.
struct RetentionOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp("How often a row of the time series is written.", valueName: "seconds"))
    var sampleInterval = 1

    @Option(
        name: .long,
        help: ArgumentHelp(
            """
            Remove connections, events and samples older than this, as in 12h, 30d or 8w; minutes of the time series ten \
            times as old, hours and runs a hundred times (default: keep everything).
            """, valueName: "age"))
    var retentionAge: Age?

    @Option(
        name: .long,
        help: ArgumentHelp(
            """
            Remove the oldest and finest rows so that the database and its log take no more than this, as in 500MiB or \
            20GiB (default: no limit).
            """, valueName: "size"))
    var retentionSize: Size?

    var limits: RetentionLimits { RetentionLimits(age: retentionAge?.duration, size: retentionSize?.bytes) }

    func validate() throws {
        guard (1...3_600).contains(sampleInterval) else {
            throw ValidationError("--sample-interval: \(sampleInterval) is out of range; use 1 to 3600")
        }
        if let size = retentionSize, size.bytes < RetentionLimits.leastSize {
            throw ValidationError(
                "--retention-size: \(size.bytes) bytes is too little; \(RetentionLimits.leastSize >> 20)MiB is the least"
            )
        }
    }

    /// A whole number and a unit of time.
    struct Age: ExpressibleByArgument, Equatable {
        let duration: Duration

        init?(argument: String) {
            let units: [Character: Int64] = ["m": 60, "h": 3_600, "d": 86_400, "w": 7 * 86_400]
            guard let unit = argument.last.flatMap({ units[$0] }), let count = Int64(argument.dropLast()), count > 0,
                count <= 100_000
            else { return nil }
            duration = .seconds(count * unit)
        }
    }

    /// A whole number and a unit of memory.
    struct Size: ExpressibleByArgument, Equatable {
        let bytes: Int64

        init?(argument: String) {
            let units: [(String, Int64)] = [("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40)]
            guard let (name, unit) = units.first(where: { argument.hasSuffix($0.0) }),
                let count = Int64(argument.dropLast(name.count)), (1...1_000_000).contains(count)
            else { return nil }
            bytes = count * unit
        }
    }
}
