import Foundation
import Support
import TestSupport
import Testing

@testable import Media
@testable import SamptCommands
@testable import SegmentationJobs

@Suite("JSON written frame by frame")
struct JSONFrameStreamTests {
    private struct Header: Encodable { var video = "a \"b\".mp4" }
    private struct Empty: Encodable {}
    private struct Document: Decodable {
        var video: String?
        var frames: [[Int]]
        var complete: Bool?
    }

    private func withFolder(_ body: (URL) throws -> Void) throws {
        let folder = try Fixtures.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder)
    }

    private func files(_ folder: URL) throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder.path) }

    @Test("Any number of frames gives one valid document", arguments: [0, 1, 2, 50_000])
    func valid(count: Int) throws {
        try withFolder { folder in
            let path = folder.appendingPathComponent("out.json").path
            let stream = try JSONFrameStream(path: path, header: Header())
            for i in 0..<count { try stream.append([i, 2 * i]) }
            #expect(!FileManager.default.fileExists(atPath: path))
            try stream.finish(trailer: OutputTrailer(frameCount: count, complete: false))
            let document = try JSONDecoder().decode(Document.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
            #expect(document.video == "a \"b\".mp4")
            #expect(document.complete == false)
            #expect(document.frames.count == count)
            #expect(document.frames.last == (count > 0 ? [count - 1, 2 * count - 2] : nil))
            #expect(try files(folder) == ["out.json"])
        }
    }

    @Test("Without header and trailer fields")
    func bare() throws {
        try withFolder { folder in
            let path = folder.appendingPathComponent("out.json").path
            let stream = try JSONFrameStream(path: path, header: Empty())
            try stream.append([1])
            try stream.finish(trailer: Empty())
            #expect(try JSONDecoder().decode(Document.self, from: Data(contentsOf: URL(fileURLWithPath: path))).frames == [[1]])
        }
    }

    @Test("Abandoning leaves an earlier file as it was and nothing beside it")
    func abandon() throws {
        try withFolder { folder in
            let path = folder.appendingPathComponent("out.json").path
            try Data("old".utf8).write(to: URL(fileURLWithPath: path))
            let stream = try JSONFrameStream(path: path, header: Header())
            try stream.append([1])
            stream.abandon()
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "old")
            #expect(try files(folder) == ["out.json"])
        }
    }

    @Test("A path that cannot be created is refused on opening")
    func unwritable() throws {
        try withFolder { folder in
            let path = folder.appendingPathComponent("absent/out.json").path
            #expect(throws: FileError.unwritable(path: path, reason: "no such file or directory")) {
                try JSONFrameStream(path: path, header: Header())
            }
            #expect(throws: FileError.unwritable(path: folder.path, reason: "it is a folder")) {
                try JSONFrameStream(path: folder.path, header: Header())
            }
        }
    }

    @Test("A full disk gives the reason", .enabled(if: FileManager.default.fileExists(atPath: "/dev/full")))
    func fullDisk() throws {
        try withFolder { folder in
            let path = folder.appendingPathComponent("out.json").path
            let full = open("/dev/full", O_WRONLY)
            defer { close(full) }
            let stream = try JSONFrameStream(path: path, header: Header(), file: PartFile(for: path, writingTo: full))
            let error = #expect(throws: FileError.self) {
                for i in 0..<100_000 { try stream.append([i]) }
                try stream.finish(trailer: Empty())
            }
            #expect(error == .unwritable(path: path, reason: "no space left on device"))
            #expect(try files(folder).isEmpty)
        }
    }
}
