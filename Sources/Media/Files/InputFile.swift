import Foundation
import Support

/// Inputs that are read as a whole: prompts, lists, presets, pictures. A shell may give them as pipes (`<(...)`), so reading is bounded in
/// size and in how long nothing may come.
public enum InputFile {
    /// Seconds without data after which a pipe is given up.
    public static let patience = 10.0

    /// The whole contents; a file is mapped where that is safe.
    /// - Parameters:
    ///   - limit: the most bytes that are taken.
    ///   - timeout: the longest wait for more, in seconds; nil: for ever.
    /// - Throws: `FileError.notFound`, `FileError.unreadable`.
    public static func read(_ path: String, limit: Int, timeout: Double? = patience) throws -> Data {
        func tooLarge() -> FileError {
            .unreadable(path: path, reason: "it has more than \(limit) bytes, too many for what it is read as")
        }
        let (kind, size) = try status(path)
        guard kind == S_IFREG else {
            let data = try prefix(of: path, count: limit + 1, timeout: timeout)
            guard data.count <= limit else { throw tooLarge() }
            return data
        }
        guard size <= limit else { throw tooLarge() }
        do {
            return try Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe)
        } catch {
            throw FileError.unreadable(path: path, reason: AtomicFile.reason(error))
        }
    }

    /// The first `count` bytes, or all where there are fewer.
    /// - Throws: `FileError.notFound`, `FileError.unreadable`.
    public static func prefix(of path: String, count: Int, timeout: Double? = patience) throws -> Data {
        let stream = try ByteStream(path: path, timeout: timeout)
        var data = Data()
        var piece = [UInt8](repeating: 0, count: max(1, min(count, 1 << 16)))
        while data.count < count {
            let wanted = min(piece.count, count - data.count)
            let found = try piece.withUnsafeMutableBytes { try stream.read(UnsafeMutableRawBufferPointer(rebasing: $0[..<wanted])) }
            guard found > 0 else { break }
            data.append(contentsOf: piece[..<found])
        }
        return data
    }

    /// Refuses what can be read only once, or has no end: pipes, devices.
    /// - Throws: `FileError.notFound`; `FileError.unreadable`, which says what to do.
    public static func checkIsFile(_ path: String) throws {
        switch try status(path).kind {
        case S_IFREG: return
        case S_IFDIR: throw FileError.unreadable(path: path, reason: "it is a folder")
        default:
            throw FileError.unreadable(
                path: path,
                reason:
                    "it is a pipe or a device, which can be read only once; save it to a file first, or segment it as a live source (--live)"
            )
        }
    }

    private static func status(_ path: String) throws -> (kind: mode_t, size: Int) {
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw errno == ENOENT || errno == ENOTDIR
                ? FileError.notFound(path: path) : .unreadable(path: path, reason: AtomicFile.reason(code: errno))
        }
        return (status.st_mode & S_IFMT, Int(clamping: status.st_size))
    }
}
