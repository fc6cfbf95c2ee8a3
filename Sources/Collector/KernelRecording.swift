import Foundation
import IPVSKernel
import IPVSModel
import Synchronization

/// Keeps the readings of the kernel that matter in a file, one JSON object a line, for `ipvscope replay --kernel`.
package final class KernelRecording: Sendable {
    private let file: Mutex<FileHandle>

    /// - Throws: ``CollectorError`` if the file cannot be made.
    package init(path: String) throws(CollectorError) {
        guard FileManager.default.createFile(atPath: path, contents: nil),
            let handle = FileHandle(forWritingAtPath: path)
        else {
            throw CollectorError(code: .unwritable, description: "\(path): cannot be written; choose another folder")
        }
        file = Mutex(handle)
    }

    /// Keeps a reading that matters: the first, the last, and any with changed settings.
    func append(_ state: KernelState) {
        guard let line = try? KernelStateFile.encode(state, pretty: false) else { return }
        file.withLock { file in try? file.write(contentsOf: Data(line.utf8)) }
    }
}
