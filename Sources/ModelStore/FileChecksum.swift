import CFFmpeg
import Foundation
import Support

/// The MD5 of a file's content, by which published checkpoints are known. It tells files apart and finds damage; it is no
/// protection against forgery.
enum FileChecksum {
    /// 32 lower-case hexadecimal digits. The file is read in pieces.
    /// - Parameter progress: told the number of bytes done after every piece.
    /// - Throws: `CancellationError` when the task is cancelled, the system's error for a file that cannot be read.
    static func md5(_ file: URL, progress: ((Int) -> Void)? = nil) throws -> String {
        let handle = try FileHandle(forReadingFrom: file)
        defer { try? handle.close() }
        guard let state = av_md5_alloc() else { throw POSIXError(.ENOMEM) }
        defer { av_free(UnsafeMutableRawPointer(state)) }
        av_md5_init(state)
        var done = 0
        while true {
            try Task.checkCancellation()
            let piece = try readPiece(handle)
            guard !piece.isEmpty else { break }
            piece.withUnsafeBytes { av_md5_update(state, $0.bindMemory(to: UInt8.self).baseAddress, $0.count) }
            done += piece.count
            progress?(done)
        }
        var digest = [UInt8](repeating: 0, count: 16)
        av_md5_final(state, &digest)
        return digest.map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }

    private static func readPiece(_ handle: FileHandle) throws -> Data {
        #if canImport(Darwin)
            try autoreleasepool { try handle.read(upToCount: 1 << 20) ?? Data() }
        #else
            try handle.read(upToCount: 1 << 20) ?? Data()
        #endif
    }
}
