package import IPVSModel

/// What a collector writes, in the order in which it is written, as far as ids tell.
///
/// A connection gets its id when it begins, and its row when it ends: ids that were passed over are looked for again until
/// their row is there. So a row is told once, also that of a connection that lasts for hours; a row that is written again
/// (with more packets) is not.
package struct ConnectionFeed {
    private let store: TraceStore
    /// `nil` for whatever is written.
    private let run: Int64?
    private var lastConnection: Int64 = 0
    private var lastEvent: Int64 = 0
    /// Ids without a row, in order: connections that are open, and few that were lost.
    private var gaps: [Int64] = []
    /// Where the next look at them begins.
    private var nextGap = 0
    private var version: Int64?

    /// So many rows are read at once.
    private static let most = 5_000
    /// So many ids are looked for; a flood has no end of half-open connections, and the oldest are given up.
    private static let mostGaps = 200_000

    /// Everything of one run that is there.
    package init(of run: Int64, in store: TraceStore) {
        self.store = store
        self.run = run
    }

    /// Whatever is written from now on.
    package init(following store: TraceStore) throws(StoreError) {
        self.store = store
        run = nil
        (lastConnection, lastEvent, gaps) = try store.feedPosition(lookingBack: Self.mostGaps)
    }

    /// Whatever was written from a moment on, and will be.
    package init(following store: TraceStore, since time: Timestamp) throws(StoreError) {
        try self.init(following: store)
        (lastConnection, lastEvent) = try store.positions(before: time)
        gaps.removeAll { $0 > lastConnection }
    }

    /// The next observations, in order of time.
    ///
    /// - Returns: Empty if there are none for now.
    package mutating func next() throws(StoreError) -> [Observation] {
        let current = try store.dataVersion()
        // A piece that was full may have been followed by another.
        guard current != version else { return [] }
        let connections = try store.observedConnections(.after(lastConnection, limit: Self.most), run: run)
        for connection in connections {
            if run == nil { gaps += (lastConnection + 1..<connection.id).suffix(Self.mostGaps) }
            lastConnection = connection.id
        }
        let ended = try late()
        let troubles = try store.observedTroubles(after: lastEvent, run: run, limit: Self.most)
        lastEvent = troubles.last?.id ?? lastEvent
        if connections.count < Self.most, troubles.count < Self.most, nextGap == 0 { version = current }
        return
            ((ended + connections).map(Observation.connection) + troubles.map { Observation.trouble($0.trouble) })
            .sorted { $0.time < $1.time }
    }

    /// Rows of connections that were open when ids after theirs were written.
    private mutating func late() throws(StoreError) -> [ObservedConnection] {
        if gaps.count > Self.mostGaps { gaps.removeFirst(gaps.count - Self.mostGaps) }
        guard !gaps.isEmpty else {
            nextGap = 0
            return []
        }
        nextGap = nextGap < gaps.count ? nextGap : 0
        let end = min(nextGap + Self.most, gaps.count)
        let found = try store.observedConnections(.among(Array(gaps[nextGap..<end])), run: run)
        let ids = Set(found.map(\.id))
        gaps.removeAll { ids.contains($0) }
        let next = end - found.count
        nextGap = next < gaps.count ? next : 0
        return found
    }
}
