internal import GRDB

/// Why a database could not be opened, read or written.
package struct StoreError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What went wrong, for code that branches on it.
    package enum Code: Sendable, Hashable {
        /// There is no file of that name.
        case missing
        /// The file or its folder cannot be opened.
        case cannotOpen
        /// The file is not an SQLite database.
        case notADatabase
        /// The file is another program's database.
        case foreignDatabase
        /// A newer ipvscope wrote it.
        case newerSchema
        /// An older ipvscope wrote it, and it was opened only for reading.
        case olderSchema
        /// The file's content contradicts itself.
        case corrupt
        case diskFull
        /// Another process kept the database locked for longer than we wait.
        case locked
        /// Another ipvscope is writing to it.
        case writerPresent
        /// Written to while opened only for reading, or the file system is read-only.
        case readOnly
        /// The disk reported an error.
        case inputOutput
        case noSuchRun
        /// Anything else; see ``StoreError/resultCode``.
        case other
    }

    package let code: Code
    /// SQLite's extended result code, or 0 if SQLite reported nothing.
    package let resultCode: Int32
    /// The database file.
    package let path: String
    /// What is wrong and how to mend it.
    package let detail: String

    /// Whether the file's content is wrong, so that waiting does not help.
    package var isDamage: Bool { code == .corrupt || code == .notADatabase }

    /// One line: where, what, and how to mend.
    package var description: String { "\(path): \(detail)" }

    init(_ code: Code, path: String, _ detail: String, resultCode: Int32 = 0) {
        self.code = code
        self.resultCode = resultCode
        self.path = path
        self.detail = detail
    }

    /// What GRDB or SQLite reported about the database at `path`.
    init(_ error: any Error, path: String) {
        if let error = error as? StoreError {
            self = error
            return
        }
        guard let error = error as? DatabaseError else {
            self.init(.other, path: path, "unexpected error: \(error)")
            return
        }
        let (code, detail) = Self.explain(error)
        self.init(code, path: path, detail, resultCode: error.extendedResultCode.rawValue)
    }

    /// - Source: <https://www.sqlite.org/rescode.html>
    private static func explain(_ error: DatabaseError) -> (Code, String) {
        switch error.resultCode {
        case .SQLITE_NOTADB:
            (.notADatabase, "is not an SQLite database; name another file with --database")
        case .SQLITE_CORRUPT:
            (.corrupt, "the database is damaged; move it away, and a new one is begun")
        case .SQLITE_FULL:
            (.diskFull, "the disk is full; free some space")
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            (.locked, "another process keeps the database locked; end it or try again")
        case .SQLITE_READONLY:
            (.readOnly, "the database cannot be written; check the file's permissions and the file system")
        case .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_AUTH:
            (.cannotOpen, "cannot be opened; check that its folder exists and that you may read and write there")
        case .SQLITE_IOERR:
            (.inputOutput, "the disk reported an error; check the file system and the kernel log")
        default:
            (.other, "SQLite reported: \(error.message ?? "error") (\(error.extendedResultCode.rawValue))")
        }
    }
}
