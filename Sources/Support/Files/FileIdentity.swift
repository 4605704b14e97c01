import Foundation

/// Which file a path stands for, however it is written: two paths have one identity if they lead to one file, through links of either kind,
/// or would, once it is made.
public struct FileIdentity: Hashable, Sendable {
    private var device: UInt64
    private var inode: UInt64
    /// The names below the nearest folder that exists; empty for what exists.
    private var missing: [Name]

    /// A file's name as file systems compare it: two strings that Swift calls equal can be two files.
    public struct Name: Hashable, Sendable {
        private let bytes: [UInt8]

        public init(_ name: String) {
            #if os(macOS)
                // Most disks there take no notice of case and composition.
                bytes = Array(name.precomposedStringWithCanonicalMapping.lowercased().utf8)
            #else
                bytes = Array(name.utf8)
            #endif
        }
    }

    /// Whether there is such a file or folder.
    public var exists: Bool { missing.isEmpty }

    public init(_ path: String) { self.init(path, linksLeft: SymbolicLink.longestChain) }

    /// The file behind an open descriptor; nil for anything that is no file on disk.
    public init?(descriptor: Int32) {
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        self.init(status)
    }

    /// The file that a path leads to; nil for anything that is no file on disk.
    public init?(file path: String) {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        self.init(status)
    }

    private init(_ status: stat) {
        self.init(device: UInt64(truncatingIfNeeded: status.st_dev), inode: UInt64(truncatingIfNeeded: status.st_ino), missing: [])
    }

    private init(device: UInt64, inode: UInt64, missing: [Name]) {
        (self.device, self.inode, self.missing) = (device, inode, missing)
    }

    private init(_ path: String, linksLeft: Int) {
        var status = stat()
        if stat(path, &status) == 0 {
            self = FileIdentity(status)
            return
        }
        let parts = PathParts(path)
        // No system has longer paths, and each name is a step down the stack.
        guard path.utf8.count <= Int(PATH_MAX), linksLeft > 0, !parts.name.isEmpty, path != "." else {
            self = FileIdentity(device: 0, inode: 0, missing: [Name(path)])
            return
        }
        if let target = try? SymbolicLink.target(of: path), target != path {
            self = FileIdentity(target, linksLeft: linksLeft - 1)
        } else {
            self = FileIdentity(parts.folder, linksLeft: linksLeft - 1).child(parts.name)
        }
    }

    /// What `name` stands for in this folder, as long as the folder does not exist.
    package func child(_ name: String) -> FileIdentity {
        var child = self
        switch name {
        case ".", "": break
        case ".." where !missing.isEmpty: child.missing.removeLast()
        default: child.missing.append(Name(name))
        }
        return child
    }

    /// The folders above it that do not exist either, nearest first.
    public var missingFolders: [FileIdentity] {
        (1..<max(1, missing.count)).map { count in
            var folder = self
            folder.missing.removeLast(count)
            return folder
        }
    }
}
