import Foundation
import Media
import Support

/// A text file that is written piece by piece and appears when it is whole.
final class TextOutput {
    private let file: PartFile
    private var buffer: [UInt8] = []

    init(_ path: String) throws {
        file = try PartFile(for: path)
        PartFile.removeLeftovers(of: path)
        buffer.reserveCapacity(1 << 17)
    }

    func write(_ text: String) throws { try write(text.utf8) }

    func write(_ bytes: some Collection<UInt8>) throws {
        buffer.append(contentsOf: bytes)
        if buffer.count >= 1 << 16 { try flush() }
    }

    private func flush() throws {
        try file.write(Data(buffer))
        buffer.removeAll(keepingCapacity: true)
    }

    func commit() throws {
        try flush()
        try file.commit()
    }

    func discard() { file.discard() }
}

/// What is written before it is known what comes in front of it: it waits in a file beside the output (where there is room for it if there
/// is room for the output), which has no name any more.
final class Spool {
    private let descriptor: Int32
    private let output: String
    private var buffer: [UInt8] = []
    private(set) var count = 0

    /// - Parameter output: the file or folder it waits for.
    /// - Throws: `FileError.unwritable`.
    init(beside output: String) throws {
        let folder = PathParts(output).folder
        let path = "\(folder)/.\(UUID().uuidString.prefix(8)).spool"
        descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw FileError.unwritable(path: output, reason: AtomicFile.reason(code: errno))
        }
        unlink(path)
        self.output = output
    }

    deinit { close(descriptor) }

    /// Adds bytes.
    /// - Returns: where they are.
    @discardableResult
    func append(_ bytes: some Collection<UInt8>) throws -> FilePart {
        let part = FilePart(start: count, count: bytes.count)
        buffer.append(contentsOf: bytes)
        count += part.count
        if buffer.count >= 1 << 16 { try flush() }
        return part
    }

    @discardableResult
    func append(_ text: String) throws -> FilePart { try append(text.utf8) }

    func read(_ part: FilePart) throws -> [UInt8] {
        try flush()
        var bytes = [UInt8](repeating: 0, count: part.count)
        var total = 0
        while total < part.count {
            let found = bytes.withUnsafeMutableBytes { bytes in
                bytes.baseAddress.map { pread(descriptor, $0 + total, part.count - total, off_t(part.start + total)) } ?? 0
            }
            if found < 0, errno == EINTR { continue }
            guard found > 0 else { throw failed(found < 0 ? errno : EIO) }
            total += found
        }
        return bytes
    }

    /// Writes everything to `target`.
    func copy(to target: TextOutput) throws {
        var start = 0
        while start < count {
            let part = FilePart(start: start, count: min(1 << 18, count - start))
            try target.write(read(part))
            start += part.count
        }
    }

    private func flush() throws {
        var written = 0
        while written < buffer.count {
            let found = buffer.withUnsafeBytes { bytes in
                bytes.baseAddress.map { Foundation.write(descriptor, $0 + written, bytes.count - written) } ?? 0
            }
            if found < 0, errno == EINTR { continue }
            guard found > 0 else { throw failed(found < 0 ? errno : EIO) }
            written += found
        }
        buffer.removeAll(keepingCapacity: true)
    }

    private func failed(_ code: Int32) -> FileError {
        .unwritable(path: output, reason: AtomicFile.reason(code: code))
    }
}

extension Encodable {
    /// As JSON in one line, keys in alphabetic order.
    func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(self)
    }
}
