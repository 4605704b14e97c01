import Foundation
import TestSupport
import Testing

@testable import Media
@testable import SamptCommands
@testable import SegmentationJobs

@Suite("A truncated MP4 is segmented as far as it decodes")
struct TruncatedVideoTests {
    private struct Masks: Decodable {
        struct Frame: Decodable { var frame: Int }
        var frames: [Frame]
        var frameCount: Int
        var complete: Bool
    }

    private static let frameCount = 40

    /// The first part of a video whose index stands in front, as an interrupted download leaves it.
    private func truncated(
        _ clip: TestClip, to fraction: Double, container: String = "mp4", encoders: [String] = VideoWriter.encoders
    ) throws -> String {
        let whole = clip.path("whole.\(container)")
        let writer = try VideoWriter(path: whole, size: ImageSize(width: 96, height: 72), timeBase: (1, 25), encoders: encoders)
        for index in 0..<Self.frameCount {
            try writer.append(ImageFile.readRGB(clip.frames + "/shot-\(index).png"), timestamp: Int64(index))
        }
        try writer.finish()
        let data = try Data(contentsOf: URL(fileURLWithPath: whole))
        let path = clip.path("cut.\(container)")
        try data.prefix(Int(Double(data.count) * fraction)).write(to: URL(fileURLWithPath: path))
        return path
    }

    @Test("Outputs hold the frames before the cut and are whole")
    func cut() throws {
        let clip = try TestClip(frameCount: Self.frameCount)
        defer { clip.remove() }
        let video = try truncated(clip, to: 0.6)
        let outcome = try Program.run([
            "segment", video, "--point", "40,36", "--rle", clip.path("m.json"), "--tracks", clip.path("t.json"),
            "--masks", clip.path("masks"), "--overlay", clip.path("o.mp4"), "--contact-sheet", clip.path("c.png"), "--json",
        ])
        #expect(outcome.status == CommandStatus.partial.rawValue, "\(outcome.errors)")
        #expect(outcome.errors.contains("sampt: warning: ") && outcome.errors.contains("\(Self.frameCount)"), "\(outcome.errors)")
        #expect(outcome.output.contains("\"damage\""))
        let masks = try JSONDecoder().decode(Masks.self, from: Data(contentsOf: URL(fileURLWithPath: clip.path("m.json"))))
        let count = masks.frameCount
        #expect((5..<Self.frameCount).contains(count))
        #expect(masks.frames.map(\.frame) == Array(0..<count))
        #expect(!masks.complete)
        #expect(clip.contents("masks") == (0..<count).map { String(format: "%05d.png", $0) })
        #expect(try VideoReader(path: clip.path("o.mp4")).frameCount == count)
        #expect(try ImageFile.readRGB(clip.path("c.png")).width > 96)
        #expect(clip.contents("").filter { $0.contains(".part-") }.isEmpty)
    }

    @Test("A query frame behind the cut, and a cut within the index, are refused")
    func tooShort() throws {
        let clip = try TestClip(frameCount: Self.frameCount)
        defer { clip.remove() }
        let late = try Program.run([
            "segment", try truncated(clip, to: 0.6), "--point", "40,36", "--frame", "\(Self.frameCount - 1)", "--rle", clip.path("m.json"),
        ])
        #expect(late.status == CommandStatus.invalidInput.rawValue, "\(late.errors)")
        #expect(late.errors.contains("query frame \(Self.frameCount - 1) does not exist"), "\(late.errors)")
        let empty = try Program.run(["segment", try truncated(clip, to: 0.02), "--point", "40,36", "--rle", clip.path("m.json")])
        #expect(empty.status == CommandStatus.invalidInput.rawValue, "\(empty.errors)")
        #expect(empty.errors.contains("cut.mp4"), "\(empty.errors)")
        #expect(!clip.exists("m.json"))
    }

    @Test("A cut Matroska file is not complete, though it reads without an error to its end")
    func cutMatroska() throws {
        let clip = try TestClip(frameCount: Self.frameCount)
        defer { clip.remove() }
        let outcome = try Program.run([
            "segment", try truncated(clip, to: 0.6, container: "mkv"), "--point", "40,36", "--rle", clip.path("m.json"),
        ])
        #expect(outcome.status == CommandStatus.partial.rawValue, "\(outcome.errors)")
        #expect(outcome.errors.contains("cut short"), "\(outcome.errors)")
        let masks = try JSONDecoder().decode(Masks.self, from: Data(contentsOf: URL(fileURLWithPath: clip.path("m.json"))))
        #expect((5..<Self.frameCount).contains(masks.frameCount) && !masks.complete)
    }

    @Test("Pictures that the decoder patched up end the outputs before them")
    func damagedPictures() throws {
        let clip = try TestClip(frameCount: Self.frameCount)
        defer { clip.remove() }
        // Of H.264's arithmetic coding damaged bytes often make pictures without a word.
        let path = try truncated(clip, to: 1, encoders: ["mpeg4"])
        var data = try Data(contentsOf: URL(fileURLWithPath: path))
        let start = data.count * 7 / 10
        for offset in 0..<60 { data[start + offset] = UInt8(truncatingIfNeeded: offset &* 37) }
        try data.write(to: URL(fileURLWithPath: path))
        let outcome = try Program.run(["segment", path, "--point", "40,36", "--rle", clip.path("m.json")])
        #expect(outcome.status == CommandStatus.partial.rawValue, "\(outcome.errors)")
        #expect(outcome.errors.contains("cannot be decoded"), "\(outcome.errors)")
        let masks = try JSONDecoder().decode(Masks.self, from: Data(contentsOf: URL(fileURLWithPath: clip.path("m.json"))))
        #expect((5..<Self.frameCount).contains(masks.frameCount) && !masks.complete)
    }
}
