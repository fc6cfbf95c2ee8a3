internal import Glibc

/// A file opened for reading, raw: no stdio, whose small buffers cost four times as much on procfs.
///
/// The corresponding C type is a file descriptor.
struct InputFile: ~Copyable {
    private let descriptor: Int32
    private let path: String

    private init(adopting descriptor: Int32, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit {
        if descriptor != STDIN_FILENO { close(descriptor) }
    }

    /// Opens `path`; `-` is the standard input.
    ///
    /// The corresponding C function is `open`.
    static func open(_ path: String) throws(KernelError) -> InputFile {
        if path == "-" { return InputFile(adopting: STDIN_FILENO, path: "standard input") }
        let descriptor = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .file(path, "open", errno: errno) }
        return InputFile(adopting: descriptor, path: path)
    }

    /// The file's size in bytes; 0 where it has none, as on procfs.
    ///
    /// The corresponding C function is `fstat`.
    func size() throws(KernelError) -> Int {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw .file(path, "fstat", errno: errno) }
        return Int(status.st_size)
    }

    /// Reads into `buffer` from `offset` on.
    ///
    /// - Returns: How many bytes came; 0 at the end of the file.
    ///
    /// The corresponding C function is `read`.
    func read(into buffer: inout [UInt8], at offset: Int) throws(KernelError) -> Int {
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { bytes in
                unsafe Glibc.read(descriptor, bytes.baseAddress?.advanced(by: offset), bytes.count - offset)
            }
            if count >= 0 { return count }
            let number = errno
            if number != EINTR { throw .file(path, "read", errno: number) }
        }
    }

    /// The whole of a file, which must not be longer than `limit` bytes.
    static func contents(of path: String, limit: Int = 1 << 30) throws(KernelError) -> [UInt8] {
        let file = try open(path)
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        var filled = 0
        while true {
            if filled == buffer.count { buffer += [UInt8](repeating: 0, count: buffer.count) }
            let count = try file.read(into: &buffer, at: filled)
            if count == 0 { break }
            filled += count
            guard filled <= limit else {
                throw .malformed(path, "longer than \(limit) bytes; this is not the file it is taken for")
            }
        }
        buffer.removeSubrange(filled...)
        return buffer
    }

    /// The whole of a small text file.
    static func text(of path: String) throws(KernelError) -> String {
        String(decoding: try contents(of: path, limit: 64 << 20), as: UTF8.self)
    }
}
