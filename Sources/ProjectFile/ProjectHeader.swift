import Foundation
import Media
import Support

/// What a file says of itself in its first hundred bytes, read before SQLite sees it.
struct ProjectHeader {
    /// SQLite's mark for whose file it is: "SMPT".
    static let applicationID: Int32 = 0x534D_5054

    /// Of the form of its tables (`ProjectSchema`).
    let version: Int
    /// Whether a process has it open, or was killed while it had.
    let writesAhead: Bool

    /// - Throws: `ProjectFileError` for what is no project.
    init(path: String) throws {
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw errno == ENOENT || errno == ENOTDIR
                ? ProjectFileError.notFound(path: path) : .unreadable(path: path, reason: String(cString: strerror(errno)).lowercased())
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw ProjectFileError.notAProject(path: path, reason: status.st_mode & S_IFMT == S_IFDIR ? "it is a folder" : "it is no file")
        }
        let bytes: Data
        do { bytes = try InputFile.prefix(of: path, count: 100) } catch {
            throw ProjectFileError.unreadable(path: path, reason: "the system does not allow it")
        }
        guard bytes.starts(with: Data("SQLite format 3\0".utf8)), bytes.count == 100 else {
            throw ProjectFileError.notAProject(path: path, reason: bytes.isEmpty ? "it is empty" : "its contents are something else")
        }
        func number(at offset: Int) -> Int32 {
            bytes.dropFirst(offset).prefix(4).reduce(Int32(0)) { $0 << 8 | Int32($1) }
        }
        guard number(at: 68) == Self.applicationID else {
            throw ProjectFileError.notAProject(path: path, reason: "it is a database of another program")
        }
        version = Int(number(at: 60))
        writesAhead = bytes[bytes.startIndex + 18] == 2
    }
}
