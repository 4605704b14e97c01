import Foundation

/// Symbolic links, followed by hand: the file behind one need not exist yet.
enum SymbolicLink {
    /// Longer chains are taken for circles, as the system does.
    static let longestChain = 40

    /// The path of the file that `path` leads to; `path` itself where it is no link.
    /// - Throws: `FileError.unwritable` for links that lead in a circle and for names that are no text.
    static func target(of path: String) throws -> String {
        var current = path
        for _ in 0..<longestChain {
            guard let bytes = read(current) else { return current }
            guard let link = String(validating: bytes, as: UTF8.self) else {
                throw FileError.unwritable(path: path, reason: "it is a symbolic link to a name that is not UTF-8")
            }
            current = link.utf8.first == UInt8(ascii: "/") ? link : PathParts(current).folder + "/" + link
        }
        throw FileError.unwritable(path: path, reason: AtomicFile.reason(code: ELOOP))
    }

    /// What a link holds; nil where there is none.
    private static func read(_ path: String) -> [UInt8]? {
        var bytes = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        let count = readlink(path, &bytes, bytes.count)
        return count >= 0 ? bytes[..<count].map { UInt8(bitPattern: $0) } : nil
    }
}
