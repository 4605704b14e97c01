import Foundation
import Media
import Support

/// The PNGs of a folder as frames, in natural order.
struct PNGFolder: Sendable {
    let path: String
    /// Without extension, in order.
    let stems: [String]
    let numbers: [Int]

    /// - Throws: `FileError` when there is no such folder; `MaskFormatError.invalid` when no PNG is in it.
    init(_ path: String) throws {
        self.path = path
        let names = try Self.names(path)
        guard !names.isEmpty else { throw MaskFormatError.invalid(path: path, place: nil, reason: "no PNG is in this folder") }
        let stems = names.map { String($0.dropLast(4)) }
        // By number where the names are numbers, also where some have more digits.
        self.stems = stems
        numbers = FileNames.numbers(stems)
    }

    func file(_ position: Int) -> String { path + "/" + stems[position] + ".png" }

    /// Its PNGs in natural order.
    static func names(_ path: String) throws -> [String] {
        try checkFolder(path)
        let names = try FolderListing.names(path, pathExtensions: ["png"]).filter { $0.hasSuffix(".png") }
        return names.sorted(by: FrameFolder.naturallyBefore)
    }

    /// The folders in a folder, in natural order, without hidden ones.
    static func folders(_ path: String) throws -> [String] {
        try checkFolder(path)
        let names: [String]
        do { names = try FileManager.default.contentsOfDirectory(atPath: path) } catch {
            throw FileError.unreadable(path: path, reason: AtomicFile.reason(error))
        }
        return names.filter { name in
            var status = stat()
            return FileNames.isName(name) && stat(path + "/" + name, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
        }.sorted(by: FrameFolder.naturallyBefore)
    }

    static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    private static func checkFolder(_ path: String) throws {
        var status = stat()
        guard stat(path, &status) == 0 else { throw FileError.notFound(path: path) }
        guard status.st_mode & S_IFMT == S_IFDIR else { throw FileError.unreadable(path: path, reason: "it is no folder") }
    }
}
