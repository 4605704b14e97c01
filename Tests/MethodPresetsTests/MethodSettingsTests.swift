import Testing

@testable import MethodPresets
@testable import SAMPT

@Suite("Settings by name")
struct MethodSettingsTests {
    private func options(_ lines: [(String, String)], _ segmenter: Recommending = .steady) throws -> VideoSegmenterOptions {
        var settings = MethodSettings()
        try settings.apply(lines.map { PresetSetting($0.0, $0.1, source: .option("--set")) })
        return settings.options(for: segmenter)
    }

    /// A value other than the default for every key, and what it does.
    private static let changes: [(PresetKey, String, @Sendable (inout VideoSegmenterOptions) -> Void)] = [
        (.positivePoints, "72", { $0.queryPoints.positives = 72 }), (.negativePoints, "0", { $0.queryPoints.negatives = 0 }),
        (.positiveMethod, "shi-tomasi", { $0.queryPoints.positiveMethod = .shiTomasi }),
        (.negativeMethod, "even", { $0.queryPoints.negativeMethod = .even }),
        (.negativeRegion, "background", { $0.queryPoints.negativeRegion = .background }),
        (.pointMargin, "5", { $0.queryPoints.margin = 5 }),
        (.clicksOnly, "on", { $0.queryPoints.followsClicksOnly = true }),
        (.promptConfidence, "0.5", { $0.tracking.promptConfidence = 0.5 }),
        (.promptConfidence, "tracker", { $0.tracking.promptConfidence = nil }), (.border, "0.01", { $0.tracking.borderShare = 0.01 }),
        (.trackingGroup, "5", { $0.tracking.objectsPerGroup = 5 }), (.patchFilter, "on", { $0.tracking.patchFilter = PatchFilter() }),
        (.backward, "off", { $0.tracking.isBackward = false }), (.refinement, "7", { $0.prompting.refinements = 7 }),
        (.previousMaskIoU, "0.25", { $0.prompting.previousMaskIoU = 0.25 }),
        (.previousMaskIoU, "never", { $0.prompting.previousMaskIoU = nil }),
        (.iouThreshold, "0.7", { $0.prompting.minimumIoU = 0.7 }),
        (.otherNegatives, "off", { $0.prompting.usesOtherObjectsAsNegatives = false }),
        (.otherNegativesLimit, "all", { $0.prompting.maximumOtherNegatives = nil }),
        (.specks, "keep", { $0.prompting.removesSpecks = false }),
        (.memory, "off", { $0.prompting.usesAppearanceMemory = false }), (.reinit, "off", { $0.reinitialization.variant = nil }),
        (.reinit, "median-area", { $0.reinitialization.variant = .medianArea }), (.horizon, "24", { $0.reinitialization.horizon = 24 }),
        (.trackerHorizon, "30", { $0.reinitialization.trackerHorizon = 30 }),
        (.reinitIoUThreshold, "0.1", { $0.reinitialization.minimumIoU = 0.1 }),
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
        #expect(try options(lines).tracking.patchFilter == PatchFilter(size: 5, threshold: 0.5))
        #expect(try options(lines.reversed()).tracking.patchFilter == PatchFilter(size: 5, threshold: 0.5))
        #expect(try options(Array(lines.prefix(2))).tracking.patchFilter == nil)
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
                ("positive_points_per_mask", "8"), ("model.negative_points_per_mask", "72"),
                ("positive_point_selection_method", "shi-tomasi"),
                ("negative_point_selection_method", "mixed"), ("point_tracker_mask_batch_size", "5"),
                ("use_patch_matching_filtering", "True"),
                ("patch_size", "3"), ("patch_similarity_threshold", "0.01"), ("iterative_refinement_iterations", "12"),
                ("sam_iou_threshold", "0.7"),
                ("add_other_objects_positive_points_as_negative_points", "false"), ("max_other_objects_positive_points", "null"),
                ("reinit_horizon", "24"), ("reinit_point_tracker_horizon", "24"),
            ])
                == options([
                    ("positive-points", "8"), ("negative-points", "72"), ("positive-method", "shi-tomasi"), ("negative-method", "mixed"),
                    ("tracking-group", "5"), ("patch-filter", "on"), ("patch-size", "3"), ("patch-threshold", "0.01"), ("refinement", "12"),
                    ("iou-threshold", "0.7"), ("other-negatives", "off"), ("other-negatives-limit", "all"), ("horizon", "24"),
                    ("tracker-horizon", "24"),
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
        func variant(_ lines: (String, String)...) throws -> ReinitializationVariant? {
            try options([("reinit", "off")] + lines).reinitialization.variant
        }
        let similar = ("reinit_variant", "reinit-on-similar-mask-area")
        #expect(try variant(("use_point_reinit", "true")) == .medianArea)
        #expect(try variant(("use_point_reinit", "true"), similar) == .similarArea)
        #expect(try variant(similar, ("use_point_reinit", "true")) == .similarArea)
        #expect(try variant(similar) == nil)
        #expect(try variant(similar, ("use_point_reinit", "false")) == nil)
        #expect(try variant(("reinit", "reinit-on-horizon-and-sync-masks")) == .horizon)
        #expect(try variant(("reinit", "reinit-on-similar-mask-area-and-sync-masks")) == .similarAreaInStep)
    }

    @Test(
        "Values that are not allowed",
        arguments: [
            ("positive-points", "0"), ("positive-points", "1001"), ("positive-points", "8.5"), ("positive-points", ""),
            ("positive-points", "null"),
            ("negative-points", "-1"), ("refinement", "101"), ("refinement", "never"), ("border", "0.5"), ("border", "nan"),
            ("iou-threshold", "1.5"),
            ("iou-threshold", "inf"), ("prompt-confidence", "all"), ("previous-mask-iou", "2"), ("tracking-group", "0"),
            ("patch-size", "100"),
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
        #expect(
            message("positiv-points", "8").hasPrefix(
                "--set: there is no setting \"positiv-points\". Did you mean positive-points? Settings are segmenter, "))
        #expect(message("reinit_varient", "x").contains("Did you mean reinit_variant?"))
        #expect(message(String(repeating: "long\n", count: 50_000), "x").count < 1000)
    }

    @Test("Values that do not go together")
    func conflicts() throws {
        func check(_ lines: (String, String)...) throws {
            var settings = MethodSettings()
            try settings.apply(lines.map { PresetSetting($0.0, $0.1, source: .option("--set")) })
            try settings.validate()
            try settings.options(for: Recommending.steady).validate()
        }
        #expect(throws: PresetError.conflict("horizon must be at least 2 with reinit horizon; it is 1.")) {
            try check(("reinit", "horizon"), ("horizon", "1"))
        }
        #expect(throws: PresetError.conflict("tracker-horizon must be at least horizon (8), or all; it is 4.")) {
            try check(("tracker-horizon", "4"))
        }
        try check(("horizon", "1"))
        try check(("reinit", "horizon"), ("horizon", "2"), ("tracker-horizon", "2"))
        try check(("reinit", "off"), ("horizon", "1"))
    }
}
