import Foundation
import TestSupport
import Testing

@testable import SamptCommands
@testable import SegmentationJobs

@Suite(
    "Learned trackers from the command line", .serialized,
    .enabled(if: GeneratedCheckpoints.areThere, Comment(rawValue: GeneratedCheckpoints.missing)))
struct TrackerOptionTests {
    private struct Tracks: Decodable {
        struct Frame: Decodable {
            struct Object: Decodable {
                struct Point: Decodable {
                    var x: Float
                    var y: Float
                    var visible: Bool
                }
                var points: [Point]
            }
            var objects: [Object]
        }
        var frames: [Frame]
    }

    private let checkpoints: GeneratedCheckpoints
    private let clip: TestClip

    init() throws {
        checkpoints = try GeneratedCheckpoints()
        clip = try TestClip(frameCount: 3)
    }

    /// The points of every frame.
    private func tracks() throws -> [[Tracks.Frame.Object.Point]] {
        try JSONDecoder().decode(Tracks.self, from: Data(contentsOf: URL(fileURLWithPath: clip.path("t.json")))).frames.map {
            $0.objects[0].points
        }
    }

    private func removeAll() {
        checkpoints.remove()
        clip.remove()
    }

    /// The weights are arbitrary: what is looked at is that a file's network is recognised, and that all frames come out.
    @Test(
        "Tracking with each network",
        arguments: [
            "cotracker_v1", "cotracker2", "cotracker3_online", "cotracker3_offline", "pips", "pips_plus_plus", "raft_small", "tapir",
        ])
    func track(network: String) throws {
        defer { removeAll() }
        let outcome = try Program.run([
            "track", clip.frames, "--point", "40,36", "--point", "70,20", "--tracker", checkpoints.write(network), "--tracks",
            clip.path("t.json"),
            "--draw", clip.path("drawn"), "--quiet",
        ])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(clip.contents("drawn").count == 3)
        let frames = try tracks()
        #expect(frames.map(\.count) == [2, 2, 2])
        #expect(frames[0].map { [$0.x, $0.y] } == [[40, 36], [70, 20]] && frames[0].allSatisfy(\.visible))
    }

    @Test("A tracker of two files takes the second from beside the first, or from the store")
    func twoFiles() throws {
        defer { removeAll() }
        let matcher = try checkpoints.write("superpoint_superglue", as: "matcher.safetensors", part: "superglue.")
        func track() throws -> Program.Outcome {
            try Program.run(
                ["track", clip.frames, "--point", "40,36", "--tracker", matcher, "--tracks", clip.path("t.json"), "--quiet"],
                environment: ["SAMPT_MODELS": clip.path("no-models")])
        }
        let lacking = try track()
        #expect(lacking.status == 66 && lacking.errors.contains("sampt models pull superpoint"), "\(lacking.errors)")
        _ = try checkpoints.write("superpoint_superglue", as: "superpoint_v1.safetensors", part: "superpoint.")
        let outcome = try track()
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(try tracks().map(\.count) == [1, 1, 1])
    }

    @Test("Segmenting with a learned tracker")
    func segment() throws {
        defer { removeAll() }
        let outcome = try Program.run([
            "segment", clip.frames, "--point", "40,36", "--tracker", checkpoints.write("cotracker_v1"), "--masks", clip.path("masks"),
            "--quiet",
        ])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(clip.contents("masks").count == 3)
    }

    @Test("A checkpoint of another network, an incomplete one, or one with weights that are no numbers is refused by name")
    func refusals() throws {
        defer { removeAll() }
        func refused(_ path: String, _ words: [String]) throws {
            let outcome = try Program.run([
                "track", clip.frames, "--point", "40,36", "--tracker", path, "--tracks", clip.path("t.json"), "--quiet",
            ])
            #expect(outcome.status == 65, "\(outcome.errors)")
            for word in words { #expect(outcome.errors.contains(word), "\(outcome.errors)") }
            #expect(!clip.exists("t.json"))
        }
        try refused(checkpoints.write("sam_vit_tiny_test"), ["sam_vit_tiny_test", "CoTracker", "RAFT"])
        try refused(checkpoints.write("pips", without: "delta_block.to_delta.3.0.fn.0.weight"), ["delta_block.to_delta.3.0.fn.0.weight"])
        try refused(checkpoints.write("raft_small", spoilt: "fnet.conv1.weight"), ["fnet.conv1.weight", "no finite numbers"])
    }

    @Test(
        "Names of trackers",
        arguments: [
            ("cotracker", ModelChoice.published("cotracker-s4-w8")), ("raft", .published("raft-things")),
            ("raft-small", .published("raft-small")),
            ("superglue", .published("superglue-outdoor")),
            ("lucas-kanade", .lucasKanade), ("my/file", .file("my/file")), ("weights.npy", .file("weights.npy")),
        ])
    func names(text: String, choice: ModelChoice) throws { #expect(try ModelChoice.tracker(text) == choice) }

    @Test(
        "Wrong names",
        arguments: [("cotraker", "Did you mean cotracker?"), ("mobile-sam", "is a segmenter"), ("tapri", "Did you mean tapir?")])
    func wrongNames(text: String, message: String) {
        let error = #expect(throws: (any Error).self) { try ModelChoice.tracker(text) }
        #expect("\(String(describing: error))".contains(message))
    }

    @Test("A published tracker that is not there says how to get it")
    func absent() throws {
        defer { removeAll() }
        let outcome = try Program.run(
            ["track", clip.frames, "--point", "40,36", "--tracker", "cotracker", "--tracks", clip.path("t.json")],
            environment: ["SAMPT_MODELS": clip.path("no-models")])
        #expect(outcome.status == 66)
        #expect(outcome.errors.contains("sampt models pull cotracker-s4-w8"), "\(outcome.errors)")
    }
}
