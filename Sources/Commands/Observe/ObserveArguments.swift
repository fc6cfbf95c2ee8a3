import ArgumentParser
package import Balance
package import ConnectionTracing
package import IPVSModel

/// A duration as `5ms`, `1.5s` or `2h`.
package struct ObserveDuration: Sendable, Hashable, ExpressibleByArgument {
    package let seconds: Double

    private static let units: [(name: String, seconds: Double)] = [
        ("ns", 1e-9), ("us", 1e-6), ("µs", 1e-6), ("ms", 1e-3), ("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400),
    ]

    package init?(argument: String) {
        guard
            let unit = Self.units.first(where: {
                argument.hasSuffix($0.name) && Double(argument.dropLast($0.name.count)) != nil
            }),
            let number = Double(argument.dropLast(unit.name.count)), number.isFinite, number >= 0
        else { return nil }
        seconds = number * unit.seconds
    }
}

/// So long ago, or a time.
package enum ObserveSince: Sendable, Hashable, ExpressibleByArgument {
    case ago(ObserveDuration)
    case time(UTCTime)

    package init?(argument: String) {
        if let duration = ObserveDuration(argument: argument) {
            self = .ago(duration)
        } else if let time = UTCTime(argument) {
            self = .time(time)
        } else {
            return nil
        }
    }

    package func moment(now: Timestamp) -> Timestamp {
        switch self {
        case .ago(let duration): Timestamp(rawValue: now.rawValue - Int64(min(duration.seconds * 1e9, 9e18)))
        case .time(let time): time.timestamp
        }
    }
}

extension ConnectionOutcome: ExpressibleByArgument {
    package init?(argument: String) {
        guard let outcome = Self.allCases.first(where: { $0.name == argument }) else { return nil }
        self = outcome
    }

    package static var allValueStrings: [String] { allCases.map(\.name) }
}
