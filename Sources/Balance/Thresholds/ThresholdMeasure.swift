/// What a threshold can be on: the one list of names, from which parser, help and docs come.
///
/// The raw values are the names in expressions and stable.
package enum ThresholdMeasure: String, Sendable, Hashable, CaseIterable {
    case assignments
    case unexplained
    case auditUnexplained = "audit_unexplained"
    case packetsDropped = "packets_dropped"
    case maxShareError = "max_share_error"
    case jain
    case coefficientOfVariation = "coefficient_of_variation"
    case maxOverMean = "max_over_mean"
    case prefixDiscrepancy = "prefix_discrepancy"
    case longestRun = "longest_run"
    case repeats
    case windowMaxShareError = "window_max_share_error"
    case chiSquare = "chi_square"
    case pUpper = "p_upper"
    case pLower = "p_lower"
    case realServerConnect = "real_server_connect"

    /// What it is, short enough for a line of help.
    package var help: String {
        switch self {
        case .assignments: "connections the scheduler placed"
        case .unexplained: "assignments the scheduler could not have made"
        case .auditUnexplained: "connections that capture and kernel disagree about"
        case .packetsDropped: "packets dropped uncounted, over the whole run"
        case .maxShareError: "largest difference between a share and its due"
        case .jain: "Jain's index of shares against dues, 1 at best"
        case .coefficientOfVariation: "deviation over mean of shares against dues"
        case .maxOverMean: "largest share over the mean one, 1 at best"
        case .prefixDiscrepancy: "connections ahead of or behind the due, at any time"
        case .longestRun: "most assignments in a row to one real server"
        case .repeats: "how often a real server followed itself"
        case .windowMaxShareError: "max_share_error of the worst window of assignments"
        case .chiSquare: "Pearson's χ² of the assignments"
        case .pUpper: "probability that chance is at least this uneven"
        case .pLower: "probability that chance is at least this even"
        case .realServerConnect: "SYN to the real server until its SYN-ACK"
        }
    }

    /// What its values are measured in.
    package var unit: ThresholdUnit {
        switch self {
        case .assignments, .unexplained, .auditUnexplained, .packetsDropped, .longestRun, .repeats: .count
        case .maxShareError, .jain, .coefficientOfVariation, .maxOverMean, .windowMaxShareError, .pUpper, .pLower:
            .ratio
        case .prefixDiscrepancy, .chiSquare: .number
        case .realServerConnect: .duration
        }
    }

    /// Whether it is many values, of which a statistic takes one.
    package var isDistribution: Bool { self == .realServerConnect }

    /// Whether it can be taken of packets and bytes too, as in `jain(bytes_out)`.
    package var isOfTraffic: Bool {
        switch self {
        case .maxShareError, .jain, .coefficientOfVariation, .maxOverMean: true
        default: false
        }
    }

    /// How it is written, as in a list of what there is: `jain`, `p99(real_server_connect)`.
    package var example: String { isDistribution ? "\(ThresholdStatistic.p99.rawValue)(\(rawValue))" : rawValue }
}
