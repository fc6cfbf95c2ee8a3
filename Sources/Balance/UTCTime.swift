package import IPVSModel

/// A moment that is coded as ISO 8601 text in UTC, with nanoseconds: `2026-03-01T12:00:00.000000001Z`.
package struct UTCTime: Sendable, Hashable, Comparable {
    package var timestamp: Timestamp

    package init(_ timestamp: Timestamp) { self.timestamp = timestamp }

    package static func < (lhs: Self, rhs: Self) -> Bool { lhs.timestamp < rhs.timestamp }

    private static let secondsPerDay: Int64 = 86_400

    /// Days since 1970-01-01 of a date in the proleptic Gregorian calendar; March is the first month of its year.
    private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let era = (year >= 0 ? year : year - 399) / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// The inverse of `days(year:month:day:)`.
    private static func date(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }
}

extension UTCTime: LosslessStringConvertible {
    package var description: String {
        let (second, nanosecond) = Self.floorDivide(timestamp.rawValue, 1_000_000_000)
        let (day, secondOfDay) = Self.floorDivide(second, Self.secondsPerDay)
        let date = Self.date(days: day)
        let padded = { (value: Int64, width: Int) -> String in
            let digits = String(value)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        return padded(date.year, 4) + "-" + padded(date.month, 2) + "-" + padded(date.day, 2) + "T"
            + padded(secondOfDay / 3600, 2) + ":" + padded(secondOfDay / 60 % 60, 2) + ":"
            + padded(secondOfDay % 60, 2) + "." + padded(nanosecond, 9) + "Z"
    }

    private static func floorDivide(_ value: Int64, _ divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }

    /// Reads exactly what ``description`` writes, with one to nine digits after the point.
    package init?(_ description: String) {
        let parts = description.split(separator: "T", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[1].last == "Z" else { return nil }
        let date = parts[0].split(separator: "-", omittingEmptySubsequences: false).compactMap { Int64($0) }
        let clock = parts[1].dropLast().split(separator: ".", omittingEmptySubsequences: false)
        guard date.count == 3, clock.count == 2, (1...9).contains(clock[1].count), let fraction = Int64(clock[1]) else {
            return nil
        }
        let time = clock[0].split(separator: ":", omittingEmptySubsequences: false).compactMap { Int64($0) }
        guard time.count == 3, (1...12).contains(date[1]), (1...31).contains(date[2]), (0...23).contains(time[0]),
            (0...59).contains(time[1]), (0...60).contains(time[2]), fraction >= 0
        else { return nil }
        var nanoseconds = fraction
        for _ in clock[1].count..<9 { nanoseconds *= 10 }
        let day = Self.days(year: date[0], month: date[1], day: date[2])
        let seconds = day * Self.secondsPerDay + time[0] * 3600 + time[1] * 60 + time[2]
        timestamp = Timestamp(seconds: seconds, nanoseconds: nanoseconds)
    }
}

extension UTCTime: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let time = Self(text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "\"\(text)\" is not a time such as 2026-03-01T12:00:00.5Z")
        }
        self = time
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
