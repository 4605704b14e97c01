import Foundation
import TestSupport
import Testing

@testable import Media

@Suite("Zip archives of folders")
struct ZipFileTests {
    @Test func holdFoldersAsTheyAre() throws {
        let folder = try Fixtures.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let source = folder.appendingPathComponent("masks")
        try FileManager.default.createDirectory(at: source.appendingPathComponent("1 a"), withIntermediateDirectories: true)
        try Data("one".utf8).write(to: source.appendingPathComponent("a.txt"))
        try Data("two".utf8).write(to: source.appendingPathComponent("1 a/ä.png"))
        try Data("no".utf8).write(to: source.appendingPathComponent(".hidden"))
        try FileManager.default.createSymbolicLink(
            atPath: source.appendingPathComponent("link").path, withDestinationPath: "/etc/hostname")
        let archive = folder.appendingPathComponent("masks.zip")
        try ZipFile.write(folder: source.path, to: archive.path)
        let bytes = try Data(contentsOf: archive)
        // Names in the directory, in order; contents as they are.
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.components(separatedBy: "a.txt").count == 3)
        #expect(text.components(separatedBy: "1 a/ä.png").count == 3)
        #expect(text.contains("one") && text.contains("two"))
        #expect(!text.contains("hidden") && !text.contains("link"))
        try ZipFile.write(folder: source.path, to: archive.path, pathExtensions: ["png"])
        #expect(!String(decoding: try Data(contentsOf: archive), as: UTF8.self).contains("a.txt"))
    }
}
