import Foundation
import SAMPT
import TestSupport
import Testing

@testable import MethodPresets

@Suite("Presets' files")
struct PresetFileTests {
    private func error(_ text: String, _ folder: PresetFolder) throws -> String {
        let path = try folder.write(text)
        do {
            _ = try Preset.load(path).settings()
            return "none"
        } catch let error as PresetError {
            return "\(error)".replacingOccurrences(of: folder.url.path + "/", with: "")
        }
    }

    @Test("Settings, comments, quotes and repeated values")
    func settings() throws {
        let folder = try PresetFolder()
        defer { folder.remove() }
        let preset = try Preset.load(
            folder.write(
                """
                # mine
                summary: "Mine: \\"quick\\""
                extends: sam-pt-pips   # eight points
                negative-points: &n 3
                refinement: *n
                other-negatives: No
                other-negatives-limit: ~
                segmenter: 'weights/my sam.pth'
                """))
        #expect(preset.summary == "Mine: \"quick\"")
        #expect(preset.base == "sam-pt-pips")
        var expected = try Preset.load("sam-pt-pips").settings()
        (expected.segmenter, expected.refinement) = ("weights/my sam.pth", 3)
        (
            expected.others.queryPoints.negatives, expected.others.prompting.usesOtherObjectsAsNegatives,
            expected.others.prompting.maximumOtherNegatives
        ) = (3, false, nil)
        #expect(try preset.settings() == expected)
        #expect(try Preset.load(folder.write(preset.listing(), as: "copy.yml")).settings() == expected)
    }

    @Test(
        "Names of models that YAML would read otherwise come through a listing",
        arguments: [
            "- x", "a: b", "#no", "~", "\u{1}\u{85}\"\\", "\u{202E}\u{E0041}\u{1B}[2J", "*x", "ä/ö.pth",
        ])
    func awkwardNames(name: String) throws {
        let folder = try PresetFolder()
        defer { folder.remove() }
        var preset = try Preset.load("default")
        preset.assignments = [PresetSetting(.tracker, name, source: .option("--set"))]
        #expect(try Preset.load(folder.write(preset.listing())).settings().tracker == name)
    }

    @Test("Files extend files beside them, in order")
    func extending() throws {
        let folder = try PresetFolder()
        defer { folder.remove() }
        try folder.write("positive-points: 5\nnegative-points: 5\nseed: 5\n", as: "a.yaml")
        try folder.write("extends: a.yaml\nnegative-points: 6\nseed: 6\n", as: "b.yaml")
        let options = try Preset.load(folder.write("seed: 7\nextends: ./b.yaml\n", as: "c.yaml")).settings().options(
            for: Recommending.steady)
        #expect((options.queryPoints.positives, options.queryPoints.negatives, options.seed) == (5, 6, 7))
    }

    @Test("Circles and long chains")
    func circles() throws {
        let folder = try PresetFolder()
        defer { folder.remove() }
        try folder.write("extends: b.yaml\nseed: 1\n", as: "a.yaml")
        try folder.write("extends: a.yaml\n", as: "b.yaml")
        let error = #expect(throws: PresetError.self) { try Preset.load(folder.path("a.yaml")) }
        guard case .cycle(let names, let source)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(names.map { ($0 as NSString).lastPathComponent } == ["a.yaml", "b.yaml", "a.yaml"])
        #expect("\(source)".hasSuffix("b.yaml, line 1"))
        for index in 0..<20 { try folder.write("extends: x\(index + 1).yaml\n", as: "x\(index).yaml") }
        try folder.write("seed: 1\n", as: "x20.yaml")
        #expect(throws: PresetError.self) { try Preset.load(folder.path("x0.yaml")) }
        #expect(try Preset.load(folder.path("x10.yaml")).settings().others.seed == 1)
    }

    @Test(
        "Contents that are no preset",
        arguments: [
            ("", "my.yaml: is no preset: it is empty; a preset lists settings, one a line, for example positive-points: 8"),
            ("# nothing\n\n", "is no preset: it is empty"), ("{}", "is no preset: it is empty"), ("---\n", "is no preset: it is empty"),
            ("a", "my.yaml: is no preset: a preset lists settings"), ("- seed: 1\n", "is no preset: a preset lists settings"),
            ("seed: 1\npositive-points: [1, 2]\n", "my.yaml, line 2: is no preset: positive-points: must be one value, not a list"),
            ("memory: {a: b}\n", "memory: must be one value, not a mapping"), ("? [a]\n: b\n", "a setting's name must be text"),
            ("seed: 1\nseed: 2\n", "seed is given twice"), ("seed: 1\n  x: [\n", "my.yaml, line 2: is no preset: it is not YAML: "),
            ("seed: \"1\n", "it is not YAML"), ("seed: *x\n", "it is not YAML: found undefined alias"),
            ("seed: 1\n---\nseed: 2\n", "it is not YAML"),
            ("seed: \u{0}\n", "it is not text"), ("seed: \u{1}\n", "it is not text"),
            ("\u{FEFF}seed: x\n", "line 1: seed: \"x\" is not a whole number"),
            ("seed: 1\nsede: 2\n", "my.yaml, line 2: there is no setting \"sede\". Did you mean seed?"),
            ("positive-points: eight\n", "my.yaml, line 1: positive-points: \"eight\" is not a whole number from 1 to 1000."),
            ("extends: sam-pd\n", "my.yaml, line 1: there is no preset \"sam-pd\". Did you mean sam-pt?"),
            ("extends: absent.yaml\n", "absent.yaml: the preset cannot be read: no such file or directory."),
        ])
    func contents(text: String, message: String) throws {
        let folder = try PresetFolder()
        defer { folder.remove() }
        let error = try error(text, folder)
        #expect(error.contains(message), "\(error)")
        #expect(!error.contains("\n"))
    }

