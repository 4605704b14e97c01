import Foundation
import TestSupport
import Testing

@testable import Support

@Suite("Folders that are whole or absent")
struct PartFolderTests {
    private let folder: URL

    init() throws { folder = try Fixtures.temporaryFolder() }

    private func contents(_ name: String = "") -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder.appendingPathComponent(name).path)) ?? []).sorted()
    }

    private func make(_ name: String, replacing: Bool = false, file: String, isKept: Bool = true) throws {
        let part = try PartFolder(for: folder.appendingPathComponent(name).path, replacesContents: replacing)
        try part.makeFolder(["inner"])
        try Data().write(to: URL(fileURLWithPath: part.path + "/inner/" + file))
        if isKept { try part.commit() }
    }

    @Test("It has its name when it is complete, and leaves nothing behind when it is not") func whole() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        try make("out", file: "a", isKept: false)
        #expect(contents().isEmpty)
        try make("out/", file: "a")
        #expect(contents() == ["out"] && contents("out/inner") == ["a"])
    }

    @Test("What is there stays, unless it is to be replaced, and then until the new one is complete") func replaced() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        try make("out", file: "old")
        #expect(throws: FileError.self) { try make("out", file: "new") }
        try make("out", replacing: true, file: "new", isKept: false)
        #expect(contents() == ["out"] && contents("out/inner") == ["old"])
        try make("out", replacing: true, file: "new")
        #expect(contents() == ["out"] && contents("out/inner") == ["new"])
    }

    @Test("What a process that died left is removed; what another one is filling is not") func leftovers() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(
            at: folder.appendingPathComponent(".0123ABCD.part-out/inner"), withIntermediateDirectories: true)
        let other = try PartFolder(for: folder.appendingPathComponent("out").path)
        try make("out", file: "a")
        #expect(contents().count == 2 && FileManager.default.fileExists(atPath: other.path))
        other.discard()
        #expect(contents() == ["out"])
    }
}
