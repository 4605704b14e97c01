import Foundation

/// A copy of a project whose folder cannot be written, and whose last process was killed: its log has to be taken in before anything is
/// read, and that happens in the copy.
///
/// The copy's names go as soon as it is let go of, which is when SQLite has opened it: nothing stays behind however the process ends after.
final class TemporaryCopy {
    let path: String
    private let folder: URL

    init(of original: String) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("sampt-project-\(UUID().uuidString)")
        path = folder.appendingPathComponent("copy.sampt").path
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
            for end in ["", "-wal", "-journal"] where FileManager.default.fileExists(atPath: original + end) {
                try FileManager.default.copyItem(atPath: original + end, toPath: path + end)
                chmod(path + end, 0o600)
            }
        } catch {
            try? FileManager.default.removeItem(at: folder)
            throw ProjectFileError.unreadable(
                path: original,
                reason:
                    "it cannot be written where it is, and a copy to read it from does not fit into \(folder.deletingLastPathComponent().path)"
            )
        }
    }

    deinit { try? FileManager.default.removeItem(at: folder) }
}
