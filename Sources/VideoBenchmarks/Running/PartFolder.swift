import Foundation
import Media
import Support

/// A folder that is whole or absent: filled under a hidden name beside its place, and renamed when it is complete. Who was killed leaves
/// the hidden one behind; it is removed when the same folder is made again.
struct PartFolder {
    let path: String
    private let target: String

    /// - Throws: `FileError.unwritable`.
    init(for target: String) throws {
        let parts = PathParts(target)
        self.target = target
        path = "\(parts.folder)/.\(parts.name).part"
        _ = try OutputFolder(parts.folder)
        try Self.remove(path)
        _ = try OutputFolder(path)
    }

    /// Gives the folder its name; what was there goes.
    /// - Throws: `FileError.unwritable`.
    func commit() throws {
        try Self.remove(target)
        guard rename(path, target) == 0 else {
            throw FileError.unwritable(path: target, reason: String(cString: strerror(errno)).lowercased())
        }
    }

    func discard() { try? Self.remove(path) }

    private static func remove(_ path: String) throws {
        guard (try? FileManager.default.attributesOfItem(atPath: path)) != nil else { return }
        do { try FileManager.default.removeItem(atPath: path) } catch {
            throw FileError.unwritable(path: path, reason: AtomicFile.reason(error))
        }
    }
}
