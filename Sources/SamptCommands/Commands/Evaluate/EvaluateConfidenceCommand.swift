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
        abstract: "Compare masks' confidence with their true J on synthetic clips.",
        discussion: """
            Follows things in made-up clips from their exact masks, in turn at normal, double and triple speed, and compares the confidence of every \
            mask with its true intersection over union: whether it orders frames rightly (rank correlation) and can be taken at its word (error, \
            reliability by tenths). Tells how far the numbers can be trusted with models other than the built-in ones.

              sampt evaluate confidence --clips 20 --clip-seed 1000 \\
                --json confidence.json

            \(CommandStatus.help)
            """)

    @Option(help: "How many clips.")
    var clips = 20
    @Option(help: ArgumentHelp("Seeds the clips; the same seed gives the same clips.", valueName: "n"))
    var clipSeed: UInt64 = 1000
    @Option(help: ArgumentHelp("The clips' size.", valueName: "width x height"))
    var size = FrameSize(ImageSize(width: 256, height: 256))
    @Option(help: ArgumentHelp("Frames in each clip.", valueName: "n"))
    var frames = 32
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
        guard (1...100_000).contains(clips) else { throw ValidationError("--clips must be between 1 and 100000.") }
        guard (2...10_000).contains(frames) else { throw ValidationError("--frames must be between 2 and 10000.") }
        guard size.size.width >= 16, size.size.height >= 16 else { throw ValidationError("--size must be at least 16x16.") }
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
            let outcomes = try await evaluate(settings)
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
        let (segmenter, tracker) = try models.makeModels(settings, frame: size.size)
        let evaluation = ConfidenceEvaluation(
            segmenter: VideoSegmenter(segmenter: segmenter, tracker: tracker, options: settings.options(for: segmenter)))
        var outcomes: [ConfidenceEvaluation.Outcome] = []
        for index in 0..<clips {
            let stride = 1 + index % 3
            let set = SyntheticClips(count: clips, seed: clipSeed, size: size.size, frameCount: 1 + (frames - 1) * stride, pointCount: 0)
            let found = try await evaluation.run(try set.clip(at: index), stride: stride)
            outcomes += found
            let agreement = ConfidenceAgreement(found.map(\.sample))
            guard !quiet else { continue }
            StandardError.print(
                "[\(index + 1)/\(clips)] \(set.videoNames[index])  \(found.count) masks, rank \(ConfidenceTable.number(agreement.rankCorrelation)), "
                    + "error \(ConfidenceTable.number(agreement.meanAbsoluteError))")
        }
        return outcomes
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
