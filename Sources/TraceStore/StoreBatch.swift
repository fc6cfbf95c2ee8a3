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
    /// What became of the entries of virtual services whose scheduler asks how many there are.
    package var entryChanges: [VirtualServiceIdentity: [EntryChange]]
    /// How many entries the kernel said that their real servers have.
    package var entryReadings: [VirtualServiceIdentity: [EntryReading]]

    package init(
        connections: [ConnectionRecord] = [], events: [TraceEvent] = [], samples: [TrafficSample] = [],
        configurations: [ObservedConfiguration] = [], levels: [LevelChange] = [],
        gaps: [StoreGap] = [], entryChanges: [VirtualServiceIdentity: [EntryChange]] = [:],
        entryReadings: [VirtualServiceIdentity: [EntryReading]] = [:]
    ) {
        self.connections = connections
        self.events = events
        self.samples = samples
        self.configurations = configurations
        self.levels = levels
        self.gaps = gaps
        self.entryChanges = entryChanges
        self.entryReadings = entryReadings
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
            && gaps.isEmpty && entryChanges.isEmpty && entryReadings.isEmpty
    }
}
