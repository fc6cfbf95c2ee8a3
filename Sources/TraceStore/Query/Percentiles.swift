internal import GRDBSQLite

/// The aggregates `percentile`, `percentiles` and `median`: order statistics by nearest rank, as in verdicts.
enum Percentiles {
    /// The values of one group.
    private final class Values {
        /// As long as all are integers: times in nanoseconds have more digits than a floating-point number.
        private var integers: [Int64] = []
        /// All, as soon as one is none.
        private var reals: [Double] = []
        var percents: [Double] = []

        func append(_ value: Int64) {
            if reals.isEmpty { integers.append(value) } else { reals.append(Double(value)) }
        }

        func append(_ value: Double) {
            if reals.isEmpty {
                reals = integers.map(Double.init)
                integers = []
            }
            reals.append(value)
        }

        func sort() {
            integers.sort()
            reals.sort()
        }

        /// What so many percent of the values do not exceed, as SQL; the values must be sorted.
        func percentile(_ percent: Double) -> SQLValue {
            let count = reals.isEmpty ? integers.count : reals.count
            guard count > 0 else { return .null }
            let place = max(Int((Double(count) * percent / 100).rounded(.up)), 1) - 1
            return reals.isEmpty ? .integer(integers[place]) : .real(reals[place])
        }
    }

    /// What a function is registered with whose result is an array.
    static var list: UnsafeMutableRawPointer? { unsafe UnsafeMutableRawPointer(bitPattern: 1) }

    /// Takes in one row: x, and the percents, which are those of the group's first row.
    static let step: @convention(c) (OpaquePointer?, Int32, UnsafeMutablePointer<OpaquePointer?>?) -> Void = {
        context, count, arguments in
        guard count > 0, let arguments = unsafe arguments, let values = unsafe Percentiles.values(context, makes: true)
        else { return unsafe SQLFunctions.fail(context, "percentiles: x and p are missing") }
        if values.percents.isEmpty {
            for index in 1..<max(Int(count), 1) {
                values.percents.append(unsafe sqlite3_value_double(arguments[index]))
            }
            if values.percents.isEmpty { values.percents = [50] }
            guard values.percents.allSatisfy({ (0...100).contains($0) }) else {
                return unsafe SQLFunctions.fail(context, "percentile: p must be from 0 to 100")
            }
        }
        let value = unsafe arguments[0]
        switch unsafe sqlite3_value_type(value) {
        case SQLITE_NULL: return
        case SQLITE_INTEGER: values.append(unsafe sqlite3_value_int64(value))
        case SQLITE_FLOAT: values.append(unsafe sqlite3_value_double(value))
        default: return unsafe SQLFunctions.fail(context, "percentile: x must be a number")
        }
    }

    /// SQLite calls it for every group that `step` was called for, and for one without rows.
    static let final: @convention(c) (OpaquePointer?) -> Void = { context in
        guard let values = unsafe Percentiles.values(context, makes: false) else {
            return unsafe sqlite3_result_null(context)
        }
        unsafe Unmanaged.passUnretained(values).release()
        values.sort()
        let results = values.percents.map(values.percentile)
        let isList = unsafe sqlite3_user_data(context) == list
        if isList {
            unsafe SQLFunctions.give(context, "[" + results.map(json).joined(separator: ",") + "]")
            return
        }
        switch results.first {
        case .integer(let value): unsafe sqlite3_result_int64(context, value)
        case .real(let value): unsafe sqlite3_result_double(context, value)
        default: unsafe sqlite3_result_null(context)
        }
    }

    private static func json(_ value: SQLValue) -> String {
        switch value {
        case .integer(let value): "\(value)"
        case .real(let value): value.isFinite ? "\(value)" : value > 0 ? "9e999" : "-9e999"
        default: "null"
        }
    }

    /// The group's values. Its memory in SQLite holds one reference to them, which `final` releases.
    private static func values(_ context: OpaquePointer?, makes: Bool) -> Values? {
        let size = unsafe makes ? Int32(MemoryLayout<UnsafeMutableRawPointer?>.size) : 0
        let memory = unsafe sqlite3_aggregate_context(context, size)
        guard let memory = unsafe memory else { return nil }
        let slot = unsafe memory.assumingMemoryBound(to: UnsafeMutableRawPointer?.self)
        if let known = unsafe slot.pointee { return unsafe Unmanaged<Values>.fromOpaque(known).takeUnretainedValue() }
        guard makes else { return nil }
        let made = Values()
        unsafe slot.pointee = Unmanaged.passRetained(made).toOpaque()
        return made
    }
}
