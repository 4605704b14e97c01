import Foundation
import Media
import TestSupport
import Testing

@testable import SamptCommands
@testable import SegmentationJobs

@Suite("sampt segment --live", .serialized)
struct LiveCommandTests {
    private struct Masks: Decodable {
        struct Frame: Decodable {
            struct Object: Decodable, Equatable {
                var id: Int
                var score: Float?
                var segmentation: RunLengthMask
            }
            var frame: Int
            var time: Double
            var objects: [Object]
        }
        struct Object: Decodable { var id: Int, queryFrame: Int }
        var video: String, width: Int, height: Int
        var objects: [Object]
        var frames: [Frame]
        var complete: Bool
    }

    private struct Summary: Decodable {
        struct Latency: Decodable { var mean: Double, median: Double, p95: Double, p99: Double, maximum: Double }
        struct Live: Decodable {
            var policy: String, framesCaptured: Int, framesDropped: Int
            var latency: Latency, latencyWithOutputs: Latency
        }
        var frames: Int
        var framesTotal: Int
        var damage: String?
        var live: Live
    }

    private let clip: TestClip
    private let raw = ["--live-format", "rgb24", "--live-size", "96x72"]

    init() throws { clip = try TestClip(frameCount: 12) }

    private func masks(_ name: String) throws -> Masks {
        try JSONDecoder().decode(Masks.self, from: Data(contentsOf: URL(fileURLWithPath: clip.path(name))))
    }

    private func summary(_ outcome: Program.Outcome) throws -> Summary {
        try JSONDecoder().decode(Summary.self, from: Data(outcome.output.utf8))
    }

    /// The clip's frames as bare bytes.
    private func bytes() throws -> Data {
        let folder = try FrameFolder(path: clip.frames)
        return Data(try (0..<folder.frameCount).flatMap { try folder.frame(at: $0).pixels })
    }

    /// Grey frames with a bright square, as YUV4MPEG2.
    private static func y4m(_ count: Int, each: (Int) -> Void, to file: FileHandle) throws {
        try file.write(contentsOf: Data("YUV4MPEG2 W96 H72 F25:1 Ip C420jpeg\n".utf8))
        for index in 0..<count {
            var luma = [UInt8](repeating: 90, count: 96 * 72)
            for y in 24..<48 { for x in 28..<52 { luma[y * 96 + x + index % 20] = 200 } }
            try file.write(contentsOf: Data("FRAME\n".utf8) + Data(luma) + Data(repeating: 128, count: 96 * 72 / 2))
            each(index)
        }
    }

    @Test("An object whose frame does not come is no success")
    func frameThatDoesNotCome() throws {
        defer { clip.remove() }
        try bytes().write(to: URL(fileURLWithPath: clip.path("raw")))
        let arguments = ["segment", "--live", clip.path("raw")] + raw + ["--live-policy", "all", "--point", "40,36", "--frame", "50"]
        let outcome = try Program.run(arguments + ["--rle", clip.path("out.json"), "--json"])
        #expect(outcome.status == CommandStatus.partial.rawValue)
        #expect(try summary(outcome).damage?.contains("ended after 12 frames, before frame 50") == true)
        #expect(try !masks("out.json").complete)
        let review = try Program.run(arguments + ["--rle", clip.path("out.json"), "--review", "3"])
        #expect(review.status == CommandStatus.usage.rawValue && review.errors.contains("--review"))
    }

