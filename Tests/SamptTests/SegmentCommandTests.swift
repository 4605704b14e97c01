import Foundation
import Media
import TestSupport
import Testing

@testable import SamptCommands
@testable import SegmentationJobs

@Suite("sampt segment, image and track from end to end", .serialized)
struct SegmentCommandTests {
    private struct Masks: Decodable {
        struct Frame: Decodable {
            struct Object: Decodable {
                var id: Int
                var area: Int
                var segmentation: RunLengthMask
            }
            var frame: Int
            var objects: [Object]
        }
        struct Object: Decodable { var id: Int, name: String, queryFrame: Int }
        var video: String
        var width: Int
        var height: Int
        var objects: [Object]
        var frames: [Frame]
        var frameCount: Int
        var complete: Bool
    }

    private func decode<T: Decodable>(_ type: T.Type, _ path: String) throws -> T {
        try JSONDecoder().decode(type, from: Data(contentsOf: URL(fileURLWithPath: path)))
    }

    @Test("Clips of few frames give every output", arguments: [1, 2, 3, 7])
    func shortClips(count: Int) throws {
        let clip = try TestClip(frameCount: count)
        defer { clip.remove() }
        let outcome = try Program.run([
            "segment", clip.frames, "--point", "40,36", "--name", "1:ball", "--rle", clip.path("m.json"), "--tracks", clip.path("t.json"),
            "--masks", clip.path("masks"), "--overlay", clip.path("o.mp4"), "--contact-sheet", clip.path("c.png"), "--json",
        ])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let masks = try decode(Masks.self, clip.path("m.json"))
        #expect(masks.frames.map(\.frame) == Array(0..<count))
        #expect((masks.width, masks.height, masks.frameCount) == (96, 72, count))
        #expect(masks.complete)
        #expect(masks.objects.map(\.name) == ["ball"])
        #expect(masks.frames[0].objects[0].area > 50)
        #expect(clip.contents("masks") == (0..<count).map { "shot-\($0).png" })
        let png = try ImageFile.readIndexMask(clip.path("masks/shot-0.png"))
        #expect(png.mask(of: 1) == masks.frames[0].objects[0].segmentation.mask)
        #expect(try VideoReader(path: clip.path("o.mp4")).frameCount == count)
        #expect(try ImageFile.readRGB(clip.path("c.png")).width > 96)
        #expect(outcome.output.contains("\"framesSeen\""))
    }

    @Test("With --start, --stride and --max-side, numbers and pixels stay those of the original")
    func rangeAndSize() throws {
        let clip = try TestClip(frameCount: 7)
        defer { clip.remove() }
        let outcome = try Program.run([
            "segment", clip.frames, "--point", "43,36", "--start", "1", "--stride", "2", "--frame", "3", "--max-side", "64",
            "--rle", clip.path("m.json"), "--masks", clip.path("masks"), "--quiet",
        ])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.errors.isEmpty)
        let masks = try decode(Masks.self, clip.path("m.json"))
        #expect(masks.frames.map(\.frame) == [1, 3, 5])
        #expect(masks.objects[0].queryFrame == 3)
        #expect((masks.width, masks.height) == (96, 72))
        #expect(masks.frames[1].objects[0].segmentation.mask[43, 36])
        #expect(clip.contents("masks") == ["shot-1.png", "shot-3.png", "shot-5.png"])
    }

    @Test("Ctrl-C keeps the frames done so far, whole and under their final names")
    func interruption() throws {
        let clip = try TestClip(frameCount: 400)
        defer { clip.remove() }
        let temporary = clip.path("temporary")
        try FileManager.default.createDirectory(atPath: temporary, withIntermediateDirectories: false)
        // Not the first frame: tracking backwards takes temporary files.
        let arguments = [
            "segment", clip.frames, "--point", "50,36", "--frame", "10", "--rle", clip.path("m.json"), "--masks", clip.path("masks"),
            "--overlay", clip.path("o.mp4"),
        ]
        let outcome = try Program.run(
            arguments, environment: ["TMPDIR": temporary], interruptWhen: { clip.contents("masks").count >= 3 })
        #expect(outcome.status == CommandStatus.interrupted.rawValue, "\(outcome.errors)")
        let masks = try decode(Masks.self, clip.path("m.json"))
        #expect(!masks.complete)
        #expect(masks.frames.count >= 3)
        #expect(masks.frames.count < 400)
        #expect(try VideoReader(path: clip.path("o.mp4")).frameCount == masks.frames.count)
        #expect(clip.contents("masks").count == masks.frames.count)
        #expect(outcome.errors.contains("Interrupted after \(masks.frames.count) of 400 frames"))
        #expect(clip.contents("").filter { $0.contains(".part-") }.isEmpty)
        #expect(clip.contents("temporary") == [])
    }

    @Test("A damaged frame in the middle ends the outputs before it")
    func damage() throws {
        let clip = try TestClip(frameCount: 6)
        defer { clip.remove() }
        try Data("no picture".utf8).write(to: URL(fileURLWithPath: clip.frames + "/shot-4.png"))
        let outcome = try Program.run(["segment", clip.frames, "--point", "40,36", "--rle", clip.path("m.json")])
        #expect(outcome.status == CommandStatus.partial.rawValue, "\(outcome.errors)")
        #expect(outcome.errors.contains("shot-4.png"))
        let masks = try decode(Masks.self, clip.path("m.json"))
        #expect(masks.frames.map(\.frame) == [0, 1, 2, 3])
        #expect(!masks.complete)
    }

    @Test("A single picture")
    func image() throws {
        let clip = try TestClip(frameCount: 1)
        defer { clip.remove() }
        let outcome = try Program.run([
            "image", clip.frames + "/shot-0.png", "--box", "24,20,56,52", "--overlay", clip.path("look.png"), "--masks-out",
            clip.path("mask.png"),
        ])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(try ImageFile.readIndexMask(clip.path("mask.png")).mask(of: 1)[40, 36])
        #expect(try ImageFile.readRGB(clip.path("look.png")).size == ImageSize(width: 96, height: 72))
    }

    @Test("Points alone are followed from their frame", arguments: ["nano", "lucas-kanade"])
    func track(tracker: String) throws {
        struct Tracks: Decodable {
            struct Frame: Decodable {
                struct Object: Decodable { var points: [Point] }
                struct Point: Decodable { var id: Int, x: Float, y: Float, visible: Bool }
                var frame: Int
                var objects: [Object]
            }
            var frames: [Frame]
        }
        let clip = try TestClip(frameCount: 5)
        defer { clip.remove() }
        let outcome = try Program.run([
            "track", clip.frames, "--point", "52,36", "--grid", "2", "--frame", "1", "--tracks", clip.path("t.json"), "--draw",
            clip.path("t.mp4"),
            "--tracker", tracker,
        ])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let tracks = try decode(Tracks.self, clip.path("t.json"))
        #expect(tracks.frames.map(\.frame) == [1, 2, 3, 4])
        #expect(tracks.frames.allSatisfy { $0.objects[0].points.count == 5 })
        #expect(tracks.frames[0].objects[0].points[0].x == 52)
        #expect(try VideoReader(path: clip.path("t.mp4")).frameCount == 4)
    }
}
