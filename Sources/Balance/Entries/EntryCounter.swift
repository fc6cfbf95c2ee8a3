import SchedulerModels

/// One server's active or inactive entries, followed through time between bounds.
struct EntryCounter {
    /// By how much a reading differed from everything that was expected.
    struct Surprise {
        var difference = 0
        /// What the counts before the reading may be off by.
        var range: ClosedRange<Int> { min(difference, 0)...max(difference, 0) }
    }

    /// Not counting those that may have left.
    private var least = 0
    private var most = EntryBounds.most
    /// Entries that have left, or will before long, and only a reading tells.
    private var leaving = 0
    /// Entries that leave within moments.
    private var parting = 0
    /// The latest changes, for readings that take a while.
    private var recent: [(time: Int64, change: Int)] = []

    /// No reading of services and real servers takes longer.
    ///
    /// - Unit: nanoseconds.
    private static let longestReading: Int64 = 1_000_000_000

    /// How well it is known when a change happened.
    enum Certainty {
        case exactly
        /// It begins to be possible, and is done within moments.
        case begins
        /// It is done.
        case ends
        /// It may happen at any later time.
        case sometime
    }

    /// - Parameter time: In nanoseconds since the epoch.
    mutating func add(_ change: Int, at time: Int64, _ certainty: Certainty = .exactly) {
        switch certainty {
        case .exactly: add(change, at: time)
        case .begins: parting -= change
        case .ends where parting >= -change:
            parting += change
            add(change, at: time)
        // A reading has taken it in.
        case .ends: break
        case .sometime: leaving -= change
        }
    }

    private mutating func add(_ change: Int, at time: Int64) {
        guard change != 0 else { return }
        least += change
        if isKnown { most += change }
        if recent.count >= 256, time - recent[0].time > Self.longestReading {
            recent.removeAll { time - $0.time > Self.longestReading }
        }
        recent.append((time, change))
    }

    /// One more, or not.
    mutating func addPerhaps() {
        if isKnown { most += 1 }
    }

    private var isKnown: Bool { most < EntryBounds.most }

    /// What it may be now, if each of these adds to it.
    func range(_ doubts: ClosedRange<Int>...) -> ClosedRange<Int> {
        let low = doubts.reduce(least - leaving - parting) { $0 + $1.lowerBound }
        let high = isKnown ? doubts.reduce(most) { $0 + $1.upperBound } : most
        return max(low, 0)...max(low, high, 0)
    }

    /// Takes in what the kernel said that it was at some moment of a reading that has just ended.
    ///
    /// - Returns: How far that is from all that was possible.
    mutating func correct(_ count: Int, readFrom began: Int64) -> Surprise {
        // What it was at any moment of the reading, beside what it is now.
        var (low, high, sum) = (0, 0, 0)
        for (time, change) in recent.reversed() {
            guard time >= began else { break }
            sum -= change
            (low, high) = (min(low, sum), max(high, sum))
        }
        let (fewest, greatest) = (count - high, count - low)
        // Nobody knows whether those were still counted.
        (leaving, parting) = (leaving + parting, 0)
        defer { (least, most) = (max(least, fewest), min(most, greatest)) }
        if greatest < least - leaving || isKnown && fewest > most {
            let difference = greatest < least - leaving ? greatest - (least - leaving) : fewest - most
            (least, most) = (fewest, greatest)
            return Surprise(difference: difference)
        }
        // So many have left for certain, and those that are left may do so from now on.
        let remaining = least - leaving
        leaving -= max(min(least - greatest, leaving), 0)
        least = max(remaining, fewest)
        return Surprise()
    }
}
