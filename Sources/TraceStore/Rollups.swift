import ConnectionTracing
import IPVSModel

/// The present minute and hour of every time series, which grow with each sample.
///
/// A value without clock or I/O. Both rows are written anew with every sample, in its transaction: nothing has to be
/// made up for after a crash.
struct Rollups: Sendable {
    private struct Key: Hashable {
        var resolution: Resolution
        var service: VirtualServiceIdentity
    }

    private var open: [Key: TrafficSample] = [:]

    /// Takes in a sample.
    ///
    /// - Returns: The coarser rows that it changes.
    mutating func add(_ sample: TrafficSample) -> [(resolution: Resolution, sample: TrafficSample)] {
        Resolution.allCases.compactMap { resolution in
            guard let length = resolution.length else { return nil }
            let key = Key(resolution: resolution, service: sample.virtualService)
            var sum = sample
            sum.time = Timestamp(rawValue: sample.time.rawValue / length * length)
            if let known = open[key], known.time == sum.time { sum.add(earlier: known) }
            open[key] = sum
            return (resolution, sum)
        }
    }
}

extension TrafficSample {
    /// Counters stay the latest, of gauges the most counts, and latencies add up.
    fileprivate mutating func add(earlier: TrafficSample) {
        for known in earlier.realServers {
            guard let index = realServers.firstIndex(where: { $0.endpoint == known.endpoint }) else {
                // It left within the interval.
                realServers.append(known)
                continue
            }
            realServers[index].add(earlier: known)
        }
    }
}

extension RealServerSample {
    fileprivate mutating func add(earlier: RealServerSample) {
        activeConnections = max(activeConnections, earlier.activeConnections)
        inactiveConnections = max(inactiveConnections, earlier.inactiveConnections)
        tracedActive = max(tracedActive, earlier.tracedActive)
        tracedInactive = max(tracedInactive, earlier.tracedInactive)
        latencies.add(earlier.latencies)
    }
}
