import Foundation
import Testing

@testable import MethodPresets
@testable import SAMPT

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
        #expect(copy.paperData == preset.paperData)
        // The paper's number of one data set stands beside no other one's.
        let own = preset.paperData ?? "davis2017"
        #expect(preset.paperScore(on: own) == preset.paperScore && preset.paperScore(on: "mose") == nil)
    }

    @Test("The list names the files that are there, no more and no fewer")
    func list() throws {
        let folder = try BuiltInPresets.file("default").deletingLastPathComponent()
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(Set(files.filter { $0.hasSuffix(".yaml") }) == Set(BuiltInPresets.names.map { $0 + ".yaml" }))
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
        expected.queryPoints.positiveMethod = .kMedoids
        expected.queryPoints.negativeMethod = .mixed
        expected.queryPoints.positives = 16
        expected.queryPoints.negatives = 1
        expected.queryPoints.margin = 0
        expected.queryPoints.negativeRegion = .background
        expected.queryPoints.followsClicksOnly = true
        expected.tracking.promptConfidence = nil
        expected.tracking.borderShare = 0.01
        expected.tracking.objectsPerGroup = 5
        expected.tracking.patchFilter = nil
        expected.tracking.isBackward = true
        expected.prompting.refinements = 12
        expected.prompting.previousMaskIoU = nil
        expected.prompting.minimumIoU = 0.7
        expected.prompting.usesOtherObjectsAsNegatives = true
        expected.prompting.maximumOtherNegatives = nil
        expected.prompting.removesSpecks = false
        expected.prompting.usesAppearanceMemory = false
        expected.reinitialization.variant = nil
        (expected.reinitialization.horizon, expected.reinitialization.trackerHorizon, expected.reinitialization.minimumIoU) = (24, 24, 0)
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
            (expected.reinitialization.variant, expected.reinitialization.horizon, expected.reinitialization.trackerHorizon) = (
                variant, horizon, horizon
            )
            expected.reinitialization.minimumIoU = 0
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
            let text =
                "table2-\(options.queryPoints.positiveMethod.rawValue)-\(options.queryPoints.positives)-\(options.queryPoints.negatives)-\(options.prompting.refinements)"
            #expect(name == text + (options.reinitialization.variant == nil ? "" : "-reinit"))
            var expected = try Preset.load(options.reinitialization.variant == nil ? "sam-pt" : "sam-pt-reinit").settings().options(
                for: Recommending.thorough)
            (expected.queryPoints.positiveMethod, expected.queryPoints.positives) = (
                options.queryPoints.positiveMethod, options.queryPoints.positives
            )
            (expected.queryPoints.negatives, expected.prompting.refinements) = (
                options.queryPoints.negatives, options.prompting.refinements
            )
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
            return PresetKey.allCases.filter { $0.text(in: base) != $0.text(in: settings) }.map {
                "\($0.rawValue)=\($0.text(in: settings))"
            }
        }
        #expect(try differences("sam-pt-mose") == ["refinement=0"])
        #expect(try differences("sam-pt-bdd100k") == ["tracking-group=100", "refinement=0"])
        #expect(try differences("sam-pt-uvo") == ["tracking-group=100", "refinement=0", "other-negatives=off", "seed=36"])
        #expect(try differences("sam-pt-pips") == ["tracker=pips", "positive-points=8"])
        #expect(try differences("sam-pt-pips-plus-plus") == ["tracker=pips++", "positive-points=8"])
        #expect(try differences("sam-pt-tapir") == ["tracker=tapir", "positive-points=32", "negative-points=72", "refinement=24"])
        #expect(
            try differences("sam-pt-superglue") == ["tracker=superglue", "negative-points=0", "positive-method=random", "refinement=3"])
    }
}
