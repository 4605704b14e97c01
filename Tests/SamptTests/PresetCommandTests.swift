import ArgumentParser
import Foundation
import Media
import MethodPresets
import SAMPT
import TestSupport
import Testing

@testable import SamptCommands
@testable import SegmentationJobs

@Suite("Precedence of settings: default, preset, --set in order, options of their own")
struct PresetPrecedenceTests {
    private func settings(_ arguments: String...) throws -> MethodSettings {
        let command = try #require(try Sampt.parseAsRoot(["segment", "x.mp4"] + arguments) as? SegmentCommand)
        return try command.models.settings(with: command.method)
    }

    private func text(_ key: PresetKey, _ arguments: String...) throws -> String {
        let command = try #require(try Sampt.parseAsRoot(["segment", "x.mp4"] + arguments) as? SegmentCommand)
        return key.text(in: try command.models.settings(with: command.method))
    }

    @Test("The later wins")
    func order() throws {
        #expect(try settings() == MethodSettings())
        #expect(try text(.refinement) == "automatic")
        #expect(try text(.refinement, "--preset", "sam-pt") == "12")
        #expect(try text(.refinement, "--set", "refinement=3", "--preset", "sam-pt") == "3")
        #expect(try text(.refinement, "--preset", "sam-pt", "--set", "refinement=3", "--set", "iterative_refinement_iterations=4") == "4")
        #expect(try text(.refinement, "--refinement", "5", "--preset", "sam-pt", "--set", "refinement=3") == "5")
        #expect(try text(.tracker, "--preset", "sam-pt") == "cotracker")
        #expect(try text(.tracker, "--preset", "sam-pt", "--set", "tracker=pips") == "pips")
        #expect(try text(.tracker, "--preset", "sam-pt", "--set", "tracker=pips", "--tracker", "nano") == "nano")
        #expect(try text(.segmenter, "--preset", "sam-pt", "--segmenter", "mobile-sam") == "mobile-sam")
    }

    @Test("Every command that runs the method takes presets")
    func commands() throws {
        let preset = ["--preset", "sam-pt", "--set", "refinement=3", "--seed", "5"]
        let davis = try #require(
            try Sampt.parseAsRoot(["evaluate", "davis2016", "--root", "x", "--list", "y"] + preset) as? EvaluateDAVIS2016)
        let expected = try settings("--preset", "sam-pt", "--refinement", "3", "--set", "seed=5")
        #expect(try davis.models.settings(with: davis.method) == expected)
    }

    @Test("Of a preset, a picture takes the segmenter and its refinement count")
    func picture() throws {
        func text(_ key: PresetKey, _ arguments: String...) throws -> String {
            let image = try #require(try Sampt.parseAsRoot(["image", "x.png", "--preset", "sam-pt"] + arguments) as? ImageCommand)
            return key.text(in: try image.models.settings(refinement: image.method.refinement))
        }
        #expect(try text(.refinement) == "12")
        #expect(try text(.refinement, "--set", "refinement=3") == "3")
        #expect(try text(.refinement, "--refinement", "5", "--set", "refinement=3") == "5")
        #expect(try text(.segmenter) == "hq-sam-vit-h")
        #expect(try text(.segmenter, "--set", "sam_model=sam_vit_base") == "sam-vit-b")
        #expect(try text(.segmenter, "--segmenter", "nano", "--set", "segmenter=mobile-sam") == "nano")
    }

    @Test("Options of their own change nothing but their setting")
    func options() throws {
        let cases: [([String], PresetKey, String)] = [
            (["--positive-points", "3"], .positivePoints, "3"), (["--negative-points", "2"], .negativePoints, "2"),
            (["--positive-method", "even"], .positiveMethod, "even"), (["--negative-method", "random"], .negativeMethod, "random"),
            (["--prompt-confidence", "0.5"], .promptConfidence, "0.5"), (["--prompt-confidence", "tracker"], .promptConfidence, "tracker"),
            (["--refinement", "2"], .refinement, "2"), (["--previous-mask-iou", "0.5"], .previousMaskIoU, "0.5"),
            (["--previous-mask-iou", "never"], .previousMaskIoU, "never"), (["--no-previous-mask"], .previousMaskIoU, "never"),
            (["--iou-threshold", "0.25"], .iouThreshold, "0.25"), (["--reinit", "median-area"], .reinit, "median-area"),
            (["--no-reinit"], .reinit, "off"),
            (["--reinit", "off"], .reinit, "off"), (["--horizon", "9"], .horizon, "9"),
            (["--reinit-iou-threshold", "0.5"], .reinitIoUThreshold, "0.5"),
            (["--no-memory"], .memory, "off"), (["--no-other-negatives"], .otherNegatives, "off"), (["--forward-only"], .backward, "off"),
            (["--reference-quirks"], .referenceQuirks, "on"), (["--seed", "1"], .seed, "1"),
        ]
        for (arguments, key, text) in cases {
            let command = try #require(try Sampt.parseAsRoot(["segment", "x.mp4"] + arguments) as? SegmentCommand)
            let settings = try command.models.settings(with: command.method)
            for other in PresetKey.allCases {
                #expect(other.text(in: settings) == (other == key ? text : other.text(in: MethodSettings())), "\(arguments)")
            }
        }
        #expect(try text(.memory, "--preset", "sam-pt", "--memory") == "on")
        #expect(try text(.reinit, "--preset", "sam-pt-reinit", "--no-reinit") == "off")
    }
}

