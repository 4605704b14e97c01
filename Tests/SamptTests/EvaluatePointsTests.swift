import Foundation
import Media
import TestSupport
import Testing
import VideoBenchmarks

@testable import SamptCommands
@testable import SegmentationJobs

@Suite("sampt evaluate points and synthesize, sampt track --draw", .serialized)
struct EvaluatePointsTests {
    private let small = ["--size", "64x48", "--frames", "6", "--points", "5"]

    private func json(_ path: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: path))) as? [String: Any])
    }

    private func withFolder(_ body: (_ path: (String) -> String) throws -> Void) throws {
        let folder = try Fixtures.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        try body { folder.appendingPathComponent($0).path }
    }

    @Test("Written clips score as the clips made on the fly do")
    func synthesize() throws {
        try withFolder { path in
            let made = try Program.run(["evaluate", "synthesize", "--count", "2", "--out", path("clips"), "--draw", path("looks")] + small)
            #expect(made.status == 0, "\(made.errors)")
            #expect(try FrameFolder(path: path("clips/clip-001")).frameCount == 6)
            #expect(try VideoReader(path: path("looks/clip-000.mp4")).frameCount == 6)
            let base = ["evaluate", "points", "--tracker", "lucas-kanade", "--mode", "strided"]
            let written = try Program.run(base + ["--dataset", path("clips"), "--output", path("a")])
            let onTheFly = try Program.run(base + ["--synthetic", "2", "--output", path("b")] + small)
            #expect(written.status == 0 && onTheFly.status == 0, "\(written.errors) \(onTheFly.errors)")
            let (a, b) = (try json(path("a/scores.json")), try json(path("b/scores.json")))
            #expect(a["complete"] as? Bool == true)
            let (meanA, meanB) = (try #require(a["mean"] as? [String: Double]), try #require(b["mean"] as? [String: Double]))
            #expect(meanA.count == 13)
            for (name, value) in meanA { #expect(abs(value - (meanB[name] ?? -1)) < 0.02, "\(name)") }
            #expect(written.output.contains("mean") && written.output.contains("clip-001"))
            #expect(try String(contentsOfFile: path("a/scores.csv"), encoding: .utf8).split(separator: "\n").count == 4)
        }
    }

    @Test("An interrupted evaluation keeps its videos and goes on with the others")
    func resume() throws {
        try withFolder { path in
            let arguments = [
                "evaluate", "points", "--synthetic", "300", "--frames", "8", "--size", "64x64", "--points", "4", "--tracker",
                "lucas-kanade",
                "--output", path("scores"), "--resolution", "native",
            ]
            let report = path("scores/scores.json")
            let first = try Program.run(arguments, interruptWhen: { FileManager.default.fileExists(atPath: report) })
            #expect(first.status == CommandStatus.interrupted.rawValue, "\(first.errors)")
            var old = try json(report)
            let done = try #require(old["videos"] as? [[String: Any]])
            #expect(done.count >= 1 && done.count < 300 && old["complete"] as? Bool == false)
            #expect(first.errors.contains("Interrupted after \(done.count) of 300 videos"))
            // All but three as if done before: only those are run.
            let names = Set(["clip-007", "clip-100", "clip-299"])
            let template = try #require(done.first)
            old["videos"] = (0..<300).map { String(format: "clip-%03d", $0) }.filter { !names.contains($0) }.map { name in
                template.merging(["name": name]) { $1 }
            }
            try JSONSerialization.data(withJSONObject: old).write(to: URL(fileURLWithPath: report))
            let second = try Program.run(arguments)
            #expect(second.status == 0, "\(second.errors)")
            #expect(second.errors.split(separator: "\n").count { $0.contains("frames/s") } == 3, "\(second.errors)")
            #expect((try json(report)["videos"] as? [Any])?.count == 300)
            let other = try Program.run(arguments.map { $0 == "native" ? "32x32" : $0 })
            #expect(
                other.status == CommandStatus.usage.rawValue && other.errors.contains("its resolution is native, not 32x32"),
                "\(other.errors)")
        }
    }

    @Test(
        "Another checkpoint at the same path is another evaluation",
        .enabled(if: ParityCase.named("raft_small") != nil && ParityCase.named("pips") != nil, Comment(rawValue: ParityCase.missing)))
    func otherWeights() throws {
        try withFolder { path in
            let checkpoints = try GeneratedCheckpoints()
            defer { checkpoints.remove() }
            let file = try checkpoints.write("raft_small", as: "tracker.safetensors")
            let arguments = ["evaluate", "points", "--synthetic", "1", "--tracker", file, "--output", path("scores")] + small
            let first = try Program.run(arguments)
            #expect(first.status == 0, "\(first.errors)")
            _ = try checkpoints.write("pips", as: "tracker.safetensors")
            let second = try Program.run(arguments)
            #expect(second.status == CommandStatus.usage.rawValue && second.errors.contains("its weights is "), "\(second.errors)")
        }
    }

    @Test("Predictions of every video, also of those done before whose file is gone")
    func predictions() throws {
        try withFolder { path in
            let arguments =
                ["evaluate", "points", "--synthetic", "3", "--tracker", "lucas-kanade", "--output", path("s"), "--predictions", path("p")]
                + small
            let files = ["clip-000.npz", "clip-001.npz", "clip-002.npz"]
            func contents() throws -> [Data] { try files.map { try Data(contentsOf: URL(fileURLWithPath: path("p/\($0)"))) } }
            let outcome = try Program.run(arguments)
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: path("p")).sorted() == files)
            let written = try contents()
            for data in written {
                let names = try #require(StoredZip(data)).records.map(\.name)
                #expect(names == ["query_points.npy", "tracks.npy", "occluded.npy"])
            }
            try FileManager.default.removeItem(atPath: path("p/clip-001.npz"))
            let again = try Program.run(arguments)
            #expect(
                again.errors.split(separator: "\n").count { $0.contains("frames/s") } == 1 && again.errors.contains("[2/3] clip-001"),
                "\(again.errors)")
            #expect(try contents() == written)
            let videos = try #require(try json(path("s/scores.json"))["videos"] as? [[String: Any]])
            #expect(videos.map { $0["name"] as? String } == ["clip-000", "clip-001", "clip-002"])
            let other = try Program.run(arguments.map { $0 == path("p") ? path("q") : $0 })
            #expect(other.status == CommandStatus.usage.rawValue && other.errors.contains("its predictions is"), "\(other.errors)")
        }
    }

    @Test("Tracks that others made: scored again when they have changed; one that is missing is named, and the others count")
    func results() throws {
        try withFolder { path in
            #expect(try Program.run(["evaluate", "synthesize", "--count", "3", "--out", path("clips")] + small).status == 0)
            let base = ["evaluate", "points", "--dataset", path("clips")]
            func track() throws {
                #expect(try Program.run(base + ["--tracker", "lucas-kanade", "--predictions", path("tracks")]).status == 0)
            }
            func score() throws -> (outcome: Program.Outcome, scored: Int) {
                let outcome = try Program.run(base + ["--results", path("tracks"), "--output", path("s")])
                return (outcome, outcome.errors.split(separator: "\n").count { $0.contains("frames/s") })
            }
            try track()
            #expect(try score().scored == 3)
            #expect(try score().scored == 0)
            try track()
            #expect(try score().scored == 3)
            try FileManager.default.removeItem(atPath: path("tracks/clip-001.npz"))
            let partial = try score()
            #expect(partial.outcome.status == CommandStatus.partial.rawValue && partial.scored == 0, "\(partial.outcome.errors)")
            #expect(partial.outcome.errors.contains("clip-001.npz") && partial.outcome.errors.contains("1 of 3 videos"))
            let report = try json(path("s/scores.json"))
            #expect((report["videos"] as? [[String: Any]])?.map { $0["name"] as? String } == ["clip-000", "clip-002"])
            #expect((report["findings"] as? [[String: Any]])?.map { $0["sequence"] as? String } == ["clip-001"])
            #expect(report["complete"] as? Bool == false)
            // Of other truth.
            try Data((String(contentsOfFile: path("clips/tracks.json"), encoding: .utf8) + " ").utf8)
                .write(to: URL(fileURLWithPath: path("clips/tracks.json")))
            #expect(try score().scored == 2)
            try FileManager.default.removeItem(atPath: path("tracks"))
            try FileManager.default.createDirectory(atPath: path("tracks"), withIntermediateDirectories: true)
            #expect(try score().outcome.status == CommandStatus.missingInput.rawValue)
        }
    }

    @Test("Bad input ends with its exit status and leaves nothing behind")
    func badInput() throws {
        try withFolder { path in
            func expect(
                _ status: CommandStatus, _ message: String, _ arguments: [String], location: SourceLocation = #_sourceLocation
            ) throws {
                let outcome = try Program.run(["evaluate", "points", "--tracker", "lucas-kanade", "--output", path("scores")] + arguments)
                #expect(outcome.status == status.rawValue, "\(outcome.errors)", sourceLocation: location)
                #expect(outcome.errors.contains(message), "\(outcome.errors)", sourceLocation: location)
                let left = (try? FileManager.default.contentsOfDirectory(atPath: path("scores"))) ?? []
                #expect(left.isEmpty, "\(left)", sourceLocation: location)
            }
            try expect(.usage, "either --dataset or --synthetic", [])
            try expect(.usage, "either --dataset or --synthetic", ["--dataset", "x", "--synthetic", "2"])
            try expect(.usage, "--synthetic must be", ["--synthetic", "0"])
            try expect(.usage, "--resolution", ["--synthetic", "1", "--resolution", "2x"])
            try expect(.missingInput, "no such file", ["--dataset", path("absent.pkl")])
            let pickle = try Data(contentsOf: Fixtures.packageRoot.appendingPathComponent("Tests/Data/tapvid-davis-4.pkl"))
            try pickle.prefix(700).write(to: URL(fileURLWithPath: path("cut.pkl")))
            try expect(.invalidInput, "cut.pkl", ["--dataset", path("cut.pkl")])
            try Data("hello".utf8).write(to: URL(fileURLWithPath: path("text.pkl")))
            try expect(.invalidInput, "neither a pickle nor JSON", ["--dataset", path("text.pkl")])
            try Data(#"{"videos": [{"name": "a", "video": "gone.mp4", "tracks": []}]}"#.utf8).write(
                to: URL(fileURLWithPath: path("gone.json")))
            try expect(.missingInput, "gone.mp4", ["--dataset", path("gone.json")])
        }
    }

    @Test("One frame and no points give empty scores, not errors", arguments: [["--frames", "1"], ["--points", "0"]])
    func nothingToScore(arguments: [String]) throws {
        try withFolder { path in
            let outcome = try Program.run(
                ["evaluate", "points", "--synthetic", "1", "--size", "64x64", "--tracker", "lucas-kanade", "--output", path("s")]
                    + arguments)
            #expect(outcome.status == 0, "\(outcome.errors)")
            let mean = try #require(try json(path("s/scores.json"))["mean"] as? [String: Any])
            #expect(mean["average_jaccard"] is NSNull)
        }
    }

    @Test("The official data's forms, with the built-in tracker")
    func official() throws {
        let file = Fixtures.packageRoot.appendingPathComponent("Tests/Data/tapvid-rgb-stacking.pkl").path
        let outcome = try Program.run(["evaluate", "points", "--dataset", file, "--mode", "strided", "--resolution", "64x64"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(
            outcome.output.split(separator: "\n").map { $0.prefix(5).trimmingCharacters(in: .whitespaces) } == [
                "video", "0000", "0001", "mean",
            ])
    }

    @Test("Drawn frames as PNGs in a folder")
    func drawFolder() throws {
        let clip = try TestClip(frameCount: 3)
        defer { clip.remove() }
        let outcome = try Program.run(["track", clip.frames, "--point", "40,36", "--draw", clip.path("drawn"), "--tracker", "lucas-kanade"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(clip.contents("drawn") == ["shot-0.png", "shot-1.png", "shot-2.png"])
        let color = try ImageFile.readRGB(clip.path("drawn/shot-0.png"))[40, 36]
        #expect(Color(color.red, color.green, color.blue) == .point(0))
    }
}
