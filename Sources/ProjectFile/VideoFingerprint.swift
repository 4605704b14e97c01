import Foundation
import Media
import Support
import TensorFiles

/// What tells one video from another, wherever it lies and whatever it is called.
///
/// A file up to 64 MiB is hashed whole. Of a larger one its size, its first and last mebibyte and 4 KiB of every further one count: of a
/// video of two hours that takes a second, and other videos differ everywhere. Of a folder of pictures the names and sizes of all count,
/// and the contents of 64 of them, evenly spaced.
public struct VideoFingerprint: Sendable, Codable, Equatable {
    /// 16 hexadecimal digits.
    public let digest: String
    /// In bytes; of a folder, of all its pictures together.
    public let bytes: Int

    public init(digest: String, bytes: Int) { (self.digest, self.bytes) = (digest, bytes) }

    private static let wholeLimit = 64 << 20
    private static let sampledPictures = 64

    /// - Throws: `ProjectFileError.unreadable`.
    public init(of path: String) throws {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw ProjectFileError.unreadable(path: path, reason: "it is not there")
        }
        self = isFolder.boolValue ? try Self.ofFolder(path) : try Self.ofFile(path)
    }

    private static func ofFile(_ path: String) throws -> VideoFingerprint {
        let file = try BoundedReader(path)
        var content = Data()
        if file.size <= wholeLimit {
            content = try file.read(0..<file.size)
        } else {
            let mebibyte = 1 << 20
            content = try file.read(0..<mebibyte)
            for start in stride(from: mebibyte, to: file.size - mebibyte, by: mebibyte) { content += try file.read(start..<(start + 4096)) }
            content += try file.read((file.size - mebibyte)..<file.size)
        }
        content.append(contentsOf: Array("\(file.size)".utf8))
        return VideoFingerprint(digest: hexadecimal(Fingerprint(ofLarge: content).value), bytes: file.size)
    }

    private static func ofFolder(_ path: String) throws -> VideoFingerprint {
        let names = try FolderListing.names(path, pathExtensions: ["jpg", "jpeg", "png"]).sorted {
            Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8))
        }
        var (content, bytes) = (Data(), 0)
        let step = max(1, (names.count + sampledPictures - 1) / sampledPictures)
        for (index, name) in names.enumerated() {
            let file = try BoundedReader(path + "/" + name)
            content.append(contentsOf: Array("\(name)\0\(file.size)\0".utf8))
            bytes += file.size
            guard index % step == 0 || index == names.count - 1 else { continue }
            let digest = Fingerprint(ofLarge: try file.read(0..<min(file.size, wholeLimit))).value
            withUnsafeBytes(of: digest.littleEndian) { content.append(contentsOf: $0) }
        }
        return VideoFingerprint(digest: hexadecimal(Fingerprint(ofLarge: content).value), bytes: bytes)
    }

    private static func hexadecimal(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

/// Pieces of a file that stays as it is.
private final class BoundedReader {
    let size: Int
    private let path: String
    private let descriptor: Int32

    init(_ path: String) throws {
        self.path = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        var status = stat()
        guard descriptor >= 0, fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            let reason = descriptor < 0 ? String(cString: strerror(errno)).lowercased() : "it is no file"
            if descriptor >= 0 { close(descriptor) }
            throw ProjectFileError.unreadable(path: path, reason: reason)
        }
        size = Int(clamping: status.st_size)
    }

    deinit { close(descriptor) }

    func read(_ range: Range<Int>) throws -> Data {
        var data = Data(count: range.count)
        var done = 0
        while done < range.count {
            let count = data.withUnsafeMutableBytes { bytes in
                pread(descriptor, bytes.baseAddress.map { $0 + done }, range.count - done, off_t(range.lowerBound + done))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                throw ProjectFileError.unreadable(path: path, reason: count < 0 ? "an error of its disk" : "it became shorter meanwhile")
            }
            done += count
        }
        return data
    }
}
