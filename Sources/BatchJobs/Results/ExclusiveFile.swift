import Foundation
import Support

/// Files of which there can be one: whoever makes it first has it, on NFS too, where `O_EXCL` and locks cannot be relied on everywhere.
enum ExclusiveFile {
    /// Makes a file with its whole content, unless there is one of that name.
    /// - Returns: whether it was made.
    /// - Throws: `BatchError.unwritable`.
    static func create(_ path: String, _ content: Data) throws -> Bool {
        let parts = PathParts(path)
        let own = "\(parts.folder)/.\(UUID().uuidString)"
        try SmallFile.write(content, to: own)
        defer { unlink(own) }
        if link(own, path) == 0 { return true }
        let code = errno
        // A server's answer may get lost and the question be repeated: the file itself knows how many names it has.
        var status = stat()
        if lstat(own, &status) == 0, status.st_nlink == 2 { return true }
        guard code == EEXIST else { throw BatchError.unwritable(path: path, reason: SystemReason.text(code)) }
        return false
    }
}

/// Files read and written as a whole, mostly of a few thousand bytes.
enum SmallFile {
    static let largestSize = 64 << 20

    /// - Throws: `BatchError.unreadable`.
    static func read(_ path: String) throws -> Data {
        var data = Data()
        try FilePieces.forEach(of: path, limit: largestSize, isRegular: true) { data.append(contentsOf: $0) }
        return data
    }

    /// Writes to a name that nobody else has. The bytes are on the disk (of the server) when this returns.
    /// - Throws: `BatchError.unwritable`; nothing is left behind.
    static func write(_ data: Data, to path: String) throws { try write(to: path) { put in try data.withUnsafeBytes { try put($0) } } }

    /// As above, of content that comes in pieces.
    /// - Parameter read: gives every piece to the closure that it gets.
    /// - Throws: what `read` throws, too.
    static func write(to path: String, _ read: (_ put: (UnsafeRawBufferPointer) throws -> Void) throws -> Void) throws {
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o666)
        guard file >= 0 else { throw BatchError.unwritable(path: path, reason: SystemReason.last) }
        var isOpen = true
        do {
            func check(_ code: Int32) throws {
                guard code == 0 else { throw BatchError.unwritable(path: path, reason: SystemReason.text(code)) }
            }
            try read { try check(writeAll($0, to: file)) }
            if fsync(file) != 0, errno != EINVAL, errno != ENOTSUP { try check(errno) }
            isOpen = false
            if close(file) != 0 { try check(errno) }
        } catch {
            if isOpen { close(file) }
            unlink(path)
            throw error
        }
    }

    /// Takes the place of the file that there is, at once.
    /// - Throws: `BatchError.unwritable`.
    static func replace(_ path: String, with data: Data) throws {
        let parts = PathParts(path)
        let own = "\(parts.folder)/.\(UUID().uuidString)"
        try write(data, to: own)
        guard rename(own, path) == 0 else {
            let reason = SystemReason.last
            unlink(own)
            throw BatchError.unwritable(path: path, reason: reason)
        }
    }

    /// - Returns: the error number, 0 for none.
    static func writeAll(_ data: Data, to file: Int32) -> Int32 { data.withUnsafeBytes { writeAll($0, to: file) } }

    /// - Returns: the error number, 0 for none.
    static func writeAll(_ bytes: UnsafeRawBufferPointer, to file: Int32) -> Int32 {
        var written = 0
        while written < bytes.count, let start = bytes.baseAddress {
            let count = Foundation.write(file, start + written, bytes.count - written)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return count < 0 ? errno : EIO }
            written += count
        }
        return 0
    }
}
