import Foundation

/// Writing under a temporary name beside the target and renaming when complete: a file under its final name is always whole.
public enum AtomicFile {
    /// The temporary name for a target; hidden, in the same folder, with the same extension.
    public static func temporaryPath(for path: String) -> String {
        let url = URL(fileURLWithPath: path)
        let unique = String(UUID().uuidString.prefix(8))
        return url.deletingLastPathComponent().appendingPathComponent(".\(unique).part-\(url.lastPathComponent)").path
    }

    /// Writes `data` to `path`.
    /// - Throws: `MediaError.unwritable` with the system's reason; nothing is left behind.
    public static func write(_ data: Data, to path: String) throws {
        let temporary = temporaryPath(for: path)
        do {
            try data.write(to: URL(fileURLWithPath: temporary))
        } catch {
            unlink(temporary)
            throw MediaError.unwritable(path: path, reason: reason(error))
        }
        try commit(temporary, to: path)
    }

    /// Gives a complete temporary file its final name.
    public static func commit(_ temporary: String, to path: String) throws {
        guard rename(temporary, path) == 0 else {
            let code = errno
            unlink(temporary)
            throw MediaError.unwritable(path: path, reason: String(cString: strerror(code)).lowercased())
        }
    }

    /// The system's reason behind a Foundation error.
    public static func reason(_ error: any Error) -> String {
        let cocoa = error as NSError
        if let posix = cocoa.userInfo[NSUnderlyingErrorKey] as? NSError, posix.domain == NSPOSIXErrorDomain {
            return String(cString: strerror(Int32(posix.code))).lowercased()
        }
        if cocoa.domain == NSPOSIXErrorDomain { return String(cString: strerror(Int32(cocoa.code))).lowercased() }
        return cocoa.localizedDescription
    }
}
