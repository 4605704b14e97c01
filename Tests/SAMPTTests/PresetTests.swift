import Foundation
import Media
import Segmenters
import TestSupport
import Testing

@testable import SAMPT

/// A segmenter that only says how it is best asked.
private struct Recommending: PromptableSegmenter {
    struct NeverAsked: Error {}
    let name = "recommending"
    var recommendedPrompting: RecommendedPrompting

    func frame(_ index: Int, of video: FrameStore) throws -> any SegmentableFrame { throw NeverAsked() }
    func frameLogits(_ logits: MaskLogits, size: ImageSize) -> [Float] { [] }
    func mask(_ logits: MaskLogits, size: ImageSize) -> Mask { Mask(size: size) }

    static let steady = Recommending(recommendedPrompting: .init(refinements: 1, previousMaskIoU: 0.6))
    static let thorough = Recommending(recommendedPrompting: .init(refinements: 12))
}

/// A folder for presets' files.
private struct PresetFolder {
    let url: URL

    init() throws { url = try Fixtures.temporaryFolder() }

    func path(_ name: String) -> String { url.appendingPathComponent(name).path }

    @discardableResult
    func write(_ text: String, as name: String = "my.yaml") throws -> String {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path(name)))
        return path(name)
    }

    func remove() { try? FileManager.default.removeItem(at: url) }
}

@Suite("Built-in presets")
struct BuiltInPresetTests {
    @Test("Every one can be read, used and listed, and its listing gives the same options", arguments: BuiltInPresets.names)
    func everyOne(name: String) throws {
        let folder = try PresetFolder()
        defer { folder.remove() }
        let preset = try Preset.load(name)
        #expect(preset.name == name)
        #expect(!preset.summary.isEmpty)
        let settings = try preset.settings()
        try settings.validate()
        for segmenter in [Recommending.steady, .thorough] { try settings.options(for: segmenter).validate() }
        #expect(!settings.options(for: Recommending.steady).referenceQuirks)

        let copy = try Preset.load(folder.write(preset.listing()))
        #expect(try copy.settings() == settings)
        #expect((copy.summary, copy.paper, copy.paperScore, copy.note) == (preset.summary, preset.paper, preset.paperScore, preset.note))
    }

    @Test("The list names the files that are there, no more and no fewer")
    func list() throws {
        let folder = try BuiltInPresets.file("default").deletingLastPathComponent()
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(Set(files) == Set(BuiltInPresets.names.map { $0 + ".yaml" }))
        #expect(Set(BuiltInPresets.names).count == BuiltInPresets.names.count)
    }

    @Test("The default is what runs without a preset", arguments: [true, false])
    func standard(isSteady: Bool) throws {
        let segmenter = isSteady ? Recommending.steady : .thorough
        #expect(try Preset.load("default").settings().options(for: segmenter) == VideoSegmenterOptions(for: segmenter))
    }

    @Test("sam-pt has the values of the paper and of the reference's configuration")
    func samPT() throws {
        let settings = try Preset.load("sam-pt").settings()
        #expect(settings.segmenter == "hq-sam-vit-h")
        #expect(settings.tracker == "cotracker")
        var expected = VideoSegmenterOptions()
        expected.positivePointMethod = .kMedoids
        expected.negativePointMethod = .mixed
        expected.positivePoints = 16
        expected.negativePoints = 1
        expected.pointMargin = 0
        expected.negativeRegion = .background
        expected.followsClicksOnly = true
        expected.promptConfidence = nil
        expected.borderShare = 0.01
        expected.objectsPerTrackingGroup = 5
        expected.patchFilter = nil
        expected.tracksBackward = true
        expected.refinementIterations = 12
        expected.previousMaskIoUThreshold = nil
        expected.predictedIoUThreshold = 0.7
        expected.usesOtherObjectsAsNegatives = true
        expected.maximumOtherNegatives = nil
        expected.removesSpecks = false
        expected.usesAppearanceMemory = false
        expected.reinitialization = nil
        expected.referenceQuirks = false
        expected.seed = 72
        #expect(settings.options(for: Recommending.steady) == expected)
        #expect(settings.options(for: Recommending.thorough) == expected)
    }

