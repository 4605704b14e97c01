import Foundation
import Support

/// Bytes from a pipe, a socket or a file, with a limit on how long they may fail to come.
final class ByteStream: @unchecked Sendable {
    /// For messages.
    let name: String
    private let descriptor: Int32
    private let closes: Bool
    private let timeout: Double?
    private let isStopped = Protected(false)
    private var hasBegun = false
    /// Bytes that were looked at and not read yet.
    private var pending: [UInt8] = []

    /// - Parameters:
    ///   - closes: whether the descriptor is closed in the end.
    ///   - timeout: the longest wait for bytes, in seconds; nil: for ever.
    init(descriptor: Int32, name: String, closes: Bool, timeout: Double?) {
        (self.descriptor, self.name, self.closes, self.timeout) = (descriptor, name, closes, waitingTime(timeout))
    }

    /// - Parameter path: a file or a named pipe; "-" is standard input.
    convenience init(path: String, timeout: Double?) throws {
        guard path != "-" else {
            self.init(descriptor: STDIN_FILENO, name: "standard input", closes: false, timeout: timeout)
            return
        }
        // Not blocking: opening a pipe would wait for its writer, beyond the time allowed.
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw errno == ENOENT || errno == ENOTDIR
                ? FileError.notFound(path: path) : .unreadable(path: path, reason: AtomicFile.reason(code: errno))
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT != S_IFDIR else {
            close(descriptor)
            throw FileError.unreadable(path: path, reason: "it is a folder")
        }
        self.init(descriptor: descriptor, name: path, closes: true, timeout: timeout)
    }

    deinit { if closes { close(descriptor) } }

    /// Ends the waiting of a read within a tenth of a second; it throws `CancellationError`.
    func stop() { isStopped.withLock { $0 = true } }

    /// The next bytes, which stay to be read; fewer at the end.
    func peek(_ count: Int) throws -> [UInt8] {
        while pending.count < count {
            var piece = [UInt8](repeating: 0, count: count - pending.count)
            let found = try piece.withUnsafeMutableBytes { try receive($0) }
            guard found > 0 else { break }
            pending += piece.prefix(found)
        }
        return Array(pending.prefix(count))
    }

    /// Reads until the buffer is full or the data ends.
    /// - Returns: how many bytes came.
    func fill(_ buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        var filled = 0
        while filled < buffer.count {
            let found = try read(UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
            guard found > 0 else { break }
            filled += found
        }
        return filled
    }

    /// Reads what is there, at least a byte; 0 at the end.
    func read(_ buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        guard !pending.isEmpty else { return try receive(buffer) }
        let count = min(pending.count, buffer.count)
        buffer.copyBytes(from: pending.prefix(count))
        pending.removeFirst(count)
        return count
    }

    /// The text up to the next line feed, without it; nil when the data ends before it begins.
    /// - Throws: `FileError.unreadable` for longer ones, or when the data ends within it.
    func line(limit: Int) throws -> String? {
        var line: [UInt8] = []
        while true {
            var byte: UInt8 = 0
            guard try withUnsafeMutableBytes(of: &byte, { try read($0) }) == 1 else {
                guard !line.isEmpty else { return nil }
                throw FileError.unreadable(path: name, reason: "it ends within a header")
            }
            if byte == 0x0A { return String(decoding: line, as: UTF8.self) }
            guard line.count < limit else { throw FileError.unreadable(path: name, reason: "a header in it has more than \(limit) bytes") }
            line.append(byte)
        }
    }

    private func receive(_ buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        guard buffer.count > 0 else { return 0 }
        let start = ContinuousClock.now
        while true {
            guard !isStopped.withLock({ $0 }) else { throw CancellationError() }
            var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let ready = poll(&request, 1, 100)
            if ready < 0, errno != EINTR { throw failed() }
            if ready > 0 {
                let count = Foundation.read(descriptor, buffer.baseAddress, buffer.count)
                if count > 0 || count == 0 && !isWaitingForWriter {
                    hasBegun = true
                    return count
                }
                guard count == 0 || errno == EINTR || errno == EAGAIN else { throw failed() }
            }
            if let timeout, ContinuousClock.now - start > .seconds(timeout) { throw FileError.stalled(name, seconds: timeout) }
        }
    }

    /// Whether the end of the data is only that nobody has opened a pipe for writing yet. Linux tells the two apart by itself.
    private var isWaitingForWriter: Bool {
        #if canImport(Darwin)
            var status = stat()
            guard !hasBegun, closes, fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFIFO else { return false }
            usleep(20_000)
            return true
        #else
            return false
        #endif
    }

    private func failed() -> FileError { .unreadable(path: name, reason: String(cString: strerror(errno)).lowercased()) }
}

/// A time to wait that clocks can count; nil: for ever, which whatever is longer than 30 years amounts to.
func waitingTime(_ seconds: Double?) -> Double? {
    guard let seconds, seconds < 1e9 else { return nil }
    return max(0, seconds)
}

extension FileError {
    /// A live source from which nothing came for so long.
    static func stalled(_ name: String, seconds: Double) -> FileError {
        .unreadable(path: name, reason: "nothing came for \(Int(exactly: seconds).map { "\($0)" } ?? "\(seconds)") s")
    }

    /// A live source that ends within a frame.
    static func cutFrame(_ name: String, frame: Int, found: Int, expected: Int) -> FileError {
        .unreadable(
            path: name,
            reason:
                "it ends within frame \(frame), after \(found) of \(expected) bytes (a producer that was stopped, or another frame size than given)"
        )
    }
}
