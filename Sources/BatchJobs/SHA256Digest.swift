import CFFmpeg
import Foundation

/// SHA-256 of what comes piece by piece; the arithmetic is FFmpeg's.
struct SHA256Digest {
    private final class Context {
        let pointer: OpaquePointer?
        init() { pointer = av_sha_alloc() }
        deinit { av_free(UnsafeMutableRawPointer(pointer)) }
    }

    private let context = Context()

    /// - Throws: `BatchError.unwritable` where there is no memory.
    init() throws {
        guard let pointer = context.pointer, av_sha_init(pointer, 256) == 0 else {
            throw BatchError.unreadable(path: "SHA-256", reason: "there is no memory")
        }
    }

    func add(_ bytes: UnsafeRawBufferPointer) {
        guard let pointer = context.pointer, let start = bytes.bindMemory(to: UInt8.self).baseAddress else { return }
        av_sha_update(pointer, start, bytes.count)
    }

    func add(_ data: Data) { data.withUnsafeBytes { add($0) } }

    func add(_ text: String) { add(Data(text.utf8)) }

    /// The digest, once; 32 bytes.
    func finish() -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        if let pointer = context.pointer { av_sha_final(pointer, &digest) }
        return digest
    }

    static func bytes(of data: Data) throws -> [UInt8] {
        let digest = try SHA256Digest()
        digest.add(data)
        return digest.finish()
    }

    /// In hexadecimal digits.
    static func text(of data: Data) throws -> String { try bytes(of: data).hexadecimal }

    /// Of a whole file, in hexadecimal digits.
    /// - Throws: `BatchError.unreadable` with the system's reason.
    static func text(ofFile path: String) throws -> String {
        let digest = try SHA256Digest()
        try FilePieces.forEach(of: path) { digest.add($0) }
        return digest.finish().hexadecimal
    }
}

extension Sequence<UInt8> {
    var hexadecimal: String { map { String(format: "%02x", $0) }.joined() }
}

/// Files read from begin to end in pieces.
enum FilePieces {
    static let size = 1 << 20

    /// - Parameters:
    ///   - limit: the most bytes that are read.
    ///   - isRegular: whether anything else than a regular file, such as a pipe that nobody writes to, is refused.
    /// - Throws: `BatchError.unreadable`, and what `body` throws.
    static func forEach(
        of path: String, limit: Int = .max, isRegular: Bool = false, _ body: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        let file = open(path, O_RDONLY | O_CLOEXEC | (isRegular ? O_NONBLOCK : 0))
        guard file >= 0 else { throw BatchError.unreadable(path: path, reason: SystemReason.last) }
        defer { close(file) }
        var status = stat()
        guard !isRegular || fstat(file, &status) == 0 && status.st_mode & S_IFMT == S_IFREG else {
            throw BatchError.unreadable(path: path, reason: "it is no file")
        }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 64)
        defer { buffer.deallocate() }
        var left = limit
        while left > 0 {
            let count = read(file, buffer.baseAddress, min(size, left))
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw BatchError.unreadable(path: path, reason: SystemReason.last) }
            guard count > 0 else { return }
            try body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            left -= count
        }
    }
}

/// The system's words for what went wrong last.
enum SystemReason {
    static var last: String { text(errno) }
    static func text(_ code: Int32) -> String { String(cString: strerror(code)).lowercased() }
}
