import Glibc
import PacketCapture
import PacketDecoding

/// A file in memory that has no name any more, written anew for each input.
private let file: (descriptor: Int32, path: String) = {
    let name = "/ipvscope-fuzz-\(getpid())"
    let descriptor = unsafe shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0o600)
    require(descriptor >= 0, "memory can be shared")
    unsafe shm_unlink(name)
    return (descriptor, "/proc/self/fd/\(descriptor)")
}()

/// Reads a capture file to its end, by whichever reader takes it.
func readCapture(_ input: [UInt8]) {
    require(ftruncate(file.descriptor, 0) == 0, "the file can be emptied")
    require(unsafe pwrite(file.descriptor, input, input.count, 0) == input.count, "the file takes the input")
    guard var capture = try? Capture.open(file: file.path, tap: .both) else { return }
    var taken = 0
    while let count = try? capture.fill(limit: 100), count > 0 {
        taken += capture.take(before: .max) { _ in }
    }
    taken += capture.take(before: .max) { _ in }
    let undecoded = capture.failureCounts.reduce(0) { $0 + $1.count }
    require(UInt64(taken) + undecoded == capture.packetsRead, "every packet is handed over or counted")
}
