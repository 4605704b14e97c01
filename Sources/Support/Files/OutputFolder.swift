import Foundation

/// A folder for outputs. It is made where it is absent, with those above it, and goes again if nothing comes into it.
public struct OutputFolder: Sendable {
    public let path: String
    /// The folders that were made, deepest first.
    private let made: [String]

    /// - Throws: `FileError.unwritable`; what was made is then gone.
    public init(_ path: String) throws {
        self.path = path
        var made: [String] = []
        for folder in try Self.missing(path).reversed() {
            guard mkdir(folder, 0o777) == 0 || errno == EEXIST else {
                let code = errno
                for folder in made { rmdir(folder) }
                throw FileError.unwritable(path: path, reason: AtomicFile.reason(code: code))
            }
            made.insert(folder, at: 0)
        }
        self.made = made
    }

    /// The path of a file in it.
    public func file(_ name: String) -> String { path.utf8.last == UInt8(ascii: "/") ? path + name : path + "/" + name }

    /// Removes the folders that were made, as far as nothing is in them.
    public func removeIfEmpty() {
        for folder in made where rmdir(folder) != 0 { return }
    }

    /// The folders that are absent, deepest first.
    private static func missing(_ path: String) throws -> [String] {
        var missing: [String] = []
        var current = path
        while true {
            var status = stat()
            if stat(current, &status) == 0 {
                guard status.st_mode & S_IFMT == S_IFDIR else {
                    let what = missing.isEmpty ? "it is a file" : "\(current) is a file"
                    throw FileError.unwritable(path: path, reason: "\(what), and a folder is needed")
                }
                return missing
            }
            // Below a file there is nothing, and the system says so before it comes to the file itself.
            guard errno == ENOENT || errno == ENOTDIR, missing.count < Int(PATH_MAX) else {
                throw FileError.unwritable(path: path, reason: AtomicFile.reason(code: errno))
            }
            let parent = PathParts(current).folder
            guard parent != current else { return missing }
            missing.append(current)
            current = parent
        }
    }
}
