import Foundation
import Media
import Support

extension PartFolder {
    /// The path of a file in it, whose folders are made.
    /// - Parameter parts: names of folders and of the file. They must be names (`FileNames.isName`).
    /// - Throws: `MediaError`, also where there is such a file already: two frames would have one. `FileError.unwritable`.
    func newFile(_ parts: String...) throws -> String {
        guard let name = parts.last, parts.allSatisfy(FileNames.isName) else {
            throw MediaError.invalidArgument("\(target): \"\(parts.joined(separator: "/"))\" is no name for a file in it.")
        }
        try makeFolder(Array(parts.dropLast()))
        let file = ([path] + parts).joined(separator: "/")
        var status = stat()
        guard lstat(file, &status) != 0 else {
            throw MediaError.invalidArgument("\(target): two frames would be the file \(name) in it. Rename the pictures that are frames.")
        }
        return file
    }
}
