import Balance
import IPVSModel
import TraceStore

/// The keys of `verify --format json`, and more: a contract with whoever reads the JSON.
extension RunReport: Encodable {
    private enum CodingKeys: String, CodingKey {
        case version, state
        case virtualServices = "virtual_services"
        case savedVerdict = "saved_verdict"
        case packetsDropped = "packets_dropped"
        case timeAxis = "time_axis"
        case events, ab
    }

    package func encode(to encoder: any Encoder) throws {
        try verdict.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(version, forKey: .version)
        try container.encode(story.run.state.rawValue, forKey: .state)
        try container.encode(OrNull(wrappedValue: story.run.verdict), forKey: .savedVerdict)
        try container.encode(OrNull(wrappedValue: story.packetsDropped), forKey: .packetsDropped)
        try container.encode(JSONTimeAxis(story.axis), forKey: .timeAxis)
        try container.encode(story.events.map(JSONEvents.init), forKey: .events)
        if let ab { try container.encode(ab, forKey: .ab) } else { try container.encodeNil(forKey: .ab) }
        // In place of those that the verdict wrote.
        try container.encode(
            verdict.virtualServices.map {
                JSONService(
                    verdict: $0, story: story(of: $0.virtualService),
                    configurations: configurations[$0.virtualService] ?? [])
            }, forKey: .virtualServices)
    }
}

/// Steps of equal length.
private struct JSONTimeAxis: Encodable {
    let start: UTCTime
    /// Seconds.
    let step: Double
    let steps: Int

    init(_ axis: TimeAxis) {
        start = UTCTime(axis.start)
        step = axis.stepSeconds
        steps = axis.count
    }
}

/// A virtual service: the keys of its verdict, and more.
private struct JSONService: Encodable {
    let verdict: ServiceVerdict
    let story: ServiceStory
    let configurations: [ServiceConfiguration]

    private enum CodingKeys: String, CodingKey {
        case latencies
        case latencyHeat = "latency_heat"
        case outcomes, events, configurations
        case assignmentsOverTime = "assignments_over_time"
        case readings
    }

    func encode(to encoder: any Encoder) throws {
        try verdict.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(
            LatencyMeasure.allCases.flatMap { measure in
                [JSONLatency(measure, nil, "all", story.latencies[measure])]
                    + story.realServers.map {
                        JSONLatency(measure, $0.realServer, "real_server", $0.latencies[measure])
                    }
            }.compactMap(\.self), forKey: .latencies)
        try container.encode(
            LatencyMeasure.allCases.compactMap { measure in story.heat[measure].flatMap { JSONHeat(measure, $0) } },
            forKey: .latencyHeat)
        try container.encode(story.realServers.map(JSONOutcomes.init), forKey: .outcomes)
        try container.encode(story.events.map(JSONEvents.init), forKey: .events)
        try container.encode(
            configurations.enumerated().map { index, configuration in
                JSONConfiguration(configuration, before: index > 0 ? configurations[index - 1] : nil)
            }, forKey: .configurations)
        try container.encode(story.realServers.map(JSONAssignments.init), forKey: .assignmentsOverTime)
        try container.encode(
            story.realServers.flatMap { server in server.readings.map { JSONReading(server.realServer, $0) } },
            forKey: .readings)
    }
}

private struct JSONLatency: Encodable {
    let measure: LatencyMeasure
    /// `all`, or `real_server`.
    let of: String
    @OrNull var realServer: Endpoint?
    let times: LatencyDistribution

    private enum CodingKeys: String, CodingKey {
        case measure, of
        case realServer = "real_server"
    }

    init?(_ measure: LatencyMeasure, _ server: Endpoint?, _ of: String, _ times: LatencyDistribution?) {
        guard let times, times.count > 0 else { return nil }
        self.measure = measure
        self.of = of
        self.times = times
        realServer = server
    }

    func encode(to encoder: any Encoder) throws {
        try times.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(measure, forKey: .measure)
        try container.encode(of, forKey: .of)
        try container.encode(_realServer, forKey: .realServer)
    }
}

private struct JSONHeat: Encodable {
    let measure: LatencyMeasure
    let bands: [Band]

    struct Band: Encodable {
        /// Seconds; `nil` for what is longer than all others.
        @OrNull var upTo: Double?
        /// By step of the time axis.
        let counts: [Int]

        enum CodingKeys: String, CodingKey {
            case upTo = "up_to"
            case counts
        }
    }