    @Test("Small files that stand for very much are refused, or read in no time")
    func bombs() throws {
        let folder = try PresetFolder()
        defer { folder.remove() }
        var bomb = "a0: &a0 [x, x, x]\n"
        for level in 1...60 { bomb += "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1)]\n" }
        #expect(try error(bomb, folder).contains("repeats more than 16 values by name"))
        // As keys, repeated values are hashed: with as many as are allowed this stays small.
        var keys = "a0: &a0 [x, x, x]\n"
        for level in 1...5 { keys += "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1), *a\(level - 1)]\n" }
        #expect(try error(keys + "? *a5\n: 1\n", folder).contains("must be one value, not a list"))
        let nested = [
            String(repeating: "[", count: 60_000), String(repeating: "{a: ", count: 15_000), String(repeating: "- ", count: 30_000) + "x",
        ]
        for nested in nested {
            #expect(try error("seed: 1\nsegmenter:\n  \(nested)\n", folder).contains("is no preset"))
        }
        let deepest = String(repeating: "[", count: 990) + String(repeating: "]", count: 990)
        #expect(try error("seed: \(deepest)\n", folder).contains("must be one value, not a list"))
        #expect(try error("note: \(String(repeating: "x", count: 60_000))\nseed: x\n", folder).contains("line 2: seed"))
    }

    @Test("Files that cannot be read")
    func unreadable() throws {
        let folder = try PresetFolder()
        defer { folder.remove() }
        #expect(throws: PresetError.unreadable(path: folder.path("absent.yaml"), reason: "no such file or directory")) {
            try Preset.load(folder.path("absent.yaml"))
        }
        #expect(throws: PresetError.unreadable(path: folder.url.path, reason: "it is a folder")) { try Preset.load(folder.url.path) }
        let path = try folder.write(String(repeating: "# long\n", count: 20_000))
        #expect(throws: PresetError.invalidFile(reason: "it is larger than 64 KiB", source: .file(path: path, line: nil))) {
            try Preset.load(path)
        }
        #expect(throws: PresetError.invalidFile(reason: "it is larger than 64 KiB", source: .file(path: "/dev/zero", line: nil))) {
            try Preset.load("/dev/zero")
        }
        try Data([0x73, 0xFF, 0xFE, 0x3A]).write(to: URL(fileURLWithPath: path))
        #expect(throws: PresetError.invalidFile(reason: "it is not text (UTF-8)", source: .file(path: path, line: nil))) {
            try Preset.load(path)
        }
    }

    @Test("A pipe is read; one that nobody writes to is given up")
    func pipes() throws {
        let folder = try PresetFolder()
        defer { folder.remove() }
        let path = folder.path("pipe.yaml")
        #expect(mkfifo(path, 0o600) == 0)
        let url = URL(fileURLWithPath: path)
        #expect(throws: PresetError.unreadable(path: path, reason: "nothing came for 0.2 s")) {
            try PresetFile.read(at: url, source: .file(path: path, line: nil), patience: 0.2)
        }
        Thread { try? Data("seed: 5\n".utf8).write(to: url) }.start()
        #expect(try Preset.load(path).assignments.map(\.text) == ["5"])
    }

    @Test("Names that are neither presets nor files")
    func names() {
        let error = #expect(throws: PresetError.self) { try Preset.load("sam-pt-renit") }
        #expect("\(error.map { "\($0)" } ?? "")".hasPrefix("--preset: there is no preset \"sam-pt-renit\". Did you mean sam-pt-reinit?"))
        #expect(throws: PresetError.self) { try Preset.load("") }
    }

    @Test("Files with changed, cut and repeated pieces are read or refused, and never stop the program")
    func mutations() throws {
        let texts =
            try ["sam-pt", "sam-pt-uvo"].map { try String(contentsOf: BuiltInPresets.file($0), encoding: .utf8) }
            + ["a: &a [1, {b: *a}]\n? |\n  x\n: >-\n  y\nseed: !!int \"7\"\n%TAG\n--- ...\n"]
        var random = SplitMix64(seed: 7)
        let characters = Array("\n\t \"'#%&*!|>-?:,[]{}~@`\\\0é\u{2028}0a")
        var outcomes = (read: 0, refused: 0)
        for round in 0..<1000 {
            var text = Array(texts[round % texts.count])
            for _ in 0...Int(random.next() % 4) {
                let at = Int(random.next() % UInt64(text.count))
                let end = min(text.count, at + Int(random.next() % 40))
                switch random.next() % 4 {
                case 0: text[at] = characters[Int(random.next() % UInt64(characters.count))]
                case 1: text.insert(characters[Int(random.next() % UInt64(characters.count))], at: at)
                case 2: text.insert(contentsOf: text[at..<end], at: Int(random.next() % UInt64(text.count)))
                default: if end - at < text.count { text.removeSubrange(at..<end) }
                }
            }
            do {
                var settings = MethodSettings()
                try settings.apply(PresetFile(yaml: String(text), source: .file(path: "my.yaml", line: nil)).preset.assignments)
                outcomes.read += 1
            } catch is PresetError {
                outcomes.refused += 1
            }
        }
        #expect(outcomes.read > 50 && outcomes.refused > 50, "\(outcomes)")
    }
}
