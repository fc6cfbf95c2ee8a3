package import PacketCapture
package import TraceStore

/// What a collector is told to do; see `ipvscope collect --help`.
package struct CollectorOptions: Sendable {
    /// The interface where the virtual services' addresses live.
    package var vipInterface: String
    /// The interface that leads to the real servers; the same one on a one-armed director.
    package var dipInterface: String
    /// The SQLite file.
    package var databasePath: String
    /// The most connections to track at once.
    package var trackedConnections: Int
    /// How many threads read and trace packets; the findings are the same.
    package var threads: Int
    /// A folder to keep both captures and the kernel's readings in, for `ipvscope replay`.
    package var recordingPath: String?
    package var level: LevelPolicy
    package var capture = LiveCaptureOptions()
    /// How often services and counters are read.
    package var interval: Duration = .seconds(1)
    /// How often what was read becomes a row of the time series.
    package var sampleInterval: Duration = .seconds(1)
    /// How much the database keeps.
    package var retention = RetentionLimits()
    /// Called with a line for people when the database cannot be written, or can again.
    package var tell: @Sendable (String) -> Void = { _ in }
    /// Whether every virtual service is judged again and again while it is collected; see ``RollingJudge``.
    package var keepsRollingVerdict = false

    package static let defaultTrackedConnections = 262_144

    package init(
        vipInterface: String, dipInterface: String, databasePath: String,
        trackedConnections: Int = defaultTrackedConnections, threads: Int = 1, recordingPath: String? = nil,
        level: LevelPolicy = .auto
    ) {
        self.vipInterface = vipInterface
        self.dipInterface = dipInterface
        self.databasePath = databasePath
        self.trackedConnections = trackedConnections
        self.threads = threads
        self.recordingPath = recordingPath
        self.level = level
    }
}
