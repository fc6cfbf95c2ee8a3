/// How a real server's entries, as the kernel counts them, change without an assignment: one turns inactive or active
/// again, or leaves.
///
/// An assignment itself counts as one more active entry; of one that is inactive from the start, a change at the same
/// time makes up for that.
package struct EntryChange: Sendable, Hashable, BitwiseCopyable {
    package var realServer: Endpoint
    /// The change did not come before this.
    package var time: Timestamp
    /// Nor after this: the kernel's timers run out late, and nobody sees when.
    package var latest: Timestamp
    /// By how much there are more active entries.
    package var active: Int8
    /// By how much there are more inactive entries.
    package var inactive: Int8

    /// - Parameter latest: `nil` if the time is known exactly.
    package init(realServer: Endpoint, time: Timestamp, latest: Timestamp? = nil, active: Int8, inactive: Int8) {
        self.realServer = realServer
        self.time = time
        self.latest = latest ?? time
        self.active = active
        self.inactive = inactive
    }
}

/// A real server's entries at one reading of the kernel.
package struct EntryReading: Sendable, Hashable, BitwiseCopyable {
    package var realServer: Endpoint
    /// The counts are of some moment between these.
    package var began: Timestamp
    package var ended: Timestamp
    /// ActiveConn of `ipvsadm -Ln`.
    package var active: Int64
    /// InActConn of `ipvsadm -Ln`.
    package var inactive: Int64

    package init(realServer: Endpoint, began: Timestamp, ended: Timestamp, active: Int64, inactive: Int64) {
        self.realServer = realServer
        self.began = began
        self.ended = ended
        self.active = active
        self.inactive = inactive
    }
}
