import Foundation
import TestSupport
import Testing

@testable import Support

@Suite("Files that are whole or absent")
struct PartFileTests {
    private let folder: URL

    init() throws { folder = try Fixtures.temporaryFolder() }

    private func path(_ name: String) -> String { folder.path + "/" + name }
    private func remove() { try? FileManager.default.removeItem(at: folder) }
    private var contents: [String] { get throws { try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() } }
    private func text(_ name: String) throws -> String { try String(contentsOfFile: path(name), encoding: .utf8) }

    @Test("A symbolic link is followed, to a file, to one that is not there yet, and through another link")
    func links() throws {
        defer { remove() }
        try FileManager.default.createDirectory(atPath: path("elsewhere"), withIntermediateDirectories: false)
        try Data("old".utf8).write(to: folder.appendingPathComponent("elsewhere/file"))
        #expect(symlink("elsewhere/file", path("link")) == 0)
        #expect(symlink("link", path("link2")) == 0)
        #expect(symlink("elsewhere/new", path("dangling")) == 0)
        for (name, target) in [("link", "file"), ("link2", "file"), ("dangling", "new")] {
            try AtomicFile.write(Data(name.utf8), to: path(name))
            #expect(try text("elsewhere/" + target) == name)
            #expect((try? FileManager.default.destinationOfSymbolicLink(atPath: path(name))) != nil, "\(name) is a file now")
        }
        #expect(try contents == ["dangling", "elsewhere", "link", "link2"])
        #expect(try FileManager.default.contentsOfDirectory(atPath: path("elsewhere")).sorted() == ["file", "new"])
    }

    @Test("What a dead process left goes; what somebody is writing, and other files, stay")
    func leftovers() throws {
        defer { remove() }
        let left = [".0123ABCD.part-out.json", ".ABCDEF01.part-00001.png"]
        let others = [
            ".0123ABCD.part-other.json", ".0123abcd.part-out.json", "0123ABCD.part-out.json", ".part-out.json", ".0123ABCD.part-",
        ]
        for name in left + others { try Data("x".utf8).write(to: folder.appendingPathComponent(name)) }
        #expect(symlink(".part-out.json", path(".99999999.part-out.json")) == 0)
        let living = try PartFile(for: path("out.json"))
        PartFile.removeLeftovers(of: path("out.json"))
        #expect(try contents == (others + [left[1], ".99999999.part-out.json", PathParts(living.path).name]).sorted())
        PartFile.removeLeftovers(in: folder.path, pathExtension: "png")
        #expect(try contents == (others + [".99999999.part-out.json", PathParts(living.path).name]).sorted())
        try living.write(Data("whole".utf8))
        try living.commit()
        #expect(try text("out.json") == "whole")
        #expect(try contents == (others + [".99999999.part-out.json", "out.json"]).sorted())
    }

    @Test("Names as long as names may be", arguments: [239, 240, 241, 255])
    func longNames(length: Int) throws {
        defer { remove() }
        let name = String(repeating: "n", count: length - 5) + ".json"
        try AtomicFile.write(Data("x".utf8), to: path(name))
        #expect(try contents == [name])
        // Leftovers are found by the shortened name, too.
        let left = try PartFile(for: path(name)).path
        try Data("x".utf8).write(to: URL(fileURLWithPath: left))
        PartFile.removeLeftovers(of: path(name))
        #expect(try contents == [name])
        let accents = String(repeating: "\u{e9}", count: length / 2 - 3) + ".mp4"
        let part = try PartFile(for: path(accents))
        #expect(part.path.hasSuffix(".mp4"))
    }

    @Test("A longer name is refused in words")
    func tooLong() throws {
        defer { remove() }
        let name = path(String(repeating: "n", count: 256))
        #expect(throws: FileError.unwritable(path: name, reason: "file name too long")) { try AtomicFile.write(Data(), to: name) }
    }

    @Test("Folders are made with those above them, and go again as long as they are empty")
    func folders() throws {
        defer { remove() }
        try Data().write(to: folder.appendingPathComponent("file"))
        #expect(throws: FileError.unwritable(path: path("file"), reason: "it is a file, and a folder is needed")) {
            try OutputFolder(path("file"))
        }
        #expect(throws: FileError.unwritable(path: path("file/in/it"), reason: "\(path("file")) is a file, and a folder is needed")) {
            try OutputFolder(path("file/in/it"))
        }
        let made = try OutputFolder(path("a/b/c"))
        try Data().write(to: URL(fileURLWithPath: made.file("x")))
        made.removeIfEmpty()
        #expect(try contents == ["a", "file"])
        unlink(made.file("x"))
        made.removeIfEmpty()
        #expect(try contents == ["file"])
    }
}
