import Foundation
import Media
import MethodPresets
import SAMPT
import TestSupport
import Testing

@testable import SamptCommands
@testable import SegmentationJobs

@Suite("Options without effect are refused or not offered, in every command")
struct IdleOptionTests {
    /// Runs a command and expects it to refuse its last arguments.
    private func expectRefused(
        _ message: String, _ clip: TestClip, _ arguments: [String], location: SourceLocation = #_sourceLocation
    ) throws {
        let outcome = try Program.run(arguments)
        #expect(outcome.status == CommandStatus.usage.rawValue, "\(arguments): \(outcome.errors)", sourceLocation: location)
        #expect(outcome.errors.contains(message), "\(arguments): \(outcome.errors)", sourceLocation: location)
        #expect(clip.contents("") == ["frames"], "\(arguments)", sourceLocation: location)
    }

    @Test("image: nothing is tracked, nothing else is left out")
    func image() throws {
        let clip = try TestClip(frameCount: 1)
        defer { clip.remove() }
        let base = ["image", clip.frames + "/shot-0.png", "--point", "40,36", "--masks", clip.path("mask.png")]
        let absent = [
            ["--iou-threshold", "0.95"], ["--horizon", "4"], ["--forward-only"], ["--tracker", "nano"], ["--no-reinit"],
            ["--positive-points", "3"],
            ["--seed", "1"], ["--no-memory"], ["--frame", "0"], ["--reference-quirks"], ["--prompt-confidence", "0.5"],
        ]
        for arguments in absent { try expectRefused("Unknown option '\(arguments[0])'", clip, base + arguments) }
        for setting in ["iou-threshold=0.95", "tracker=nano", "reinit_horizon=4"] {
            try expectRefused(
                "has no effect here. Of a preset, this command uses segmenter, refinement alone.", clip, base + ["--set", setting])
        }
        try expectRefused("--part-precision head=...: has no effect here", clip, base + ["--part-precision", "head=float32"])
        var mask = Mask(width: 96, height: 72)
        mask[40, 36] = true
        let given = clip.frames + "/given.png"
        try ImageFile.writeMask(mask, to: given)
        let masked = ["image", clip.frames + "/shot-0.png", "--mask", given, "--masks", clip.path("mask.png")]
        try expectRefused("--refinement: has no effect here: given masks are taken as they are.", clip, masked + ["--refinement", "3"])
    }

    @Test("image: what is offered has an effect", arguments: [["--refinement", "0"], ["--refinement", "3"], ["--set", "refinement=0"]])
    func imageRefinement(arguments: [String]) throws {
        struct Summary: Decodable, Equatable {
            struct Object: Decodable, Equatable { var meanPredictedIoU: Double? }
            var objects: [Object]
        }
        let clip = try TestClip(frameCount: 1)
        defer { clip.remove() }
        func segment(_ arguments: [String]) throws -> Summary {
            let outcome = try Program.run(
                [
                    // Exactly: in eight bits a third pass may end where the second did.
                    "image", clip.frames + "/shot-0.png", "--point", "40,36", "--negative", "5,5", "--precision", "float32",
                    "--masks", clip.path("mask.png"), "--json", "--quiet",
                ]
                    + arguments)
            #expect(outcome.status == 0, "\(outcome.errors)")
            return try JSONDecoder().decode(Summary.self, from: Data(outcome.output.utf8))
        }
        let usual = try segment(["--refinement", "1"])
        #expect(usual.objects.first?.meanPredictedIoU != nil)
        #expect(try segment([]) == usual)
        #expect(try segment(arguments) != usual)
    }

    @Test("image: a preset's tracker need not be there")
    func imagePreset() throws {
        let clip = try TestClip(frameCount: 1)
        defer { clip.remove() }
        let outcome = try Program.run(
            [
                "image", clip.frames + "/shot-0.png", "--point", "40,36", "--masks", clip.path("m.png"), "--preset", "sam-pt",
                "--segmenter", "nano",
            ],
            environment: ["SAMPT_MODELS": clip.path("no-models")])
        #expect(outcome.status == 0, "\(outcome.errors)")
    }