    @Test("Without drops, a pipe gives what a folder gives", arguments: ["nano", "lucas-kanade"])
    func equality(tracker: String) throws {
        defer { clip.remove() }
        let prompts = ["--point", "1:40,36", "--box", "2:60,20,80,40", "--frame", "2:4", "--tracker", tracker]
        let file = try Program.run(["segment", clip.frames, "--forward-only", "--rle", clip.path("file.json")] + prompts)
        #expect(file.status == 0, "\(file.errors)")
        let data = try bytes()
        let pipe = try Program.run(
            [
                "segment", "--live", "-", "--live-policy", "all", "--live-rate", "10", "--rle", clip.path("pipe.json"), "--masks",
                clip.path("masks"), "--json",
            ]
                + raw + prompts, input: { try $0.write(contentsOf: data) })
        #expect(pipe.status == 0, "\(pipe.errors)")
        let (a, b) = (try masks("file.json"), try masks("pipe.json"))
        #expect(b.complete && b.video == "standard input" && b.objects.map(\.queryFrame) == [0, 4])
        #expect(b.frames.map(\.frame) == Array(0..<12))
        #expect(b.frames.map(\.time) == (0..<12).map { Double($0) / 10 })
        for (x, y) in zip(a.frames, b.frames) { #expect(x.objects == y.objects, "frame \(x.frame)") }
        #expect(clip.contents("masks").count == 12)
        let live = try summary(pipe).live
        #expect((live.policy, live.framesCaptured, live.framesDropped) == ("all", 12, 0))
        #expect(live.latency.median > 0 && live.latency.maximum >= live.latency.p99 && live.latency.p99 >= live.latency.median)
        #expect(live.latencyWithOutputs.mean >= live.latency.mean)
    }

    @Test(
        "RAFT looks at no later frame either", .enabled(if: GeneratedCheckpoints.areThere, Comment(rawValue: GeneratedCheckpoints.missing)))
    func raft() throws {
        defer { clip.remove() }
        let checkpoints = try GeneratedCheckpoints()
        defer { checkpoints.remove() }
        let options = try ["--point", "40,36", "--tracker", checkpoints.write("raft_small")]
        let data = try bytes().prefix(4 * 3 * 96 * 72)
        let file = try Program.run(["segment", clip.frames, "--end", "4", "--rle", clip.path("file.json")] + options)
        let pipe = try Program.run(
            ["segment", "--live", "-", "--live-policy", "all", "--rle", clip.path("pipe.json")] + raw + options,
            input: { try $0.write(contentsOf: data) })
        #expect(file.status == 0 && pipe.status == 0, "\(file.errors) \(pipe.errors)")
        #expect(try masks("file.json").frames.map(\.objects) == masks("pipe.json").frames.map(\.objects))
        let refused = try Program.run(
            ["segment", "--live", "-", "--rle", clip.path("no.json"), "--point", "40,36", "--tracker", checkpoints.write("cotracker_v1")]
                + raw,
            input: { try $0.write(contentsOf: data) })
        #expect(refused.status == CommandStatus.usage.rawValue)
        #expect(refused.errors.contains("looks at later frames") && refused.errors.contains("lucas-kanade"))
        #expect(!clip.exists("no.json"))
    }

    @Test("Frames that come too fast are dropped and counted; times are those of the capture")
    func latest() throws {
        defer { clip.remove() }
        let outcome = try Program.run(
            [
                "segment", "--live", "-", "--point", "40,36", "--rle", clip.path("m.json"), "--tracks", clip.path("t.json"), "--overlay",
                clip.path("o.mp4"), "--json",
            ],
            input: { try Self.y4m(300, each: { _ in usleep(2000) }, to: $0) })
        #expect(outcome.status == 0, "\(outcome.errors)")
        let (found, summary) = (try masks("m.json"), try summary(outcome))
        let numbers = found.frames.map(\.frame)
        #expect(numbers.first == 0 && numbers.last == 299)
        #expect(numbers == numbers.sorted() && Set(numbers).count == numbers.count)
        #expect(summary.frames == numbers.count && summary.framesTotal == 300)
        #expect(summary.live.framesDropped == 300 - numbers.count)
        let times = found.frames.map(\.time)
        // The writer sleeps for 2 ms after each frame.
        #expect(times.first == 0 && times == times.sorted() && (times.last ?? 0) > 0.5)
        #expect(try VideoReader(path: clip.path("o.mp4")).frameCount == numbers.count)
        // Later ones depend on how many frames are dropped, and so on the machine.
        #expect(found.frames.first.map { !$0.objects[0].segmentation.mask.isEmpty } == true)
        #expect(outcome.errors.contains("dropped \(summary.live.framesDropped)"))
    }

    @Test("Smaller working frames, prompts and results in the pixels of the source")
    func scaled() throws {
        defer { clip.remove() }
        let data = try bytes()
        let outcome = try Program.run(
            ["segment", "--live", "-", "--live-policy", "all", "--max-side", "48", "--point", "40,36", "--rle", clip.path("m.json")] + raw,
            input: { try $0.write(contentsOf: data) })
        #expect(outcome.status == 0, "\(outcome.errors)")
        let found = try masks("m.json")
        #expect((found.width, found.height) == (96, 72))
        #expect(found.frames.first?.objects.first?.segmentation.mask[40, 36] == true)
    }

    @Test("A source that breaks off leaves whole outputs, a warning and its exit status")
    func broken() throws {
        defer { clip.remove() }
        let data = try bytes()
        let base = ["segment", "--live", "-", "--live-policy", "all", "--point", "40,36", "--rle", clip.path("m.json")] + raw
        let cut = try Program.run(base, input: { try $0.write(contentsOf: data.dropLast(100)) })
        #expect(cut.status == CommandStatus.partial.rawValue, "\(cut.errors)")
        #expect(cut.errors.contains("it ends within frame 11, after 20636 of 20736 bytes"), "\(cut.errors)")
        #expect(try masks("m.json").frames.count == 11)
        #expect(try !masks("m.json").complete)
        let silent = try Program.run(
            base + ["--live-timeout", "0.5"],
            input: { file in
                try file.write(contentsOf: data.prefix(5 * 20736))
                sleep(60)
            })
        #expect(silent.status == CommandStatus.partial.rawValue, "\(silent.errors)")
        #expect(silent.errors.contains("standard input: cannot be read: nothing came for 0.5 s"), "\(silent.errors)")
        #expect(try masks("m.json").frames.count == 5)
    }

    @Test("What cannot be a live source is refused in one sentence")
    func refusals() throws {
        defer { clip.remove() }
        func expect(_ status: CommandStatus, _ message: String, _ arguments: [String], _ data: Data = Data()) throws {
            let outcome = try Program.run(
                ["segment", "--point", "40,36", "--rle", clip.path("m.json")] + arguments, input: { try $0.write(contentsOf: data) })
            #expect(outcome.status == status.rawValue, "\(outcome.errors)")
            #expect(outcome.errors.contains(message), "\(outcome.errors)")
            #expect(!clip.exists("m.json"))
        }
        try expect(.missingInput, "it ended before any data came", ["--live", "-"])
        try expect(.missingInput, "it ended before any frame came", ["--live", "-"], Data("YUV4MPEG2 W96 H72 F25:1\n".utf8))
        try expect(.missingInput, "it ended before any frame came", ["--live", "-"] + raw)
        try expect(.missingInput, "not a video that FFmpeg knows", ["--live", "-"], Data("nothing but words, and no video\n".utf8))
        try expect(.missingInput, "it ends within frame 0", ["--live", "-"] + raw, Data(count: 500))
        try expect(.missingInput, "no such file", ["--live", "/absent.pipe"])
        try expect(.usage, "needs --live-size", ["--live", "-", "--live-format", "rgb24"])
        try expect(.usage, "need --live", [clip.frames, "--live-policy", "all"])
        try expect(.usage, "is read with --live", ["-"])
        try expect(.usage, "--start, --end and --stride are for files", ["--live", "-", "--end", "4"])
        try expect(.usage, "--contact-sheet needs", ["--live", "-", "--contact-sheet", clip.path("c.png")])
        try expect(.usage, "live-size", ["--live", "-", "--live-format", "rgb24", "--live-size", "96"])
        try expect(
            .invalidInput, "lies outside the frame of 20x10 pixels", ["--live", "-", "--live-format", "rgb24", "--live-size", "20x10"])
    }

    @Test("Rates, sizes and time limits that nobody can mean are refused before the networks are loaded, or do no harm")
    func hostileNumbers() throws {
        defer { clip.remove() }
        let base = ["segment", "--live", "-", "--point", "40,36", "--rle", clip.path("m.json")]
        for rate in ["1e-300", "1e300", "inf", "nan", "0", "-1"] {
            let outcome = try Program.run(base + raw + ["--live-rate=\(rate)"])
            #expect(outcome.status == CommandStatus.usage.rawValue && outcome.errors.contains("--live-rate"), "\(rate): \(outcome.errors)")
        }
        for header in ["W96 H72 F1e-300:1", "W96 H72 F1:inf", "W96 H72 F1:9223372036854775807", "W16384 H16384 F25:1"] {
            let outcome = try Program.run(
                base, input: { try $0.write(contentsOf: Data("YUV4MPEG2 \(header)\nFRAME\n".utf8) + Data(count: 1 << 16)) })
            #expect(outcome.status == CommandStatus.missingInput.rawValue, "\(header): \(outcome.errors)")
            #expect(outcome.errors.contains("frame rate") || outcome.errors.contains("too large"), "\(outcome.errors)")
        }
        let data = try bytes()
        let huge = try Program.run(base + raw + ["--live-size", "16384x16384"], input: { try $0.write(contentsOf: data) })
        #expect(huge.status == CommandStatus.usage.rawValue && huge.errors.contains("16384x16384"), "\(huge.errors)")
        #expect(!clip.exists("m.json"))
        let patient = try Program.run(
            base + raw + ["--live-policy", "all", "--live-rate", "0.000001", "--live-timeout", "1e30"],
            input: { try $0.write(contentsOf: data) })
        #expect(patient.status == 0, "\(patient.errors)")
        #expect(try masks("m.json").frames.map(\.time) == (0..<12).map { Double($0) / 0.000001 })
    }

    @Test("A pipe without a writer is given up after the time allowed; a file that is a pipe is no video")
    func namedPipes() throws {
        defer { clip.remove() }
        let pipe = clip.path("pipe")
        #expect(mkfifo(pipe, 0o600) == 0)
        let rest = ["--point", "40,36", "--rle", clip.path("m.json")]
        let start = ContinuousClock.now
        let silent = try Program.run(["segment", "--live", pipe, "--live-timeout", "0.5"] + rest)
        #expect(
            silent.status == CommandStatus.missingInput.rawValue && silent.errors.contains("nothing came for 0.5 s"), "\(silent.errors)")
        for command in [["segment", pipe] + rest, ["track", pipe, "--point", "40,36", "--tracks", clip.path("m.json")]] {
            let file = try Program.run(command)
            #expect(file.status == CommandStatus.missingInput.rawValue && file.errors.contains("live source (--live)"), "\(file.errors)")
        }
        #expect(ContinuousClock.now - start < .seconds(60))
        #expect(!clip.exists("m.json"))
    }

