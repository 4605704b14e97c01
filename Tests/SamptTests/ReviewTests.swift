import Foundation
import Media
import TestSupport
import Testing

@testable import SamptCommands

@Suite("Confidence in the outputs, and frames to look at", .serialized)
struct ReviewTests {
    private struct Masks: Decodable {
        struct Frame: Decodable { var frame: Int, objects: [Object] }
        struct Object: Decodable { var id: Int, confidence: Double? }
        var frames: [Frame]
    }

    private struct Summary: Decodable {
        struct Object: Decodable { var meanConfidence: Double?, minimumConfidence: Double? }
        struct Reviewed: Decodable { var frame: Int, time: Double, object: Int, name: String, confidence: Double, reason: String }
        var objects: [Object]
        var review: [Reviewed]?
    }

    @Test("--review names the least sure frames by their original numbers and marks them")
    func review() throws {
        let clip = try TestClip(frameCount: 9)
        defer { clip.remove() }
        let outcome = try Program.run([
            "segment", clip.frames, "--point", "43,36", "--name", "1:ball", "--start", "1", "--rle", clip.path("m.json"),
            "--contact-sheet", clip.path("c.png"), "--review", "3", "--json",
        ])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let masks = try JSONDecoder().decode(Masks.self, from: Data(contentsOf: URL(fileURLWithPath: clip.path("m.json"))))
        let confidences = masks.frames.compactMap { frame in frame.objects[0].confidence.map { (frame: frame.frame, confidence: $0) } }
        #expect(confidences.map(\.frame) == Array(1..<9))
        #expect(confidences.allSatisfy { (0...1).contains($0.confidence) })
        let summary = try JSONDecoder().decode(Summary.self, from: Data(outcome.output.utf8))
        let least = try #require(confidences.map(\.confidence).min())
        #expect(summary.objects[0].minimumConfidence == least)
        let mean = confidences.map(\.confidence).reduce(0, +) / Double(confidences.count)
        #expect(abs((summary.objects[0].meanConfidence ?? 0) - mean) < 2e-4)
        let review = try #require(summary.review)
        // Twentieths of the clip are shorter than a frame: simply the least sure frames.
        let expected = confidences.map(\.confidence).sorted().prefix(3)
        #expect(review.map(\.confidence) == Array(expected))
        for entry in review {
            #expect(confidences.first { $0.frame == entry.frame }?.confidence == entry.confidence)
            #expect(entry.object == 1 && entry.name == "ball" && !entry.reason.isEmpty)
            #expect(outcome.errors.contains("frame \(entry.frame) ("))
        }
        let sheet = try ImageFile.readRGB(clip.path("c.png"))
        let red = (0..<sheet.size.pixelCount).count {
            sheet.pixels[3 * $0] == 255 && sheet.pixels[3 * $0 + 1] == 60 && sheet.pixels[3 * $0 + 2] == 60
        }
        #expect(red > 100)
    }

    @Test("Without --review nothing is named; a wrong number is refused")
    func noReview() throws {
        let clip = try TestClip(frameCount: 2)
        defer { clip.remove() }
        let outcome = try Program.run(["segment", clip.frames, "--point", "40,36", "--contact-sheet", clip.path("c.png"), "--json"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(try JSONDecoder().decode(Summary.self, from: Data(outcome.output.utf8)).review == nil)
        #expect(!outcome.errors.contains("Look at"))
        #expect(try Program.run(["segment", clip.frames, "--point", "40,36", "--masks", clip.path("m"), "--review", "-1"]).status == 64)
    }

    @Test("sampt evaluate confidence writes agreement and evidence")
    func evaluate() throws {
        struct Agreement: Decodable { var frames: Int, meanAbsoluteError: Double?, reliability: [Bin] }
        struct Bin: Decodable { var frames: Int }
        let clip = try TestClip(frameCount: 1)
        defer { clip.remove() }
        let outcome = try Program.run([
            "evaluate", "confidence", "--clips", "1", "--frames", "3", "--json", clip.path("a.json"), "--csv", clip.path("e.csv"),
            "--quiet",
        ])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let agreement = try JSONDecoder().decode(Agreement.self, from: Data(contentsOf: URL(fileURLWithPath: clip.path("a.json"))))
        let lines = try String(contentsOfFile: clip.path("e.csv"), encoding: .utf8).split(separator: "\n")
        #expect(agreement.frames > 0 && agreement.frames == lines.count - 1)
        #expect(agreement.reliability.reduce(0) { $0 + $1.frames } == agreement.frames)
        #expect(Set(lines.map { $0.split(separator: ",").count }).count == 1)
    }

    @Test("sampt evaluate confidence on videos with masks of one's own")
    func evaluateOwnVideos() throws {
        let clip = try TestClip(frameCount: 4)
        defer { clip.remove() }
        let root = clip.path("root")
        for folder in ["JPEGImages", "Annotations"] {
            try FileManager.default.createDirectory(atPath: "\(root)/\(folder)", withIntermediateDirectories: true)
        }
        try FileManager.default.copyItem(atPath: clip.frames, toPath: "\(root)/JPEGImages/square")
        let made = try Program.run(["segment", clip.frames, "--point", "40,36", "--masks", "\(root)/Annotations/square"])
        #expect(made.status == 0, "\(made.errors)")
        let outcome = try Program.run(["evaluate", "confidence", "--root", root, "--csv", clip.path("e.csv")])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let lines = try String(contentsOfFile: clip.path("e.csv"), encoding: .utf8).split(separator: "\n")
        // The frame that marks the object does not count.
        #expect(lines.dropFirst().map { $0.split(separator: ",").prefix(3).joined(separator: " ") } == (1...3).map { "square 1 \($0)" })
        #expect(outcome.errors.contains("[1/1] square  3 masks"))
        let idle = try Program.run(["evaluate", "confidence", "--root", root, "--frames", "3"])
        #expect(idle.status == 64 && idle.errors.contains("--frames has no effect with --root"))
        let none = try Program.run(["evaluate", "confidence", "--root", clip.path("nowhere")])
        #expect(none.status == 65 && none.errors.contains("nowhere"), "\(none.errors)")
    }
}