    @Test("Re-initialisation: the paper's and the code's")
    func reinitialization() throws {
        let base = try Preset.load("sam-pt").settings().options(for: Recommending.thorough)
        for (name, variant, horizon) in [("sam-pt-reinit", ReinitializationVariant.horizon, 8), ("sam-pt-reinit-code", .medianArea, 24)] {
            var expected = base
            (expected.reinitialization, expected.reinitializationHorizon, expected.trackerHorizon) = (variant, horizon, horizon)
            expected.reinitializationIoUThreshold = 0
            #expect(try Preset.load(name).settings().options(for: Recommending.thorough) == expected)
        }
    }

    @Test("Rows of table 2: method, points and refinements are in the name; nothing else differs from row to row")
    func table2() throws {
        let names = BuiltInPresets.names.filter { $0.hasPrefix("table2-") }
        #expect(names.count == 15)
        for (row, name) in names.enumerated() {
            let preset = try Preset.load(name)
            let settings = try preset.settings()
            #expect(preset.paper == "Table 2, row \(row + 1)")
            #expect((settings.segmenter, settings.tracker) == ("sam-vit-h", "pips"))
            let options = settings.options(for: Recommending.thorough)
            let text = "table2-\(options.positivePointMethod.rawValue)-\(options.positivePoints)-\(options.negativePoints)-\(options.refinementIterations)"
            #expect(name == text + (options.reinitialization == nil ? "" : "-reinit"))
            var expected = try Preset.load(options.reinitialization == nil ? "sam-pt" : "sam-pt-reinit").settings().options(for: Recommending.thorough)
            (expected.positivePointMethod, expected.positivePoints) = (options.positivePointMethod, options.positivePoints)
            (expected.negativePoints, expected.refinementIterations) = (options.negativePoints, options.refinementIterations)
            #expect(options == expected)
        }
        #expect(try Preset.load(names[0]).paperScore == "37.1 ± 21.7")
        #expect(try Preset.load(names[14]).paperScore == "76.8 ± 0.7")
    }

    @Test("Rows of table 3: the segmenter is in the name")
    func table3() throws {
        let names = BuiltInPresets.names.filter { $0.hasPrefix("table3-") }
        #expect(names.count == 6)
        let scores = ["71.4 ± 0.6", "72.2 ± 0.6", "73.7 ± 0.7", "77.5 ± 0.4", "77.6 ± 0.7", "79.4 ± 0.6"]
        for (row, name) in names.enumerated() {
            let preset = try Preset.load(name)
            let settings = try preset.settings()
            #expect("table3-\(settings.segmenter)" == name)
            #expect((preset.paper, preset.paperScore) == ("Table 3, row \(row + 1)", scores[row]))
            var expected = try Preset.load("sam-pt").settings()
            expected.segmenter = settings.segmenter
            if row < 2 { expected.refinement = 3 }
            #expect(settings == expected)
        }
    }

    @Test("Data sets' and trackers' own settings")
    func recommended() throws {
        func differences(_ name: String) throws -> [String] {
            let (base, settings) = (try Preset.load("sam-pt").settings(), try Preset.load(name).settings())
            return PresetKey.allCases.filter { $0.text(in: base) != $0.text(in: settings) }.map { "\($0.rawValue)=\($0.text(in: settings))" }
        }
        #expect(try differences("sam-pt-mose") == ["refinement=0"])
        #expect(try differences("sam-pt-bdd100k") == ["tracking-group=100", "refinement=0"])
        #expect(try differences("sam-pt-uvo") == ["tracking-group=100", "refinement=0", "other-negatives=off", "seed=36"])
        #expect(try differences("sam-pt-pips") == ["tracker=pips", "positive-points=8"])
        #expect(try differences("sam-pt-pips-plus-plus") == ["tracker=pips++", "positive-points=8"])
        #expect(try differences("sam-pt-tapir") == ["tracker=tapir", "positive-points=32", "negative-points=72", "refinement=24"])
        #expect(try differences("sam-pt-superglue") == ["tracker=superglue", "negative-points=0", "positive-method=random", "refinement=3"])
    }
}

