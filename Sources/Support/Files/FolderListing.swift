import Foundation

/// What is in a folder, by names as they are: Foundation repairs those that are not UTF-8, and the repaired name is no file's.
public enum FolderListing {
    /// The names but "." and "..", in no order; nil stands for one that is not UTF-8.
    /// - Throws: `FileError.unreadable` with the system's reason.
    package static func names(_ path: String) throws -> [String?] {
        var names: [String?] = []
        try forEach(path) { bytes in names.append(String(validating: bytes, as: UTF8.self)) }
        return names
    }

    /// The names that end with one of the extensions, whatever their case, in no order; hidden files are left out.
    /// - Throws: `FileError.unreadable`, also where such a name is not UTF-8.
    public static func names(_ path: String, pathExtensions: [String]) throws -> [String] {
        var names: [String] = []
        try forEach(path) { bytes in
            guard bytes.first != UInt8(ascii: "."), let dot = bytes.lastIndex(of: UInt8(ascii: ".")) else { return }
            let ending = String(decoding: bytes[(dot + 1)...], as: UTF8.self).lowercased()
            guard pathExtensions.contains(ending) else { return }
            guard let name = String(validating: bytes, as: UTF8.self) else {
                let shown = String(decoding: bytes, as: UTF8.self)
                throw FileError.unreadable(path: path, reason: "the name of \(shown) in it is not UTF-8; rename that file")
            }
            names.append(name)
        }
        return names
    }

    /// The names of the folders in a folder, also of those that symbolic links lead to, in order; hidden ones are left out.
    /// - Throws: `FileError.unreadable`, also where a name is not UTF-8.
    public static func folders(_ path: String) throws -> [String] {
        var names: [String] = []
        try forEach(path) { bytes in
            guard bytes.first != UInt8(ascii: ".") else { return }
            let name = String(decoding: bytes, as: UTF8.self)
            var status = stat()
            guard stat(path + "/" + name, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return }
            guard String(validating: bytes, as: UTF8.self) != nil else {
                throw FileError.unreadable(path: path, reason: "the name of the folder \(name) in it is not UTF-8; rename that folder")
            }
            names.append(name)
        }
        return names.sorted()
    }

    private static func forEach(_ path: String, _ body: ([UInt8]) throws -> Void) throws {
        guard let folder = opendir(path) else { throw FileError.unreadable(path: path, reason: AtomicFile.reason(code: errno)) }
        defer { closedir(folder) }
        while true {
            errno = 0
            guard let entry = readdir(folder) else {
                guard errno == 0 else { throw FileError.unreadable(path: path, reason: AtomicFile.reason(code: errno)) }
                return
            }
            let bytes = withUnsafePointer(to: &entry.pointee.d_name) { name in
                name.withMemoryRebound(to: UInt8.self, capacity: MemoryLayout.size(ofValue: name.pointee)) { bytes in
                    Array(UnsafeBufferPointer(start: bytes, count: strlen(bytes)))
                }
            }
            if bytes != Array(".".utf8), bytes != Array("..".utf8) { try body(bytes) }
        }
    }
}
