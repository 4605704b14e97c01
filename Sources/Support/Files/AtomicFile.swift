import Foundation

/// Files that are whole or absent: written under a temporary name (`PartFile`) and renamed when complete.
public enum AtomicFile {
    /// Refuses what a file cannot take the place of: a folder, a device, a pipe.
    /// - Throws: `FileError.unwritable`.
    public static func checkReplaceable(_ path: String) throws {
        var status = stat()
        guard stat(path, &status) == 0 else {
            guard errno == ENOENT else { throw FileError.unwritable(path: path, reason: reason(code: errno)) }
            return
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return
        case S_IFDIR: throw FileError.unwritable(path: path, reason: "it is a folder")
        default: throw FileError.unwritable(path: path, reason: "it is a device or a pipe, and outputs are files")
        }
    }

    /// Writes `data` to `path`.
    /// - Throws: `FileError.unwritable` with the system's reason; nothing is left behind.
    public static func write(_ data: Data, to path: String) throws {
        let file = try PartFile(for: path)
        try file.write(data)
        try file.commit()
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
    public static func reason(code: Int32) -> String { String(cString: strerror(code)).lowercased() }
}