@Suite("Settings by name")
struct MethodSettingsTests {
    private func options(_ lines: [(String, String)], _ segmenter: Recommending = .steady) throws -> VideoSegmenterOptions {
        var settings = MethodSettings()
        try settings.apply(lines.map { PresetSetting($0.0, $0.1, source: .option("--set")) })
        return settings.options(for: segmenter)
    }

    /// A value other than the default for every key, and what it does.
    private static let changes: [(PresetKey, String, @Sendable (inout VideoSegmenterOptions) -> Void)] = [
        (.positivePoints, "72", { $0.positivePoints = 72 }), (.negativePoints, "0", { $0.negativePoints = 0 }),
        (.positiveMethod, "shi-tomasi", { $0.positivePointMethod = .shiTomasi }), (.negativeMethod, "even", { $0.negativePointMethod = .even }),
        (.negativeRegion, "background", { $0.negativeRegion = .background }), (.pointMargin, "5", { $0.pointMargin = 5 }),
        (.clicksOnly, "on", { $0.followsClicksOnly = true }), (.promptConfidence, "0.5", { $0.promptConfidence = 0.5 }),
        (.promptConfidence, "tracker", { $0.promptConfidence = nil }), (.border, "0.01", { $0.borderShare = 0.01 }),
        (.trackingGroup, "5", { $0.objectsPerTrackingGroup = 5 }), (.patchFilter, "on", { $0.patchFilter = PatchFilter() }),
        (.backward, "off", { $0.tracksBackward = false }), (.refinement, "7", { $0.refinementIterations = 7 }),
        (.previousMaskIoU, "0.25", { $0.previousMaskIoUThreshold = 0.25 }), (.previousMaskIoU, "never", { $0.previousMaskIoUThreshold = nil }),
        (.iouThreshold, "0.7", { $0.predictedIoUThreshold = 0.7 }), (.otherNegatives, "off", { $0.usesOtherObjectsAsNegatives = false }),
        (.otherNegativesLimit, "all", { $0.maximumOtherNegatives = nil }), (.specks, "keep", { $0.removesSpecks = false }),
        (.memory, "off", { $0.usesAppearanceMemory = false }), (.reinit, "off", { $0.reinitialization = nil }),
        (.reinit, "median-area", { $0.reinitialization = .medianArea }), (.horizon, "24", { $0.reinitializationHorizon = 24 }),
        (.trackerHorizon, "30", { $0.trackerHorizon = 30 }), (.reinitIoUThreshold, "0.1", { $0.reinitializationIoUThreshold = 0.1 }),
        (.referenceQuirks, "on", { $0.referenceQuirks = true }), (.seed, "18446744073709551615", { $0.seed = .max }),
    ]

    @Test("Each key sets its option and no other")
    func keys() throws {
        for (key, text, change) in Self.changes {
            var expected = VideoSegmenterOptions(for: Recommending.steady)
            change(&expected)
            #expect(try options([(key.rawValue, text)]) == expected, "\(key)")
            #expect(expected != VideoSegmenterOptions(for: Recommending.steady), "\(key)")
            var settings = MethodSettings()
            try settings.apply(PresetSetting(key, text, source: .option("--set")))
            #expect(key.text(in: settings) == text)
        }
        let onlyWithOthers: [PresetKey] = [.segmenter, .tracker, .patchSize, .patchThreshold]
        #expect(Set(Self.changes.map(\.0) + onlyWithOthers) == Set(PresetKey.allCases))
    }

