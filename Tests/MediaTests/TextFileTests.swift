import Foundation
import Media
import Support
import TestSupport
import Testing

@Suite("Text files")
struct TextFileTests {
    @Test("Folders, absent files, other encodings and endless devices are told apart")
    func errors() throws {
        let folder = try Fixtures.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("list").path
        #expect(throws: FileError.notFound(path: path)) { try TextFile.read(path) }
        #expect(throws: FileError.unreadable(path: folder.path, reason: "it is a folder")) { try TextFile.read(folder.path) }
        try Data([0x62, 0xff, 0xfe, 0x00]).write(to: URL(fileURLWithPath: path))
        #expect(throws: FileError.notText(path: path)) { try TextFile.read(path) }
        try Data("a\r\nb\n".utf8).write(to: URL(fileURLWithPath: path))
        #expect(try TextFile.read(path) == "a\r\nb\n")
        let fifo = folder.appendingPathComponent("fifo").path
        #expect(mkfifo(fifo, 0o600) == 0)
        Thread { try? Data("piped\n".utf8).write(to: URL(fileURLWithPath: fifo)) }.start()
        #expect(try TextFile.read(fifo) == "piped\n")
        #expect(throws: FileError.self) { try TextFile.read("/dev/zero") }
    }
}
