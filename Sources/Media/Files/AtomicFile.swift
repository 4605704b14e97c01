import Foundation

/// Writing under a temporary name beside the target and renaming when complete: a file under its final name is always whole.
public enum AtomicFile {
    /// The temporary name for a target; hidden, in the same folder, with the same extension.
    public static func temporaryPath(for path: String) -> String {
        let url = URL(fileURLWithPath: path)
        let unique = String(UUID().uuidString.prefix(8))
        return url.deletingLastPathComponent().appendingPathComponent(".\(unique).part-\(url.lastPathComponent)").path
    }

    /// Refuses what a file cannot take the place of: a folder, a device, a pipe.
    /// - Throws: `MediaError.unwritable`.
    public static func checkReplaceable(_ path: String) throws {
        var status = stat()
        guard stat(path, &status) == 0 else { return }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return
        case S_IFDIR: throw MediaError.unwritable(path: path, reason: "it is a folder")
        default: throw MediaError.unwritable(path: path, reason: "it is a device or a pipe, and outputs are files")
        }
    }

    /// Writes `data` to `path`.
    /// - Throws: `MediaError.unwritable` with the system's reason; nothing is left behind.
    public static func write(_ data: Data, to path: String) throws {
        let temporary = temporaryPath(for: path)
        let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL, 0o666)
        guard file >= 0 else { throw MediaError.unwritable(path: path, reason: reason(code: errno)) }
        var failure = data.withUnsafeBytes { bytes -> Int32 in
            var written = 0
            while written < bytes.count, let start = bytes.baseAddress {
                let count = Foundation.write(file, start + written, bytes.count - written)
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { return count < 0 ? errno : EIO }
                written += count
            }
            return 0
        }
        // Some file systems report a full disk only here.
        if close(file) != 0, failure == 0 { failure = errno }
        guard failure == 0 else {
            unlink(temporary)
            throw MediaError.unwritable(path: path, reason: reason(code: failure))
        }
        try commit(temporary, to: path)
    }

    /// Gives a complete temporary file its final name.
    public static func commit(_ temporary: String, to path: String) throws {
        do { try checkReplaceable(path) } catch {
            unlink(temporary)
            throw error
        }
        guard rename(temporary, path) == 0 else {
            let code = errno
            unlink(temporary)
            throw MediaError.unwritable(path: path, reason: Self.reason(code: code))
        }
    }

    /// The system's reason behind a Foundation error.
    public static func reason(_ error: any Error) -> String {
        let cocoa = error as NSError
        if let posix = cocoa.userInfo[NSUnderlyingErrorKey] as? NSError, posix.domain == NSPOSIXErrorDomain {
            return reason(code: Int32(posix.code))
        }
        if cocoa.domain == NSPOSIXErrorDomain { return reason(code: Int32(cocoa.code)) }
        switch CocoaError.Code(rawValue: cocoa.code) {
        case .fileWriteOutOfSpace: return reason(code: ENOSPC)
        case .fileWriteNoPermission, .fileReadNoPermission: return reason(code: EACCES)
        case .fileWriteVolumeReadOnly: return reason(code: EROFS)
        default: return cocoa.localizedDescription
        }
    }

    /// The system's words for an error number.
    static func reason(code: Int32) -> String { String(cString: strerror(code)).lowercased() }
}