    @Test("Patches' size and threshold count with the filter on, in any order")
    func patches() throws {
        let lines = [("patch-size", "5"), ("patch-threshold", "0.5"), ("patch-filter", "on")]
        #expect(try options(lines).patchFilter == PatchFilter(size: 5, threshold: 0.5))
        #expect(try options(lines.reversed()).patchFilter == PatchFilter(size: 5, threshold: 0.5))
        #expect(try options(Array(lines.prefix(2))).patchFilter == nil)
    }

    @Test("Automatic values are the segmenter's own, also after others were set")
    func automatic() throws {
        let lines = [("refinement", "3"), ("previous-mask-iou", "0.1"), ("refinement", "automatic"), ("previous-mask-iou", "automatic")]
        #expect(try options(lines, .steady) == VideoSegmenterOptions(for: Recommending.steady))
        #expect(try options(lines, .thorough) == VideoSegmenterOptions(for: Recommending.thorough))
    }

    @Test("The reference's names and values mean the same")
    func referenceNames() throws {
        #expect(
            try options([
                ("positive_points_per_mask", "8"), ("model.negative_points_per_mask", "72"), ("positive_point_selection_method", "shi-tomasi"),
                ("negative_point_selection_method", "mixed"), ("point_tracker_mask_batch_size", "5"), ("use_patch_matching_filtering", "True"),
                ("patch_size", "3"), ("patch_similarity_threshold", "0.01"), ("iterative_refinement_iterations", "12"), ("sam_iou_threshold", "0.7"),
                ("add_other_objects_positive_points_as_negative_points", "false"), ("max_other_objects_positive_points", "null"),
                ("reinit_horizon", "24"), ("reinit_point_tracker_horizon", "24"),
            ])
                == options([
                    ("positive-points", "8"), ("negative-points", "72"), ("positive-method", "shi-tomasi"), ("negative-method", "mixed"),
                    ("tracking-group", "5"), ("patch-filter", "on"), ("patch-size", "3"), ("patch-threshold", "0.01"), ("refinement", "12"),
                    ("iou-threshold", "0.7"), ("other-negatives", "off"), ("other-negatives-limit", "all"), ("horizon", "24"), ("tracker-horizon", "24"),
                ]))
        var settings = MethodSettings()
        try settings.apply([
            PresetSetting("model.sam_predictor.sam_model", "samhq_light_vit_tiny", source: .option("--set")),
            PresetSetting("model.point_tracker", "pips_plus_plus", source: .option("--set")),
        ])
        #expect((settings.segmenter, settings.tracker) == ("light-hq-sam", "pips++"))
    }

    @Test("The reference's switch and its variant are two settings, in any order")
    func referenceReinit() throws {
        func variant(_ lines: (String, String)...) throws -> ReinitializationVariant? { try options([("reinit", "off")] + lines).reinitialization }
        let similar = ("reinit_variant", "reinit-on-similar-mask-area")
        #expect(try variant(("use_point_reinit", "true")) == .medianArea)
        #expect(try variant(("use_point_reinit", "true"), similar) == .similarArea)
        #expect(try variant(similar, ("use_point_reinit", "true")) == .similarArea)
        #expect(try variant(similar) == nil)
        #expect(try variant(similar, ("use_point_reinit", "false")) == nil)
        #expect(try variant(("reinit", "reinit-on-horizon-and-sync-masks")) == .horizon)
        #expect(try variant(("reinit", "reinit-on-similar-mask-area-and-sync-masks")) == .similarAreaInStep)
    }

    @Test("Values that are not allowed", arguments: [
        ("positive-points", "0"), ("positive-points", "1001"), ("positive-points", "8.5"), ("positive-points", ""), ("positive-points", "null"),
        ("negative-points", "-1"), ("refinement", "101"), ("refinement", "never"), ("border", "0.5"), ("border", "nan"), ("iou-threshold", "1.5"),
        ("iou-threshold", "inf"), ("prompt-confidence", "all"), ("previous-mask-iou", "2"), ("tracking-group", "0"), ("patch-size", "100"),
        ("memory", "perhaps"), ("specks", "on"), ("reinit", "on"), ("reinit", "reinit-sometimes"), ("horizon", "0"), ("seed", "-1"),
        ("seed", "18446744073709551616"), ("tracker", ""), ("use_point_reinit", "2"), ("sam_model", "hq-sam-vit-h"),
    ])
    func notAllowed(key: String, text: String) {
        var settings = MethodSettings()
        let error = #expect(throws: PresetError.self) { try settings.apply(PresetSetting(key, text, source: .option("--set"))) }
        #expect("\(error.map { "\($0)" } ?? "")".hasPrefix("--set: \(key): \"\(text)\" is not "))
        #expect(settings == MethodSettings())
    }

    @Test("Messages name the key, what is allowed, and the nearest match")
    func messages() {
        func message(_ key: String, _ text: String, _ source: PresetSource = .option("--set")) -> String {
            var settings = MethodSettings()
            do {
                try settings.apply(PresetSetting(key, text, source: source))
                return ""
            } catch {
                return "\(error)"
            }
        }
        #expect(message("positive-points", "0") == "--set: positive-points: \"0\" is not a whole number from 1 to 1000.")
        #expect(
            message("reinit", "medianarea", .file(path: "my.yaml", line: 3))
                == "my.yaml, line 3: reinit: \"medianarea\" is not one of off, rolling, horizon, median-area, similar-area, similar-area-in-step. "
                + "Did you mean median-area?")
        #expect(message("horizon", "x", .option("--horizon")) == "--horizon: \"x\" is not a whole number from 1 to 1000000.")
        #expect(message("prompt-confidence", "traker").hasSuffix("is not a number from 0 to 1, or tracker. Did you mean tracker?"))
        #expect(message("positiv-points", "8").hasPrefix("--set: there is no setting \"positiv-points\". Did you mean positive-points? Settings are segmenter, "))
        #expect(message("reinit_varient", "x").contains("Did you mean reinit_variant?"))
        #expect(message(String(repeating: "long\n", count: 50_000), "x").count < 1000)
    }

    @Test("Values that do not go together")
    func conflicts() throws {
        func check(_ lines: (String, String)...) throws {
            var settings = MethodSettings()
            try settings.apply(lines.map { PresetSetting($0.0, $0.1, source: .option("--set")) })
            defer { #expect((try? settings.validate()) != nil || (try? settings.options(for: Recommending.steady).validate()) == nil) }
            try settings.validate()
            try settings.options(for: Recommending.steady).validate()
        }
        #expect(throws: PresetError.conflict("horizon must be at least 2 with reinit horizon; it is 1.")) { try check(("reinit", "horizon"), ("horizon", "1")) }
        #expect(throws: PresetError.conflict("tracker-horizon must be at least horizon (8), or all; it is 4.")) { try check(("tracker-horizon", "4")) }
        try check(("horizon", "1"))
        try check(("reinit", "horizon"), ("horizon", "2"), ("tracker-horizon", "2"))
        try check(("reinit", "off"), ("horizon", "1"))
    }
}

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
        let preset = try Preset.load(folder.write(
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
        (expected.others.negativePoints, expected.others.usesOtherObjectsAsNegatives, expected.others.maximumOtherNegatives) = (3, false, nil)
        #expect(try preset.settings() == expected)
        #expect(try Preset.load(folder.write(preset.listing(), as: "copy.yml")).settings() == expected)
    }

    @Test("Names of models that YAML would read otherwise come through a listing", arguments: ["- x", "a: b", "#no", "~", "\u{1}\u{85}\"\\", "*x", "ä/ö.pth"])
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
        let options = try Preset.load(folder.write("seed: 7\nextends: ./b.yaml\n", as: "c.yaml")).settings().options(for: Recommending.steady)
        #expect((options.positivePoints, options.negativePoints, options.seed) == (5, 6, 7))
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

    @Test("Contents that are no preset", arguments: [
        ("", "my.yaml: is no preset: it is empty; a preset lists settings, one a line, for example positive-points: 8"),
        ("# nothing\n\n", "is no preset: it is empty"), ("{}", "is no preset: it is empty"), ("---\n", "is no preset: it is empty"),
        ("a", "my.yaml: is no preset: a preset lists settings"), ("- seed: 1\n", "is no preset: a preset lists settings"),
        ("seed: 1\npositive-points: [1, 2]\n", "my.yaml, line 2: is no preset: positive-points: must be one value, not a list"),
        ("memory: {a: b}\n", "memory: must be one value, not a mapping"), ("? [a]\n: b\n", "a setting's name must be text"),
        ("seed: 1\nseed: 2\n", "seed is given twice"), ("seed: 1\n  x: [\n", "my.yaml, line 2: is no preset: it is not YAML: "),
        ("seed: \"1\n", "it is not YAML"), ("seed: *x\n", "it is not YAML: found undefined alias"), ("seed: 1\n---\nseed: 2\n", "it is not YAML"),
        ("seed: \u{0}\n", "it is not text"), ("seed: \u{1}\n", "it is not text"), ("\u{FEFF}seed: x\n", "line 1: seed: \"x\" is not a whole number"),
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
        for nested in [String(repeating: "[", count: 60_000), String(repeating: "{a: ", count: 15_000), String(repeating: "- ", count: 30_000) + "x"] {
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
        #expect(throws: PresetError.unreadable(path: folder.path("absent.yaml"), reason: "no such file or directory")) { try Preset.load(folder.path("absent.yaml")) }
        #expect(throws: PresetError.unreadable(path: folder.url.path, reason: "it is a folder")) { try Preset.load(folder.url.path) }
        let path = try folder.write(String(repeating: "# long\n", count: 20_000))
        #expect(throws: PresetError.invalidFile(reason: "it is larger than 64 KiB", source: .file(path: path, line: nil))) { try Preset.load(path) }
        #expect(throws: PresetError.invalidFile(reason: "it is larger than 64 KiB", source: .file(path: "/dev/zero", line: nil))) { try Preset.load("/dev/zero") }
        try Data([0x73, 0xFF, 0xFE, 0x3A]).write(to: URL(fileURLWithPath: path))
        #expect(throws: PresetError.invalidFile(reason: "it is not text (UTF-8)", source: .file(path: path, line: nil))) { try Preset.load(path) }
    }

    @Test("Names that are neither presets nor files")
    func names() {
        let error = #expect(throws: PresetError.self) { try Preset.load("sam-pt-renit") }
        #expect("\(error.map { "\($0)" } ?? "")".hasPrefix("--preset: there is no preset \"sam-pt-renit\". Did you mean sam-pt-reinit?"))
        #expect(throws: PresetError.self) { try Preset.load("") }
    }

    @Test("Files with changed, cut and repeated pieces are read or refused, and never stop the program")
    func mutations() throws {
        let texts = try ["sam-pt", "sam-pt-uvo"].map { try String(contentsOf: BuiltInPresets.file($0), encoding: .utf8) }
            + ["a: &a [1, {b: *a}]\n? |\n  x\n: >-\n  y\nseed: !!int \"7\"\n%TAG\n--- ...\n"]
        var random = SplitMix64(seed: 7)
        let characters = Array("\n\t \"'#%&*!|>-?:,[]{}~@`\\\0é\u{2028}0a")
        var outcomes = (read: 0, refused: 0)
        for round in 0..<3000 {
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
        #expect(outcomes.read > 100 && outcomes.refused > 100, "\(outcomes)")
    }
}