    @Test("track and evaluate points: nothing is segmented")
    func tracking() throws {
        let clip = try TestClip(frameCount: 2)
        defer { clip.remove() }
        let track = ["track", clip.frames, "--point", "40,36", "--tracks", clip.path("t.json")]
        let points = ["evaluate", "points", "--synthetic", "1"]
        for base in [track, points] {
            for arguments in [["--segmenter", "nano"], ["--hq-token-only"], ["--refinement", "2"]] {
                try expectRefused("Unknown option '\(arguments[0])'", clip, base + arguments)
            }
            try expectRefused("this command uses tracker alone", clip, base + ["--set", "segmenter=nano"])
            for arguments in [["--threads", "1"], ["--precision", "float32"], ["--part-precision", "tracker=float32"]] {
                try expectRefused(
                    "\(arguments[0]): has no effect here: lucas-kanade uses no network", clip,
                    base + ["--tracker", "lucas-kanade"] + arguments)
            }
            try expectRefused(
                "--part-precision decoder=...: has no effect here: nano has no such part, but encoder, head.", clip,
                base + ["--part-precision", "decoder=float32"])
        }
        for arguments in [["--seed", "2"], ["--size", "64x64"], ["--frames", "3"], ["--points", "4"]] {
            try expectRefused(
                "\(arguments[0]) has no effect with --dataset", clip, ["evaluate", "points", "--dataset", "x.pkl"] + arguments)
        }
        try expectRefused("--restart has no effect without --output", clip, points + ["--restart"])
    }

    @Test("segment: settings beside others that leave them nothing to do")
    func segment() throws {
        let clip = try TestClip(frameCount: 2)
        defer { clip.remove() }
        let base = ["segment", clip.frames, "--point", "40,36", "--rle", clip.path("out.json")]
        let cases: [([String], String)] = [
            (["--no-reinit", "--horizon", "4"], "--horizon: has no effect here: points are not sampled anew"),
            (["--no-reinit", "--set", "reinit_horizon=4"], "--set reinit_horizon: has no effect here"),
            (
                ["--preset", "sam-pt", "--segmenter", "nano", "--set", "reinit_variant=reinit-on-similar-mask-area"],
                "--set reinit_variant: has no effect here"
            ),
            (["--reinit", "off", "--reinit-iou-threshold", "0.5"], "--reinit-iou-threshold: has no effect here"),
            (["--set", "tracker-horizon=9"], "--set tracker-horizon: has no effect here: it is for windows, not for reinit rolling"),
            (["--set", "patch-size=5"], "--set patch-size: has no effect here"),
            (["--no-other-negatives", "--set", "other-negatives-limit=3"], "--set other-negatives-limit: has no effect here"),
            (["--negative-points", "0", "--negative-method", "random"], "--negative-method: has no effect here"),
            (["--refinement", "0", "--previous-mask-iou", "0.5"], "--previous-mask-iou: has no effect here"),
            (["--segmenter", "mobile-sam", "--memory"], "--memory: has no effect here: mobile-sam cannot remember appearances"),
            (["--part-precision", "tracker=float32"], "--part-precision tracker=...: has no effect here"),
            (["--tracker", "lucas-kanade", "--part-precision", "head=float32"], "--part-precision head=...: has no effect here"),
            (["--quiet", "--review", "3"], "--review has no effect with --quiet"),
            (["--live-timeout", "10"], "--live-... options need --live"), (["--live-format", "auto"], "--live-... options need --live"),
        ]
        for (arguments, message) in cases { try expectRefused(message, clip, base + arguments) }
        let live = ["segment", "--live", "-", "--point", "40,36", "--rle", clip.path("out.json")]
        try expectRefused("--forward-only: has no effect here: a live source is followed forwards only", clip, live + ["--forward-only"])
        try expectRefused(
            "--live-rate has no effect with --live-policy latest", clip,
            live + ["--live-format", "rgb24", "--live-size", "96x72", "--live-rate", "10"])
    }

    @Test("What happens anyway may be asked for, and a preset may hold more than is used")
    func accepted() throws {
        func settings(_ arguments: String...) throws {
            let command = try #require(try Sampt.parseAsRoot(["segment", "x.mp4"] + arguments) as? SegmentCommand)
            _ = try command.models.settings(with: command.method, for: .video)
        }
        try settings("--segmenter", "mobile-sam", "--no-memory")
        try settings("--refinement", "0", "--no-previous-mask")
        try settings("--preset", "sam-pt-reinit", "--no-reinit")
        try settings("--preset", "table2-random-1-0-0")
        try settings("--set", "reinit=median-area", "--set", "tracker-horizon=9")
        try settings("--set", "patch-filter=on", "--set", "patch-size=5")
    }

