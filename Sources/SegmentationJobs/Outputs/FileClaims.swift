import Foundation
import Media
import Support

/// The files that a command reads and writes, compared before any is written: nothing that is read may be lost, and no output may take
/// another's place. Files are compared by what they are (`FileIdentity`), not by how they are named. What is read has to be told first.
package struct FileClaims {
    /// What is read, for messages.
    private var reads: [FileIdentity: String] = [:]
    /// Which option writes a file.
    private var files: [FileIdentity: String] = [:]
    /// Which option makes or fills a folder.
    private var folders: [FileIdentity: String] = [:]
    private var paths: [String] = []

    /// Where the program's own messages go, a file is taken already.
    package init() {
        for (descriptor, name) in [(STDERR_FILENO, "standard error"), (STDOUT_FILENO, "standard output")] {
            if let identity = FileIdentity(descriptor: descriptor) { files[identity] = name }
        }
    }

    /// A file or folder that is read.
    /// - Parameter what: what it is to the command: "the video".
    package mutating func read(_ path: String, as what: String) {
        let identity = FileIdentity(path)
        if reads[identity] == nil { reads[identity] = what }
    }

    /// What comes in by the standard input, where it is a file.
    package mutating func readStandardInput(as what: String) {
        if let identity = FileIdentity(descriptor: STDIN_FILENO) { reads[identity] = what }
    }

    /// A file that is written.
    /// - Throws: `CommandError.usage` when it is read, or written by another output.
    package mutating func write(_ path: String, by option: String) throws {
        let identity = FileIdentity(path)
        try checkFree(identity, path, option)
        if let other = folders[identity] { throw Self.twice(path, other, option) }
        files[identity] = option
        paths.append(path)
    }

    /// A folder that files are written into.
    /// - Parameter names: the files' names, with folders in front of them where they lie deeper.
    /// - Throws: as for a file. A folder that is read as a video is refused: what comes into it would be part of the video.
    package mutating func write(folder: String, names: some Sequence<String>, by option: String) throws {
        let identity = FileIdentity(folder)
        try checkFree(identity, folder, option)
        folders[identity] = option
        for name in names { try write(Self.join(folder, name), by: option) }
    }

    /// A folder that files are written into whose names are not known yet. To be told last.
    /// - Parameter isName: whether a name is one of those that may come.
    /// - Throws: as for a folder with names.
    package mutating func write(folder: String, namesLike isName: (String) -> Bool, by option: String) throws {
        let identity = FileIdentity(folder)
        let there = (try? FolderListing.names(folder, pathExtensions: ["png"])) ?? []
        let claimed = paths.filter { FileIdentity(PathParts($0).folder) == identity }.map { PathParts($0).name }
        try write(folder: folder, names: Set(there + claimed).filter(isName).sorted(), by: option)
    }

    private mutating func checkFree(_ identity: FileIdentity, _ path: String, _ option: String) throws {
        if let what = reads[identity] {
            throw CommandError.usage("\(path): is \(what), which is read, and \(option) would write over it. Give the output another name.")
        }
        if let other = files[identity] { throw Self.twice(path, other, option) }
        for folder in identity.missingFolders {
            if let other = files[folder] { throw Self.twice(path, other, option) }
            if folders[folder] == nil { folders[folder] = option }
        }
    }

    private static func twice(_ path: String, _ first: String, _ second: String) -> CommandError {
        .usage("\(path): is given for two outputs, \(first) and \(second). Give them different names.")
    }

    private static func join(_ folder: String, _ name: String) -> String {
        folder.utf8.last == UInt8(ascii: "/") ? folder + name : folder + "/" + name
    }
}
