import Foundation

/// A file or folder that a result was made of.
public struct InputRecord: Sendable, Equatable, Codable {
    /// Absolute.
    public var path: String
    /// Tells cheaply that nothing changed: size and time of change, of a folder those of all its files. Times are compared for being equal,
    /// never for being earlier: clocks differ.
    public var stamp: String
    public var bytes: Int
    /// Of the content, of a folder that of all names and contents.
    public var sha256: String

    public init(path: String, stamp: String, bytes: Int, sha256: String) {
        (self.path, self.stamp, self.bytes, self.sha256) = (path, stamp, bytes, sha256)
    }

    /// Reads all of it.
    /// - Throws: `BatchError.unreadable`.
    public init(reading path: String) throws {
        let listing = try InputListing(path)
        self.init(path: path, stamp: try listing.stamp(), bytes: listing.bytes, sha256: try listing.sha256())
    }

    /// Whether the file still has the content that it had: by its stamp, and where that differs, by reading it.
    public func isUnchanged(at path: String) throws -> Bool {
        guard let listing = try? InputListing(path), listing.bytes == bytes else { return false }
        return try listing.stamp() == stamp || listing.sha256() == sha256
    }
}

/// A file, or the files in a folder.
struct InputListing {
    private let path: String
    private let isFolder: Bool
    private var files: [(name: String, size: Int, time: String)] = []

    /// - Throws: `BatchError.unreadable`.
    init(_ path: String) throws {
        self.path = path
        let status = try Self.status(path)
        isFolder = status.st_mode & S_IFMT == S_IFDIR
        guard isFolder else {
            guard status.st_mode & S_IFMT == S_IFREG else {
                throw BatchError.unreadable(path: path, reason: "it is neither a file nor a folder")
            }
            files = [(name: "", size: Int(clamping: status.st_size), time: Self.time(status))]
            return
        }
        for name in try FolderNames.all(in: path) where !name.hasPrefix(".") {
            let status = try Self.status(path + "/" + name)
            guard status.st_mode & S_IFMT == S_IFREG else { continue }
            files.append((name: name, size: Int(clamping: status.st_size), time: Self.time(status)))
        }
        files.sort { Array($0.name.utf8).lexicographicallyPrecedes(Array($1.name.utf8)) }
    }

    var bytes: Int { files.reduce(0) { $0 &+ $1.size } }

    func stamp() throws -> String {
        if !isFolder, let file = files.first { return "\(file.size):\(file.time)" }
        let text = files.map { "\($0.name)\n\($0.size):\($0.time)\n" }.joined()
        return "folder:" + (try SHA256Digest.text(of: Data(text.utf8)))
    }

    func sha256() throws -> String {
        guard isFolder else { return try SHA256Digest.text(ofFile: path) }
        let digest = try SHA256Digest()
        for file in files { digest.add("\(file.name)\n\(try SHA256Digest.text(ofFile: path + "/" + file.name))\n") }
        return digest.finish().hexadecimal
    }

    private static func status(_ path: String) throws -> stat {
        var status = stat()
        guard stat(path, &status) == 0 else { throw BatchError.unreadable(path: path, reason: SystemReason.last) }
        return status
    }

    private static func time(_ status: stat) -> String {
        #if canImport(Darwin)
            "\(status.st_mtimespec.tv_sec).\(status.st_mtimespec.tv_nsec)"
        #else
            "\(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)"
        #endif
    }
}

/// What is in folders.
enum FolderNames {
    /// The names but "." and "..", in no order; those that are not UTF-8 are left out.
    /// - Throws: `BatchError.unreadable`.
    static func all(in path: String) throws -> [String] { try names(in: path) { _, _ in true } }

    /// The names of symbolic links.
    /// - Throws: `BatchError.unreadable`.
    static func links(in path: String) throws -> [String] {
        try names(in: path) { name, kind in
            if kind != Int(DT_UNKNOWN) { return kind == Int(DT_LNK) }
            // Not every file system tells it with the names.
            var status = stat()
            return lstat("\(path)/\(name)", &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
        }
    }

    private static func names(in path: String, where isWanted: (_ name: String, _ kind: Int) -> Bool) throws -> [String] {
        guard let folder = opendir(path) else { throw BatchError.unreadable(path: path, reason: SystemReason.last) }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { name in
                name.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: name.pointee)) { String(validatingCString: $0) }
            }
            if let name, name != ".", name != "..", isWanted(name, Int(entry.pointee.d_type)) { names.append(name) }
        }
        return names
    }
}
