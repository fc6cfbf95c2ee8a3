package import Balance
package import ConnectionTracing
package import IPVSModel

/// What is written in one transaction, or part of it.
package struct StoreBatch: Sendable {
    /// A connection whose id is already stored replaces that row.
    package var connections: [ConnectionRecord]
    package var events: [TraceEvent]
    package var samples: [TrafficSample]
    package var configurations: [ObservedConfiguration]
    /// The capture's level when the run began, and changes of it.
    package var levels: [LevelChange]
    /// What is missing.
    package var gaps: [StoreGap]

    package init(
        connections: [ConnectionRecord] = [], events: [TraceEvent] = [], samples: [TrafficSample] = [],
        configurations: [ObservedConfiguration] = [], levels: [LevelChange] = [],
        gaps: [StoreGap] = []
    ) {
        self.connections = connections
        self.events = events
        self.samples = samples
        self.configurations = configurations
        self.levels = levels
        self.gaps = gaps
    }

    /// Settings of a virtual service, first seen or changed.
    package struct ObservedConfiguration: Sendable, Hashable {
        package var virtualService: VirtualServiceIdentity
        package var configuration: ServiceConfiguration

        package init(virtualService: VirtualServiceIdentity, configuration: ServiceConfiguration) {
            self.virtualService = virtualService
            self.configuration = configuration
        }
    }

    package var isEmpty: Bool {
        connections.isEmpty && events.isEmpty && samples.isEmpty && configurations.isEmpty && levels.isEmpty
            && gaps.isEmpty
    }
}