    init?(_ measure: LatencyMeasure, _ heat: LatencyHeat) {
        guard let used = heat.used else { return nil }
        self.measure = measure
        bands = used.map { band in
            let bound = band < LatencyHeat.bounds.count ? Double(LatencyHeat.bounds[band]) / 1e9 : nil
            return Band(upTo: bound, counts: heat.counts[band])
        }
    }
}

private struct JSONOutcomes: Encodable {
    @OrNull var realServer: Endpoint?
    let connections: Int
    let outcomes: [String: Int]
    let repeatedByClient: Int
    let repeatedByRealServer: Int

    enum CodingKeys: String, CodingKey {
        case realServer = "real_server"
        case connections, outcomes
        case repeatedByClient = "repeated_by_client"
        case repeatedByRealServer = "repeated_by_real_server"
    }

    init(_ server: RealServerStory) {
        connections = server.connections
        outcomes = server.outcomes
        repeatedByClient = server.repeatedByClient
        repeatedByRealServer = server.repeatedByRealServer
        realServer = server.realServer
    }
}

private struct JSONEvents: Encodable {
    let kind: String
    let count: Int
    let first: [Event]

    struct Event: Encodable {
        let time: UTCTime
        @OrNull var client: Endpoint?
        @OrNull var realServer: Endpoint?
        @OrNull var connection: Int64?
        let detail: String

        enum CodingKeys: String, CodingKey {
            case time, client
            case realServer = "real_server"
            case connection, detail
        }
    }

    init(_ events: EventStory) {
        kind = events.kind
        count = events.count
        first = events.first.map {
            Event(
                time: UTCTime($0.time), client: $0.client, realServer: $0.realServer, connection: $0.connection,
                detail: $0.detail)
        }
    }
}

private struct JSONConfiguration: Encodable {
    let notBefore: UTCTime
    let seen: UTCTime
    let scheduler: Scheduler
    let flags: UInt32
    let persistenceTimeout: UInt32
    let persistencePrefix: UInt8
    let realServers: [Server]
    /// `nil` for the first.
    @OrNull var changes: String?

    struct Server: Encodable {
        let realServer: Endpoint
        let weight: Int32
        let forwarding: String
        let upperThreshold: UInt32
        let lowerThreshold: UInt32

        enum CodingKeys: String, CodingKey {
            case realServer = "real_server"
            case weight, forwarding
            case upperThreshold = "upper_threshold"
            case lowerThreshold = "lower_threshold"
        }
    }

    enum CodingKeys: String, CodingKey {
        case notBefore = "not_before"
        case seen, scheduler, flags
        case persistenceTimeout = "persistence_timeout"
        case persistencePrefix = "persistence_prefix"
        case realServers = "real_servers"
        case changes
    }

    init(_ configuration: ServiceConfiguration, before: ServiceConfiguration?) {
        notBefore = UTCTime(configuration.notBefore)
        seen = UTCTime(configuration.seen)
        scheduler = configuration.scheduler
        flags = configuration.flags.rawValue
        persistenceTimeout = configuration.persistenceTimeout
        persistencePrefix = configuration.persistencePrefixLength
        realServers = configuration.realServers.map {
            Server(
                realServer: $0.endpoint, weight: $0.weight, forwarding: $0.forwardingMethod.rawValue,
                upperThreshold: $0.upperThreshold, lowerThreshold: $0.lowerThreshold)
        }
        changes = before.map(configuration.changes)
    }
}

private struct JSONAssignments: Encodable {
    @OrNull var realServer: Endpoint?
    /// By step of the time axis.
    let counts: [Int]

    enum CodingKeys: String, CodingKey {
        case realServer = "real_server"
        case counts
    }

    init(_ server: RealServerStory) {
        counts = server.assignments
        realServer = server.realServer
    }
}

private struct JSONReading: Encodable {
    let time: UTCTime
    @OrNull var realServer: Endpoint?
    let weight: Int32
    let active: UInt64
    let inactive: UInt64
    let tracedActive: UInt64
    let tracedInactive: UInt64

    enum CodingKeys: String, CodingKey {
        case time
        case realServer = "real_server"
        case weight, active, inactive
        case tracedActive = "traced_active"
        case tracedInactive = "traced_inactive"
    }

    init(_ server: Endpoint?, _ reading: RealServerStory.Reading) {
        time = UTCTime(reading.time)
        weight = reading.weight
        active = reading.active
        inactive = reading.inactive
        tracedActive = reading.tracedActive
        tracedInactive = reading.tracedInactive
        realServer = server
    }
}
