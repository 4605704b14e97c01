import Foundation
import Media
import Support

/// Lines of a file or of the standard input, one at a time, as they come.
///
/// Sendable: only the thread of the lane that reads it (`lane`) touches it.
final class EditLines: @unchecked Sendable {
    /// A brush stroke or a mask takes some kilobytes, an import of masks as much as a project's entry can hold.
    static let longest = 256 << 20

    private let descriptor: Int32
    private let name: String
    private var buffer: [UInt8] = []
    private var (position, number, isAtEnd) = (0, 0, false)

    struct Line: Sendable {
        /// Counts from 1.
        var number: Int
        var bytes: Data
    }

    /// - Parameter path: "-": the standard input.
    /// - Throws: `FileError`.
    init(_ path: String) throws {
        name = path == "-" ? "standard input" : path
        descriptor = path == "-" ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw errno == ENOENT ? FileError.notFound(path: path) : .unreadable(path: name, reason: AtomicFile.reason(code: errno))
        }
    }

    deinit { close(descriptor) }

    /// The lines, read on a thread of its own, where waiting for more holds up nobody.
    var lane: ProductionLane<Line> { ProductionLane(ahead: 1, waitsAtEnd: false) { try self.next() } }

    /// The next line that is not blank, without its end; nil at the end.
    private func next() throws -> Line? {
        while let bytes = try nextBytes() {
            number += 1
            guard bytes.contains(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }) else { continue }
            return Line(number: number, bytes: bytes)
        }
        return nil
    }

    private func nextBytes() throws -> Data? {
        var searched = position
        while true {
            if let end = buffer[searched...].firstIndex(of: 0x0A) {
                defer { position = end + 1 }
                return Data(buffer[position..<end])
            }
            if isAtEnd {
                guard position < buffer.count else { return nil }
                defer { position = buffer.count }
                return Data(buffer[position...])
            }
            buffer.removeSubrange(..<position)
            (position, searched) = (0, buffer.count)
            guard buffer.count <= Self.longest else {
                throw FileError.unreadable(path: name, reason: "line \(number + 1) has more than \(Self.longest) bytes")
            }
            try readMore()
        }
    }

    private func readMore() throws {
        // Whoever writes may think for an hour; who wants to stop is not to wait for that.
        var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        while true {
            try Cancellation.check()
            let ready = poll(&wait, 1, 100)
            if ready > 0 { break }
            guard ready == 0 || errno == EINTR else { throw FileError.unreadable(path: name, reason: AtomicFile.reason(code: errno)) }
        }
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        let count = read(descriptor, &piece, piece.count)
        if count < 0, errno == EINTR { return }
        guard count >= 0 else { throw FileError.unreadable(path: name, reason: AtomicFile.reason(code: errno)) }
        isAtEnd = count == 0
        buffer += piece[..<count]
    }
}