    @Test("Every setting of the method has an effect for every use, or is refused with a reason", arguments: MethodUse.allCases)
    func uses(use: MethodUse) {
        let idle: [MethodUse: Set<PresetKey>] = [
            .video: [], .live: [.backward], .firstMask: [.backward, .clicksOnly, .otherNegatives, .otherNegativesLimit, .trackingGroup],
            .firstMasks: [.backward, .clicksOnly],
        ]
        for key in PresetKey.allCases { #expect((key.idleReason(for: use) != nil) == (idle[use]?.contains(key) == true), "\(key) \(use)") }
    }

    @Test("evaluate davis2016 and confidence, export")
    func others() throws {
        let clip = try TestClip(frameCount: 2)
        defer { clip.remove() }
        let davis = ["evaluate", "davis2016", "--root", clip.frames, "--list", clip.path("list")]
        for option in ["--forward-only", "--no-other-negatives"] {
            try expectRefused("\(option): has no effect here", clip, davis + [option])
        }
        let scoring: [[String]] = [
            ["--masks", "m"], ["--tracker", "nano"], ["--segmenter", "nano"], ["--preset", "sam-pt"], ["--set", "seed=1"], ["--seed", "1"],
            ["--threads", "2"],
            ["--precision", "float32"], ["--horizon", "3"],
        ]
        for arguments in scoring {
            try expectRefused("\(arguments[0]) has no effect with --results", clip, davis + ["--results", "r"] + arguments)
        }
        try expectRefused("--forward-only: has no effect here", clip, ["evaluate", "confidence", "--clips", "1", "--forward-only"])
        try expectRefused(
            "--frame-size has no effect here", clip, ["export", "--model", "x.pth", "--out", clip.path("out"), "--frame-size", "64x64"])
    }
}

@Suite("Outputs are named like what is in them")
struct OutputNameTests {
    @Test("Pictures end in .png, text does not end like a picture or a video")
    func names() throws {
        let clip = try TestClip(frameCount: 1)
        defer { clip.remove() }
        func expectRefused(_ path: String, _ arguments: [String], location: SourceLocation = #_sourceLocation) throws {
            let outcome = try Program.run(arguments)
            #expect(outcome.status == CommandStatus.usage.rawValue, "\(outcome.errors)", sourceLocation: location)
            #expect(outcome.errors.contains("\(path): is written as"), "\(outcome.errors)", sourceLocation: location)
            #expect(clip.contents("") == ["frames"], sourceLocation: location)
        }
        let picture = clip.frames + "/shot-0.png"
        for option in ["--masks", "--masks-out", "--overlay"] {
            for name in ["q.jpg", "q", "q.mp4"] {
                try expectRefused(clip.path(name), ["image", picture, "--point", "40,36", option, clip.path(name)])
            }
        }
        let segment = ["segment", clip.frames, "--point", "40,36"]
        try expectRefused(clip.path("qc.jpg"), segment + ["--contact-sheet", clip.path("qc.jpg")])
        try expectRefused(clip.path("q.png"), segment + ["--rle", clip.path("q.png")])
        try expectRefused(clip.path("q.mp4"), segment + ["--tracks", clip.path("q.mp4")])
        try expectRefused(clip.path("q.mkv"), ["track", clip.frames, "--point", "40,36", "--tracks", clip.path("q.mkv")])
        try expectRefused(clip.path("q.png"), ["evaluate", "confidence", "--clips", "1", "--csv", clip.path("q.png")])
        try expectRefused(clip.path("q.png"), ["evaluate", "davis2016", "--root", "x", "--list", "y", "--json", clip.path("q.png")])
        let drawn = try Program.run(["track", clip.frames, "--point", "40,36", "--draw", clip.path("q.jpg")])
        #expect(drawn.status == CommandStatus.unwritableOutput.rawValue && clip.contents("") == ["frames"], "\(drawn.errors)")
    }

    @Test("--masks and, as before, --masks-out of image; a capital ending")
    func both() throws {
        let clip = try TestClip(frameCount: 1)
        defer { clip.remove() }
        for (option, name) in [("--masks", "a.PNG"), ("--masks-out", "b.png")] {
            let outcome = try Program.run(["image", clip.frames + "/shot-0.png", "--point", "40,36", option, clip.path(name), "--quiet"])
            #expect(outcome.status == 0, "\(outcome.errors)")
        }
        #expect(
            try Data(contentsOf: URL(fileURLWithPath: clip.path("a.PNG"))) == Data(contentsOf: URL(fileURLWithPath: clip.path("b.png"))))
    }
}
