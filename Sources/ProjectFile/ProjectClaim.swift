import Foundation
import Media
import Support

/// A process's claim on a project file: nobody else has it open, in this process or another.
///
/// SQLite locks bytes of the file as long as a process has it open; the system takes such locks back however the process ends. They do
/// not hold within a process, and are lost when it closes the file a second time: so files that are open are listed, too, and one on the
/// list is not touched.
final class ProjectClaim: Sendable {
    private static let open = Protected<Set<FileIdentity>>([])
    private let identity: FileIdentity
    /// Not before it is: an initializer that throws ends in `deinit`, too.
    private let isHeld = Protected(false)

    /// - Throws: `ProjectFileError.inUse`.
    init(_ path: String) throws {
        identity = FileIdentity(path)
        guard Self.open.withLock({ $0.insert(identity).inserted }) else {
            throw ProjectFileError.inUse(path: path, process: getpid())
        }
        isHeld.withLock { $0 = true }
        if let holder = Self.holder(of: path) {
            release()
            throw ProjectFileError.inUse(path: path, process: holder > 0 ? holder : nil)
        }
    }

    func release() {
        guard
            isHeld.withLock({ held in
                defer { held = false }
                return held
            })
        else { return }
        _ = Self.open.withLock { $0.remove(identity) }
    }

    deinit { release() }

    /// The process that has locked the file, 0 where the system does not tell which; nil where none has.
    private static func holder(of path: String) -> Int32? {
        let file = Foundation.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { return nil }
        defer { close(file) }
        // SQLite's pending, reserved and shared bytes.
        var lock = flock()
        lock.l_type = Int16(F_RDLCK)
        lock.l_whence = Int16(SEEK_SET)
        lock.l_start = off_t(0x4000_0000)
        lock.l_len = off_t(512)
        guard fcntl(file, F_GETLK, &lock) == 0, lock.l_type != Int16(F_UNLCK) else { return nil }
        return max(0, lock.l_pid)
    }
}