@Suite("Presets from the command line")
struct PresetCommandTests {
    private struct Row: Decodable {
        var name, summary, segmenter, tracker: String
        var paper, paperScore: String?
    }

    @Test("The list, as a table and as JSON")
    func list() throws {
        let table = try Program.run(["presets", "list"])
        #expect(table.status == 0, "\(table.errors)")
        for name in BuiltInPresets.names { #expect(table.output.contains("\n\(name) ")) }
        #expect(table.output.contains("79.4 ± 0.6"))
        let json = try Program.run(["presets", "list", "--json"])
        let rows = try JSONDecoder().decode([Row].self, from: Data(json.output.utf8))
        #expect(rows.map(\.name) == BuiltInPresets.names)
        let best = try #require(rows.first { $0.name == "sam-pt" })
        #expect((best.segmenter, best.tracker, best.paperScore) == ("hq-sam-vit-h", "cotracker", "79.4 ± 0.6"))
    }

    @Test("What is shown can be saved, edited and used")
    func show() throws {
        let clip = try TestClip(frameCount: 3)
        defer { clip.remove() }
        let shown = try Program.run(["presets", "show", "sam-pt"])
        #expect(shown.status == 0, "\(shown.errors)")
        for key in PresetKey.allCases { #expect(shown.output.contains("\n\(key.rawValue): ")) }
        #expect(shown.output.contains("# Decoder passes that refine the mask"))
        let mine = clip.path("mine.yaml")
        let edited = shown.output.replacingOccurrences(of: "segmenter: hq-sam-vit-h", with: "segmenter: nano")
            .replacingOccurrences(of: "tracker: cotracker", with: "tracker: lucas-kanade")
        try Data(edited.utf8).write(to: URL(fileURLWithPath: mine))
        let again = try Program.run(["presets", "show", mine])
        #expect(again.output == edited)
        func segment(_ arguments: [String]) throws -> Data {
            let outcome = try Program.run(
                ["segment", clip.frames, "--point", "40,36", "--rle", clip.path("m.json"), "--quiet"] + arguments)
            #expect(outcome.status == 0, "\(outcome.errors)")
            return try Data(contentsOf: URL(fileURLWithPath: clip.path("m.json")))
        }
        let preset = try segment(["--preset", mine])
        #expect(try segment(["--preset", "sam-pt", "--segmenter", "nano", "--tracker", "lucas-kanade"]) == preset)
        #expect(try segment(["--preset", mine, "--set", "refinement=0"]) != preset)
    }

    @Test("Without --preset and with --preset default the same happens")
    func standard() throws {
        let clip = try TestClip(frameCount: 2)
        defer { clip.remove() }
        func segment(_ arguments: [String]) throws -> Data {
            let outcome = try Program.run(
                ["segment", clip.frames, "--point", "40,36", "--rle", clip.path("m.json"), "--quiet"] + arguments)
            #expect(outcome.status == 0, "\(outcome.errors)")
            return try Data(contentsOf: URL(fileURLWithPath: clip.path("m.json")))
        }
        #expect(try segment([]) == segment(["--preset", "default"]))
    }

    @Test("A preset's models that are not there: which, and how to get them")
    func absentModels() throws {
        let clip = try TestClip(frameCount: 2)
        defer { clip.remove() }
        let environment = ["SAMPT_MODELS": clip.path("no-models")]
        let segment = try Program.run(
            ["segment", clip.frames, "--point", "40,36", "--rle", clip.path("out.json"), "--preset", "sam-pt"], environment: environment)
        #expect(segment.status == CommandStatus.missingInput.rawValue)
        for name in ["hq-sam-vit-h", "cotracker-s4-w8"] {
            #expect(segment.errors.contains("sampt models pull \(name)"), "\(segment.errors)")
        }
        #expect(!clip.exists("out.json"))
        for arguments in [
            ["track", clip.frames, "--point", "40,36", "--tracks", clip.path("out.json")], ["evaluate", "points", "--synthetic", "1"],
        ] {
            let outcome = try Program.run(arguments + ["--preset", "sam-pt"], environment: environment)
            #expect(outcome.status == CommandStatus.missingInput.rawValue)
            #expect(outcome.errors.contains("sampt models pull cotracker-s4-w8"), "\(outcome.errors)")
            let other = try Program.run(arguments + ["--preset", "sam-pt", "--set", "tracker=lucas-kanade"], environment: environment)
            #expect(other.status == 0, "\(other.errors)")
        }
    }

    @Test("Bad input ends with its status, one sentence and no output")
    func badInput() throws {
        let clip = try TestClip(frameCount: 2)
        defer { clip.remove() }
        func expect(_ status: CommandStatus, _ message: String, _ arguments: [String], location: SourceLocation = #_sourceLocation) throws {
            let outcome = try Program.run(["segment", clip.frames, "--point", "40,36", "--rle", clip.path("out.json")] + arguments)
            #expect(outcome.status == status.rawValue, "\(outcome.errors)", sourceLocation: location)
            #expect(outcome.errors.contains(message), "\(outcome.errors)", sourceLocation: location)
            #expect(!clip.exists("out.json"), sourceLocation: location)
        }
        try expect(.usage, "--preset: there is no preset \"sam-tp\". Did you mean sam-pt?", ["--preset", "sam-tp"])
        try expect(.usage, "--set: \"refinement\" is not of the form key=value.", ["--set", "refinement"])
        try expect(.usage, "--set: refinement: \"many\" is not a whole number from 0 to 100, or automatic.", ["--set", "refinement=many"])
        try expect(.usage, "--set: there is no setting \"refinment\". Did you mean refinement?", ["--set", "refinment=3"])
        try expect(.usage, "tracker-horizon must be at least horizon (8)", ["--set", "tracker-horizon=3"])
        try expect(.usage, "the setting segmenter: \"mobil-sam\" is not known.", ["--set", "segmenter=mobil-sam"])
        try expect(.usage, "--positive-points: \"0\" is not a whole number from 1 to 1000.", ["--positive-points", "0"])
        try expect(.usage, "--reinit: \"rollin\" is not one of off, rolling", ["--reinit", "rollin"])
        try expect(.usage, "Did you mean median-area?", ["--set", "reinit=median"])
        try expect(.usage, "--set: memory: \"onn\" is not on or off. Did you mean on?", ["--set", "memory=onn"])
        try expect(.missingInput, "sampt: \"\": the preset cannot be read", ["--preset", ""])
        try expect(.usage, "either --reinit or --no-reinit", ["--reinit", "horizon", "--no-reinit"])
        try expect(.usage, "--hq-token-only needs an HQ-SAM segmenter, not nano", ["--hq-token-only", "--preset", "default"])
        try expect(.missingInput, "absent.yaml: the preset cannot be read: no such file", ["--preset", clip.path("absent.yaml")])
        try expect(.missingInput, "it is a folder", ["--preset", clip.frames])
        let file = clip.path("my.yaml")
        for (text, message) in [
            ("", "my.yaml: is no preset: it is empty"),
            ("seed: [1]\n", "my.yaml, line 1: is no preset: seed: must be one value, not a list"),
            ("a: b: c\n", "it is not YAML"), ("horizn: 4\n", "my.yaml, line 1: there is no setting \"horizn\". Did you mean horizon?"),
            ("horizon: never\n", "my.yaml, line 1: horizon: \"never\" is not a whole number"),
            ("extends: my.yaml\n", "presets extend each other"),
        ] {
            try Data(text.utf8).write(to: URL(fileURLWithPath: file))
            try expect(.invalidInput, message, ["--preset", file])
        }
        try Data(#""#.utf8).write(to: URL(fileURLWithPath: file))
        let shown = try Program.run(["presets", "show", file])
        #expect(shown.status == CommandStatus.invalidInput.rawValue && shown.output.isEmpty)
    }

    @Test("Without the program's resources, built-in presets are missing input; files and the default need none of them")
    func movedAlone() throws {
        let clip = try TestClip(frameCount: 1)
        defer { clip.remove() }
        let program = URL(fileURLWithPath: clip.path("sampt"))
        try FileManager.default.copyItem(at: Program.url, to: program)
        let list = try Program.run(["presets", "list"], program: program)
        #expect(list.status == CommandStatus.missingInput.rawValue)
        #expect(
            list.errors.contains("The built-in preset default.yaml was not found. Its folder sam-pt-swift_MethodPresets."), "\(list.errors)"
        )
        try Data("tracker: lucas-kanade\n".utf8).write(to: URL(fileURLWithPath: clip.path("my.yaml")))
        let track = try Program.run(
            ["track", clip.frames, "--point", "40,36", "--tracks", clip.path("t.json"), "--preset", clip.path("my.yaml")], program: program)
        #expect(track.status == 0, "\(track.errors)")
    }

    @Test("Tracking alone: settings without effect are refused, not ignored")
    func tracking() throws {
        let clip = try TestClip(frameCount: 2)
        defer { clip.remove() }
        let outcome = try Program.run([
            "track", clip.frames, "--point", "40,36", "--tracks", clip.path("out.json"), "--set", "refinement=3",
        ])
        #expect(outcome.status == CommandStatus.usage.rawValue)
        #expect(
            outcome.errors.contains("--set refinement: has no effect here. Of a preset, this command uses tracker alone."),
            "\(outcome.errors)")
        #expect(!clip.exists("out.json"))
    }
}
