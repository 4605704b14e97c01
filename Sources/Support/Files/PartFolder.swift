import Foundation

/// A folder under a temporary name beside its target, which takes the target's name when everything is in it: the folder appears whole or
/// not at all.
///
/// While it is open it is locked, so that what a process left that died can be told from what another is writing, and is removed when the
/// same output is written again.
public final class PartFolder {
    /// Where files go until `commit`.
    public let path: String
    /// The folder's name to be.
    public let target: String
    private let replacesContents: Bool
    private let lock: Int32
    private var isOpen = true
    private var subfolders: Set<String> = []

    private static let mark = ".part-"

    /// - Parameter replacesContents: whether a folder of this name goes with all that is in it, when the new one is complete. Otherwise
    ///   there must be none, or an empty one.
    /// - Throws: `FileError.unwritable`.
    public init(for target: String, replacesContents: Bool = false) throws {
        var name = target
        while name.utf8.count > 1, name.utf8.last == UInt8(ascii: "/") { name.removeLast() }
        if !replacesContents { try Self.checkReplaceable(name) }
        let parts = PathParts(name)
        Self.removeLeftovers(in: parts.folder, of: parts.name)
        // The name as a whole is limited to 255 bytes.
        let path = "\(parts.folder)/.\(UUID().uuidString.prefix(8))\(Self.mark)\(Self.suffix(parts.name))"
        guard mkdir(path, 0o777) == 0 else { throw Self.failed(target, errno) }
        lock = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if lock >= 0 { flock(lock, LOCK_EX | LOCK_NB) }
        (self.target, self.path, self.replacesContents) = (name, path, replacesContents)
    }

    deinit { discard() }

    /// Makes a folder in it, with those above it.
    /// - Parameter parts: their names, the outermost first; nothing that leads elsewhere.
    public func makeFolder(_ parts: [String]) throws {
        var folder = ""
        for part in parts {
            folder += (folder.isEmpty ? "" : "/") + part
            guard subfolders.insert(folder).inserted else { continue }
            guard mkdir(path + "/" + folder, 0o777) == 0 || errno == EEXIST else { throw Self.failed(target, errno) }
        }
    }

    /// Runs what writes a file in it; messages name the folder, not its temporary name.
    public func write(_ body: () throws -> Void) throws {
        do { try body() } catch FileError.unwritable(_, let reason) {
            throw FileError.unwritable(path: target, reason: reason)
        }
    }

    /// Gives the folder its name.
    /// - Throws: `FileError.unwritable`; the folder is then gone.
    public func commit() throws {
        guard isOpen else { return }
        if replacesContents { try removeTarget() }
        // Takes the place of an empty folder and of nothing else.
        guard rename(path, target) == 0 else {
            let code = errno
            discard()
            throw Self.failed(target, code == EEXIST ? ENOTEMPTY : code)
        }
        isOpen = false
        if lock >= 0 { close(lock) }
    }

    /// Stops without a result; nothing is left behind.
    public func discard() {
        guard isOpen else { return }
        isOpen = false
        try? FileManager.default.removeItem(atPath: path)
        if lock >= 0 { close(lock) }
    }

    private func removeTarget() throws {
        var status = stat()
        guard lstat(target, &status) == 0 else { return }
        do { try FileManager.default.removeItem(atPath: target) } catch {
            discard()
            throw FileError.unwritable(path: target, reason: AtomicFile.reason(error))
        }
    }

    private static func failed(_ path: String, _ code: Int32) -> FileError {
        .unwritable(path: path, reason: AtomicFile.reason(code: code))
    }

    /// - Throws: `FileError.unwritable` for what a new folder cannot take the place of.
    static func checkReplaceable(_ path: String) throws {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            guard errno == ENOENT else { throw failed(path, errno) }
            return
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw FileError.unwritable(path: path, reason: "there is a file of this name, and a folder is needed")
        }
        guard let inside = try? FileManager.default.contentsOfDirectory(atPath: path), inside.isEmpty else {
            throw FileError.unwritable(path: path, reason: "the folder is not empty; give the output another name")
        }
    }

    private static func suffix(_ name: String) -> String {
        var head = ""
        for character in name where head.utf8.count + character.utf8.count <= 200 { head.append(character) }
        return head
    }

    private static func removeLeftovers(in folder: String, of name: String) {
        let end = mark + suffix(name)
        for entry in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
            guard entry.hasPrefix("."), entry.hasSuffix(end), entry.utf8.count == 9 + end.utf8.count,
                entry.utf8.dropFirst().prefix(8).allSatisfy({ "0123456789ABCDEF".utf8.contains($0) })
            else { continue }
            let descriptor = open(folder + "/" + entry, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            guard descriptor >= 0 else { continue }
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { try? FileManager.default.removeItem(atPath: folder + "/" + entry) }
            close(descriptor)
        }
    }
}
