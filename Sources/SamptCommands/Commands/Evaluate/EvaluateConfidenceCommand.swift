import ArgumentParser
import Foundation
import Media
import MethodPresets
import SAMPT
import SegmentationJobs
import Support
import VideoBenchmarks

struct EvaluateConfidence: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "confidence",
        abstract: "Compare masks' confidence with their true J, on synthetic clips or your own.",
        discussion: """
            Follows things in made-up clips from their exact masks, in turn at normal, double and triple speed, and compares the confidence of every \
            mask with its true intersection over union: whether it orders frames rightly (rank correlation) and can be taken at its word (error, \
            reliability by tenths). Tells how far the numbers can be trusted with models other than the built-in ones.

              sampt evaluate confidence --clips 20 --clip-seed 1000 \\
                --json confidence.json

            On videos of which you have masks (root/JPEGImages/<video>/ and root/Annotations/<video>/), at their own speed:

              sampt evaluate confidence --root labelled/ --csv evidence.csv

            \(CommandStatus.help)
            """)

    @Option(help: ArgumentHelp("A folder of videos and their masks, in place of synthetic clips.", valueName: "folder"))
    var root: String?
    @Option(help: "How many clips. (default: 20)")
    var clips: Int?
    @Option(help: ArgumentHelp("Seeds the clips; the same seed gives the same clips. (default: 1000)", valueName: "n"))
    var clipSeed: UInt64?
    @Option(help: ArgumentHelp("The clips' size. (default: 256x256)", valueName: "width x height"))
    var size: FrameSize?
    @Option(help: ArgumentHelp("Frames in each clip. (default: 32)", valueName: "n"))
    var frames: Int?
    @Option(help: "Write the agreement to this JSON file.")
    var json: String?
    @Option(
        help: ArgumentHelp("Write the evidence, confidence and J of every object and frame to this file, for fitting.", valueName: "file"))
    var csv: String?
    @Flag(help: "Print nothing but errors.")
    var quiet = false
    @OptionGroup(title: "Presets and models") var models: ModelOptions
    @OptionGroup(title: "Method") var method: MethodOptions

    func validate() throws {
        if let clips, !(1...100_000).contains(clips) { throw ValidationError("--clips must be between 1 and 100000.") }
        if let frames, !(2...10_000).contains(frames) { throw ValidationError("--frames must be between 2 and 10000.") }
        if let size, size.size.width < 16 || size.size.height < 16 { throw ValidationError("--size must be at least 16x16.") }
        guard root != nil else { return }
        let ofClips = [("--clips", clips != nil), ("--clip-seed", clipSeed != nil), ("--size", size != nil), ("--frames", frames != nil)]
        if let (option, _) = ofClips.first(where: \.1) {
            throw ValidationError("\(option) has no effect with --root: there are no synthetic clips.")
        }
    }

    func run() async throws {
        try await withExitStatus {
            let settings = try models.settings(with: method, for: .firstMasks)
            var claims = try FileClaims(preset: models.presets.preset, segmenter: settings.segmenter, tracker: settings.tracker)
            for (path, option, form) in [(json, "--json", "JSON"), (csv, "--csv", "CSV")] {
                guard let path else { continue }
                try claims.write(path, by: option)
                try OutputFile.check(path)
                try OutputName.checkText(path, form: form, option: option)
            }
            let outcomes = if let root { try await evaluate(settings, videosIn: root) } else { try await evaluate(settings) }
            let agreement = ConfidenceAgreement(outcomes.map(\.sample))
            if !quiet { for line in ConfidenceTable.lines(agreement) { StandardOutput.print(line) } }
            // One that cannot be written does not keep the other from it.
            let evidence = Result { if let csv { try AtomicFile.write(Data(ConfidenceTable.csv(outcomes).utf8), to: csv) } }
            if let json {
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
                try AtomicFile.write(encoder.encode(agreement), to: json)
            }
            try evidence.get()
            return .success
        }
    }

    private func evaluate(_ settings: MethodSettings) async throws -> [ConfidenceEvaluation.Outcome] {
        let clips = clips ?? 20
        let size = size?.size ?? ImageSize(width: 256, height: 256)
        let evaluation = try evaluation(settings, frame: size)
        var outcomes: [ConfidenceEvaluation.Outcome] = []
        for index in 0..<clips {
            let stride = 1 + index % 3
            let set = SyntheticClips(
                count: clips, seed: clipSeed ?? 1000, size: size, frameCount: 1 + ((frames ?? 32) - 1) * stride, pointCount: 0)
            let found = try await evaluation.run(try set.clip(at: index), stride: stride)
            outcomes += found
            tell(found, of: set.videoNames[index], "\(index + 1)/\(clips)")
        }
        return outcomes
    }

    private func evaluate(_ settings: MethodSettings, videosIn root: String) async throws -> [ConfidenceEvaluation.Outcome] {
        let (videos, findings, size) = try await onThread {
            let (videos, findings) = try DatasetKind.folder.read(.init(root: root)).videosWithTruth()
            return (videos, findings, try videos.first.map { try FrameFolder(name: $0.name.text, paths: $0.frames).size })
        }
        for finding in findings { StandardError.print("sampt: \(finding)") }
        let evaluation = try evaluation(settings, frame: size ?? ImageSize(width: 854, height: 480))
        var outcomes: [ConfidenceEvaluation.Outcome] = []
        for (index, video) in videos.enumerated() {
            let found = try await evaluation.run(video)
            outcomes += found
            tell(found, of: video.name.text, "\(index + 1)/\(videos.count)")
        }
        return outcomes
    }

    private func evaluation(_ settings: MethodSettings, frame: ImageSize) throws -> ConfidenceEvaluation {
        let (segmenter, tracker) = try models.makeModels(settings, frame: frame)
        return ConfidenceEvaluation(
            segmenter: VideoSegmenter(segmenter: segmenter, tracker: tracker, options: settings.options(for: segmenter)))
    }

    private func tell(_ found: [ConfidenceEvaluation.Outcome], of name: String, _ progress: String) {
        guard !quiet else { return }
        let agreement = ConfidenceAgreement(found.map(\.sample))
        StandardError.print(
            "[\(progress)] \(name)  \(found.count) masks, rank \(ConfidenceTable.number(agreement.rankCorrelation)), "
                + "error \(ConfidenceTable.number(agreement.meanAbsoluteError))")
    }
}

