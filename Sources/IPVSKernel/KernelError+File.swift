internal import Glibc

extension KernelError {
    /// A system call on a file that failed.
    static func file(_ path: String, _ function: String, errno number: Int32) -> Self {
        let what = "cannot read \(path)"
        let isOfModule = path.hasPrefix("/proc/") && path.contains("/net/ip_vs")
        switch number {
        case ENOENT where isOfModule:
            return Self(
                code: .moduleNotLoaded, function: function, number: number,
                description: "\(what): no such file; load the module with: modprobe ip_vs")
        case ENOENT:
            return Self(
                code: .fileNotFound, function: function, number: number,
                description: "\(what): no such file; check the path")
        case EACCES, EPERM:
            return Self(
                code: .notPermitted, function: function, number: number,
                description: "\(what): not permitted; run as root or as the file's owner")
        default:
            let text = unsafe String(cString: strerror(number))
            return Self(
                code: .other, function: function, number: number,
                description: "\(what): \(text) (\(function)); check the path")
        }
    }
}
