import Foundation
import Media
import Support

/// Where something lies in a file.
struct FilePart: Sendable, Equatable {
    var start: Int
    var count: Int
}

/// A file that parts are read from, by any thread. It is not mapped into memory: what is read of it does not count as the program's.
final class RandomAccessFile: Sendable {
    let path: String
    let count: Int
    private let descriptor: Int32

    /// - Throws: `FileError` for what is no file.
    init(_ path: String) throws {
        try InputFile.checkIsFile(path)
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError.unreadable(path: path, reason: AtomicFile.reason(code: errno)) }
        var status = stat()
        fstat(descriptor, &status)
        count = Int(clamping: status.st_size)
        self.path = path
    }

    deinit { close(descriptor) }

    /// Fills `buffer` from `start` on.
    /// - Returns: how many bytes came; fewer than there is room only at the end.
    func read(into buffer: inout [UInt8], from start: Int) throws -> Int {
        var total = 0
        while total < buffer.count {
            let found = buffer.withUnsafeMutableBytes { bytes -> Int in
                guard let base = bytes.baseAddress else { return 0 }
                return pread(descriptor, base + total, bytes.count - total, off_t(start + total))
            }
            if found < 0, errno == EINTR { continue }
            guard found >= 0 else { throw FileError.unreadable(path: path, reason: AtomicFile.reason(code: errno)) }
            if found == 0 { break }
            total += found
        }
        return total
    }

    /// The bytes of a part.
    /// - Throws: `FileError.unreadable`, also when the file has become shorter.
    func read(_ part: FilePart) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: part.count)
        guard try read(into: &bytes, from: part.start) == part.count else {
            throw FileError.unreadable(path: path, reason: "it has become shorter while it was read")
        }
        return bytes
    }
}

/// A file's bytes in order, through a small buffer.
struct SequentialBytes {
    let file: RandomAccessFile
    private var buffer: [UInt8]
    private var bufferStart = 0
    private var filled = 0
    private var index = 0
    private let end: Int

    /// - Parameter part: to be read; nil: all.
    init(_ file: RandomAccessFile, part: FilePart? = nil) {
        self.file = file
        bufferStart = part?.start ?? 0
        end = part.map { $0.start + $0.count } ?? .max
        buffer = [UInt8](repeating: 0, count: max(1, min(1 << 18, part?.count ?? file.count)))
    }

    /// Where the next byte is.
    var offset: Int { bufferStart + index }

    /// The next byte, which stays the next; nil at the end.
    mutating func peek() throws -> UInt8? {
        if index < filled { return buffer[index] }
        bufferStart += filled
        index = 0
        filled = bufferStart < end ? min(try file.read(into: &buffer, from: bufferStart), end - bufferStart) : 0
        return filled > 0 ? buffer[0] : nil
    }

    /// Goes past the next byte, which `peek` gave.
    mutating func advance() { index += 1 }

    mutating func next() throws -> UInt8? {
        guard let byte = try peek() else { return nil }
        index += 1
        return byte
    }
}
