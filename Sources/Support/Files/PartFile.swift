import Foundation

/// A file under a temporary name beside its target, which takes the target's name when it is whole. A target that is a symbolic link is
/// followed.
///
/// While it is open it is locked. So what a process left that died can be told from what another is writing, and is removed by
/// `removeLeftovers` when the same output is written again.
public final class PartFile {
    /// Where the bytes are until `commit`.
    public let path: String
    private let name: String
    private let target: String
    private let descriptor: Int32
    private let output: Int32
    private var isOpen = true

    /// - Throws: `FileError.unwritable` with the system's reason, also for a target that a file cannot take the place of.
    public convenience init(for target: String) throws { try self.init(for: target, writingTo: nil) }

    /// - Parameter output: takes the bytes in place of the file.
    package init(for target: String, writingTo output: Int32?) throws {
        try AtomicFile.checkReplaceable(target)
        name = target
        self.target = try SymbolicLink.target(of: target)
        (path, descriptor) = try Self.create(for: self.target, name: target)
        self.output = output ?? descriptor
    }

    deinit { discard() }

    /// - Throws: `FileError.unwritable`, for example when the disk is full; the file is then gone.
    public func write(_ data: Data) throws {
        guard isOpen else { throw FileError.unwritable(path: name, reason: "it is closed") }
        let failure = data.withUnsafeBytes { bytes -> Int32 in
            var written = 0
            while written < bytes.count, let start = bytes.baseAddress {
                let count = Foundation.write(output, start + written, bytes.count - written)
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { return count < 0 ? errno : EIO }
                written += count
            }
            return 0
        }
        if failure != 0 { throw failed(failure) }
    }

    /// Gives the file its name.
    /// - Throws: `FileError.unwritable`; the file is then gone.
    public func commit() throws {
        guard isOpen else { return }
        do { try AtomicFile.checkReplaceable(name) } catch {
            discard()
            throw error
        }
        // Some file systems report a full disk only on closing, but the lock has to last until the file has its name.
        let lock = dup(descriptor)
        defer { if lock >= 0 { close(lock) } }
        isOpen = false
        if close(descriptor) != 0 || rename(path, target) != 0 {
            let code = errno
            unlink(path)
            throw FileError.unwritable(path: name, reason: AtomicFile.reason(code: code))
        }
    }

    /// Stops without a result; nothing is left behind.
    public func discard() {
        guard isOpen else { return }
        isOpen = false
        unlink(path)
        close(descriptor)
    }

    private func failed(_ code: Int32) -> FileError {
        discard()
        return .unwritable(path: name, reason: AtomicFile.reason(code: code))
    }

    private static func create(for target: String, name: String) throws -> (path: String, descriptor: Int32) {
        let parts = PathParts(target)
        for _ in 0..<8 {
            let path = "\(parts.folder)/.\(UUID().uuidString.prefix(8))\(mark)\(suffix(for: parts.name))"
            let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
            guard file >= 0 else { throw FileError.unwritable(path: name, reason: AtomicFile.reason(code: errno)) }
            // Some file systems have no locks; leftovers are not removed there either.
            while flock(file, LOCK_EX) != 0, errno == EINTR {}
            // Before it was locked, another process may have taken it for a leftover.
            var status = stat()
            if fstat(file, &status) == 0, status.st_nlink > 0 { return (path, file) }
            close(file)
        }
        throw FileError.unwritable(path: name, reason: "its temporary file is removed again and again")
    }
}

extension PartFile {
    private static let mark = ".part-"

    /// What a temporary name ends with: the target's name, or one that is as good, since the whole is limited to 255 bytes.
    private static func suffix(for name: String) -> String {
        guard name.utf8.count > 240 else { return name }
        let hash = name.utf8.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
        var head = ""
        for character in name where head.utf8.count + character.utf8.count <= 180 { head.append(character) }
        // The extension names the container of a video.
        let ending = name.utf8.count { $0 == UInt8(ascii: ".") } > 0 ? "." + (name.split(separator: ".").last ?? "") : ""
        return head + "~" + String(hash, radix: 16) + (ending.utf8.count <= 16 ? ending : "")
    }

    /// Removes what processes that died left of a file.
    public static func removeLeftovers(of path: String) {
        guard let target = try? SymbolicLink.target(of: path) else { return }
        let parts = PathParts(target)
        removeLeftovers(in: parts.folder, endingWith: mark + suffix(for: parts.name))
    }

    /// Removes what processes that died left of files in a folder.
    /// - Parameter pathExtension: of the files meant.
    public static func removeLeftovers(in folder: String, pathExtension: String) {
        removeLeftovers(in: folder, endingWith: "." + pathExtension)
    }

    private static func removeLeftovers(in folder: String, endingWith end: String) {
        guard let names = try? FolderListing.names(folder) else { return }
        for case let name? in names {
            let bytes = Array(name.utf8)
            guard bytes.count > 9 + mark.utf8.count, bytes[0] == UInt8(ascii: "."), bytes[9...].starts(with: mark.utf8),
                bytes[1..<9].allSatisfy({ "0123456789ABCDEF".utf8.contains($0) }), bytes.suffix(end.utf8.count).elementsEqual(end.utf8)
            else { continue }
            removeLeftover(folder + "/" + name)
        }
    }

    private static func removeLeftover(_ path: String) {
        let file = open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard file >= 0 else { return }
        defer { close(file) }
        var (opened, named) = (stat(), stat())
        guard flock(file, LOCK_EX | LOCK_NB) == 0, fstat(file, &opened) == 0, opened.st_mode & S_IFMT == S_IFREG, lstat(path, &named) == 0,
            named.st_ino == opened.st_ino, named.st_dev == opened.st_dev
        else { return }
        unlink(path)
    }
}
