internal import Glibc
package import IPVSModel

extension Timestamp {
    /// The director's wall clock now.
    ///
    /// The corresponding C function is `clock_gettime` with `CLOCK_REALTIME`.
    package static func now() -> Self {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Self(seconds: Int64(time.tv_sec), nanoseconds: Int64(time.tv_nsec))
    }
}
