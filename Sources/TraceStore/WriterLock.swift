internal import Foundation

/// Keeps a second collector from writing to the same database: both would number connections alike.
///
/// An advisory lock (`flock`) on a file beside the database. The kernel releases it however the process ends, so a
/// run still marked as running by the next owner of the lock was interrupted.
final class WriterLock: Sendable {
    private let lockPath: String
    private let descriptor: Int32

    /// - Throws: `StoreError` with code `writerPresent` if another process, or another store in this one, holds it.
    init(database path: String) throws(StoreError) {
        lockPath = path + "-lock"
        while true {
            let descriptor = unsafe open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
            guard descriptor >= 0 else {
                throw StoreError(
                    .cannotOpen, path: path, "its lock file \(lockPath) cannot be made; check the folder's permissions")
            }
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
                let number = errno
                close(descriptor)
                if number == EINTR { continue }
                guard number == EWOULDBLOCK else {
                    throw StoreError(
                        .cannotOpen, path: path, "its folder offers no file locks; put the database on a local disk")
                }
                throw StoreError(
                    .writerPresent, path: path,
                    "another ipvscope is writing to it; end that one, or name another file with --database")
            }
            // The former owner may have removed the file between our opening and our locking it.
            if Self.isFile(descriptor, at: lockPath) {
                self.descriptor = descriptor
                return
            }
            close(descriptor)
        }
    }

    deinit {
        _ = unsafe unlink(lockPath)
        close(descriptor)
    }

    private static func isFile(_ descriptor: Int32, at path: String) -> Bool {
        var opened = stat()
        var named = stat()
        let isKnown = unsafe fstat(descriptor, &opened) == 0 && stat(path, &named) == 0
        return isKnown && opened.st_ino == named.st_ino && opened.st_dev == named.st_dev
    }
}
