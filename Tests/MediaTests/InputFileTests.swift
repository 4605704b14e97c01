import Foundation
import Support
import Testing

@testable import Media

@Suite("Inputs that are read as a whole, and what is no file")
struct InputFileTests {
    private let folder: TestFolder

    init() throws { folder = try TestFolder() }

    private func pipe(_ name: String) -> String {
        let path = folder.path(name)
        #expect(mkfifo(path, 0o600) == 0)
        return path
    }

    @Test("Files and pipes give what is in them; too much of it is refused")
    func contents() throws {
        let path = folder.path("file")
        try Data("words".utf8).write(to: URL(fileURLWithPath: path))
        #expect(try InputFile.read(path, limit: 5) == Data("words".utf8))
        #expect(try InputFile.prefix(of: path, count: 3) == Data("wor".utf8))
        #expect(throws: FileError.self) { try InputFile.read(path, limit: 4) }
        #expect(throws: FileError.self) { try InputFile.read("/dev/zero", limit: 1 << 20) }
        #expect(throws: FileError.unreadable(path: folder.url.path, reason: "it is a folder")) {
            try InputFile.prefix(of: folder.url.path, count: 9)
        }
        #expect(throws: FileError.notFound(path: folder.path("absent"))) { try InputFile.read(folder.path("absent"), limit: 9) }
        let fifo = pipe("fifo")
        Thread { try? Data(repeating: 7, count: 200_000).write(to: URL(fileURLWithPath: fifo)) }.start()
        #expect(try InputFile.read(fifo, limit: 1 << 20) == Data(repeating: 7, count: 200_000))
    }

    @Test("A pipe that nobody writes to is given up")
    func silence() {
        let fifo = pipe("fifo")
        #expect(throws: FileError.stalled(fifo, seconds: 0.2)) { try InputFile.read(fifo, limit: 9, timeout: 0.2) }
    }

    @Test("A pipe or a device is no video to read twice", arguments: ["fifo", "fifo.png", "fifo.mp4"])
    func videos(name: String) {
        let fifo = pipe(name)
        for path in [fifo, "/dev/zero", "/dev/null"] {
            #expect { try openFrames(path) } throws: { "\($0)".contains("live source (--live)") }
            #expect { try VideoReader(path: path) } throws: { "\($0)".contains("live source (--live)") }
        }
    }
}