    @Test("A session description on standard input opens nothing")
    func sessionDescription() throws {
        defer { clip.remove() }
        let text =
            "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=video 45672 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
        let outcome = try Program.run(
            ["segment", "--live", "-", "--point", "40,36", "--rle", clip.path("m.json")],
            input: { try $0.write(contentsOf: Data(text.utf8)) })
        #expect(outcome.status == CommandStatus.missingInput.rawValue, "\(outcome.errors)")
        #expect(outcome.errors.contains("(sdp)") && outcome.errors.contains("--live-format playlist"), "\(outcome.errors)")
    }

    @Test("Ctrl-C ends a live run with whole outputs")
    func interruption() throws {
        defer { clip.remove() }
        let outcome = try Program.run(
            [
                "segment", "--live", "-", "--point", "40,36", "--rle", clip.path("m.json"), "--masks", clip.path("masks"), "--overlay",
                clip.path("o.mp4"),
            ],
            input: { try Self.y4m(100_000, each: { _ in usleep(20_000) }, to: $0) }, interruptWhen: { clip.contents("masks").count >= 3 })
        #expect(outcome.status == CommandStatus.interrupted.rawValue, "\(outcome.errors)")
        let found = try masks("m.json")
        #expect(found.frames.count >= 3 && !found.complete)
        #expect(clip.contents("masks").count == found.frames.count)
        #expect(try VideoReader(path: clip.path("o.mp4")).frameCount == found.frames.count)
        #expect(clip.contents("").filter { $0.contains(".part-") }.isEmpty)
    }
}
