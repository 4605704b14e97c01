import Foundation

/// Small files of text that a user names: lists, prompts.
public enum TextFile {
    /// No list or prompt is larger, but a device may be endless.
    public static let largestSize = 256 << 20

    /// - Throws: `MediaError.notFound`, `.unreadable` with the system's reason, also for a folder and for what is larger than `largestSize`;
    ///   `.notText` for bytes that are no UTF-8.
    public static func read(_ path: String) throws -> String {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { throw MediaError.notFound(path: path) }
            throw MediaError.unreadable(path: path, reason: AtomicFile.reason(code: errno))
        }
        defer { close(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Foundation.read(file, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            if count < 0, errno == EISDIR { throw MediaError.unreadable(path: path, reason: "it is a folder") }
            guard count >= 0 else { throw MediaError.unreadable(path: path, reason: AtomicFile.reason(code: errno)) }
            guard count > 0 else { break }
            bytes += buffer[..<count]
            guard bytes.count <= largestSize else { throw MediaError.unreadable(path: path, reason: "it is larger than \(largestSize >> 20) MiB") }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw MediaError.notText(path: path) }
        return text
    }
}