/// Agreement of confidence and truth as text.
enum ConfidenceTable {
    static func lines(_ agreement: ConfidenceAgreement) -> [String] {
        let bins = agreement.reliability.map { bin in
            String(format: "%.1f to %.1f  %6d  %.3f       %.3f", bin.from, bin.from + 0.1, bin.frames, bin.meanConfidence, bin.meanJ)
        }
        return [
            "masks \(agreement.frames), rank correlation with J \(number(agreement.rankCorrelation)), "
                + "mean absolute error \(number(agreement.meanAbsoluteError)), bias \(number(agreement.bias))",
            "confidence   masks  confidence  J",
        ] + bins
    }

    static func number(_ value: Double?) -> String { value.map { String(format: "%.3f", $0) } ?? "    -" }

    static func csv(_ outcomes: [ConfidenceEvaluation.Outcome]) -> String {
        let names = MaskEvidence.given.values.map(\.name)
        let header = (["clip", "object", "frame", "origin"] + names + ["confidence", "j"]).joined(separator: ",")
        let rows = outcomes.map { outcome in
            let numbers = outcome.evidence.values.map { String($0.value) } + [String(outcome.evidence.confidence), String(outcome.j)]
            return (["\(outcome.clip)", "\(outcome.object)", "\(outcome.frame)", "\(outcome.evidence.origin)"] + numbers).joined(
                separator: ",")
        }
        return ([header] + rows).joined(separator: "\n") + "\n"
    }
}
