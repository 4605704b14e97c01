import Foundation
import TestSupport
import Testing

@testable import Media

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

    @Test("A video through a link whose target has another extension")
    func video() throws {
        defer { remove() }
        #expect(symlink("data", path("out.mp4")) == 0)
        let size = ImageSize(width: 64, height: 48)
        let writer = try VideoWriter(path: path("out.mp4"), size: size, timeBase: (1, 25))
        for frame in 0..<3 { try writer.append(RGBImage(width: 64, height: 48), timestamp: Int64(frame)) }
        try writer.finish()
        #expect(try contents == ["data", "out.mp4"])
        #expect(try VideoReader(path: path("data")).frameCount == 3)
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
        #expect(throws: MediaError.unwritable(path: name, reason: "file name too long")) { try AtomicFile.write(Data(), to: name) }
    }

    @Test("Folders are made with those above them, and go again as long as they are empty")
    func folders() throws {
        defer { remove() }
        try Data().write(to: folder.appendingPathComponent("file"))
        #expect(throws: MediaError.unwritable(path: path("file"), reason: "it is a file, and a folder is needed")) {
            try OutputFolder(path("file"))
        }
        #expect(throws: MediaError.unwritable(path: path("file/in/it"), reason: "\(path("file")) is a file, and a folder is needed")) {
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

@Suite("Text files")
struct TextFileTests {
    @Test("Folders, absent files, other encodings and endless devices are told apart")
    func errors() throws {
        let folder = try Fixtures.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("list").path
        #expect(throws: MediaError.notFound(path: path)) { try TextFile.read(path) }
        #expect(throws: MediaError.unreadable(path: folder.path, reason: "it is a folder")) { try TextFile.read(folder.path) }
        try Data([0x62, 0xff, 0xfe, 0x00]).write(to: URL(fileURLWithPath: path))
        #expect(throws: MediaError.notText(path: path)) { try TextFile.read(path) }
        try Data("a\r\nb\n".utf8).write(to: URL(fileURLWithPath: path))
        #expect(try TextFile.read(path) == "a\r\nb\n")
        let fifo = folder.appendingPathComponent("fifo").path
        #expect(mkfifo(fifo, 0o600) == 0)
        Thread { try? Data("piped\n".utf8).write(to: URL(fileURLWithPath: fifo)) }.start()
        #expect(try TextFile.read(fifo) == "piped\n")
        #expect(throws: MediaError.self) { try TextFile.read("/dev/zero") }
    }

    @Test("Of a folder's names, only those that are UTF-8 can be frames")
    func listing() throws {
        let folder = try Fixtures.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        for name in ["b.PNG", "a.jpg", ".hidden.png", "notes.txt"] { try Data().write(to: folder.appendingPathComponent(name)) }
        let strange = Array(folder.path.utf8) + [UInt8(ascii: "/"), 0xff]
        func make(_ ending: String) {
            close(open((strange + Array(ending.utf8) + [0]).map { CChar(bitPattern: $0) }, O_CREAT | O_WRONLY, 0o600))
        }
        make(".txt")
        #expect(try FolderListing.names(folder.path, pathExtensions: ["png", "jpg"]).sorted() == ["a.jpg", "b.PNG"])
        #if os(Linux)
            make(".png")
            let error = #expect(throws: MediaError.self) { try FolderListing.names(folder.path, pathExtensions: ["png"]) }
            #expect("\(try #require(error))".contains("is not UTF-8"))
        #endif
    }
}
