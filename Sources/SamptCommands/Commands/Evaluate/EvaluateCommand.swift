import ArgumentParser
import Foundation
import Media
import MethodPresets
import SAMPT
import SegmentationJobs
import Support
import VideoBenchmarks

struct EvaluateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate", abstract: "Measure quality on benchmark datasets.",
        discussion: """
            A data set's name runs the method on it. Masks that exist already are scored by "sampt score".

            \(CommandStatus.help)
            """,
        subcommands: [
            EvaluateDAVIS2016.self, EvaluateDataset<DAVIS2017Set>.self, EvaluateDataset<DAVIS2017TestSet>.self,
            EvaluateDataset<YouTubeVOS2018Set>.self, EvaluateDataset<YouTubeVOS2019Set>.self, EvaluateDataset<MOSESet>.self,
            EvaluateDataset<BDD100KSet>.self, EvaluateDataset<SAVSet>.self, EvaluateDataset<LVOSSet>.self, EvaluateDataset<FolderSet>.self,
            EvaluateUVO.self,
            EvaluateMerge.self, EvaluateBuildBDD100K.self, EvaluatePoints.self, EvaluateConfidence.self, EvaluateSynthesize.self,
        ])
}

struct EvaluateDAVIS2016: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "davis2016",
        abstract: "J and F on DAVIS-2016: segment each sequence from its first mask, or score masks that exist.",
        discussion: """
            Runs the pipeline on every sequence of the list from the mask of its first frame, or, with --results, scores the masks in a \
            folder (<folder>/<sequence>/<frame>.png, every id above 0 is foreground). The first and the last frame do not count.

              sampt evaluate davis2016 --root DAVIS \\
                --list DAVIS/ImageSets/480p/val.txt --json scores.json
              sampt evaluate davis2016 --root DAVIS \\
                --list DAVIS/ImageSets/480p/val.txt --preset sam-pt --json scores.json

            With --out it does what the other data sets' commands do: it resumes, runs several seeds or a table of settings, and writes reports. \
            --list is then that of the data set if it is left out; --split, --resolution and --truth say otherwise.

              sampt evaluate davis2016 --root DAVIS --out results/ --sweep table2 --seeds 8

            \(CommandStatus.help)
            """)

    @OptionGroup(title: "Data") var data: DatasetOptions
    @Option(help: "Write the scores to this file, as JSON with mean.j, mean.f, mean.jf and the same for each sequence.")
    var json: String?
    @Option(help: "Write the masks to this folder, as index PNGs.")
    var masks: String?
    @Option(help: "Score the masks in this folder instead of running the pipeline.")
    var results: String?
    @Flag(help: "Print nothing but errors.")
    var quiet = false

    @OptionGroup(title: "Running with --out") var running: EvaluationOptions
    @OptionGroup(title: "Presets and models") var models: ModelOptions
    @OptionGroup(title: "Method") var method: MethodOptions

    func validate() throws {
        try data.checkEffect(on: .davis2016)
        if running.out == nil, data.list == nil { throw ValidationError("Give the list of sequences: --list.") }
        if running.out == nil, let option = (data.particular + running.given).first {
            throw ValidationError("\(option) has no effect without --out.")
        }
        if running.out != nil, let option = [("--json", json), ("--masks", masks), ("--results", results)].first(where: { $0.1 != nil })?.0
        {
            throw ValidationError(
                "\(option) has no effect with --out: scores and masks are in that folder. Existing masks are scored by \"sampt score\".")
        }
        guard results != nil else { return }
        let idle = (masks == nil ? [] : ["--masks"]) + models.given + method.requests.map(\.option)
        if let option = idle.first {
            throw ValidationError("\(option) has no effect with --results: the masks that are there are scored, and nothing runs.")
        }
    }

    func run() async throws {
        try await withExitStatus {
            guard running.out == nil else {
                return try await EvaluationJob(
                    kind: .davis2016, location: data.location, running: running, models: models, method: method,
                    isQuiet: quiet
                ).run()
            }
            let list = data.list ?? ""
            if let json { try OutputFile.check(json) }
            try OutputName.checkText(json, form: "JSON", option: "--json")
            let settings = try models.settings(with: method, for: .firstMask)
            let dataset = try DAVIS2016(root: data.root, list: list)
            for finding in dataset.findings { StandardError.print("sampt: \(finding)") }
            try checkOutputs(dataset, list, settings)
            let (report, failure) = try await evaluate(dataset, settings)
            show(report)
            if let json { try AtomicFile.write(report.json(), to: json) }
            if let failure { throw failure }
            return .success
        }
    }

    /// Finds outputs that would take the place of something, before models are loaded.
    private func checkOutputs(_ dataset: DAVIS2016, _ list: String, _ settings: MethodSettings) throws {
        var claims = try FileClaims(preset: models.presets.preset, segmenter: settings.segmenter, tracker: settings.tracker)
        claims.read(list, as: "the list")
        for sequence in dataset.sequences {
            for path in sequence.frames { claims.read(path, as: "a frame of \(sequence.name)") }
            for path in sequence.annotations + (results.map { sequence.resultFiles(in: $0) } ?? []) {
                claims.read(path, as: "a mask of \(sequence.name)")
            }
        }
        if let json { try claims.write(json, by: "--json") }
        if let masks { try claims.write(folder: masks, names: dataset.sequences.flatMap(\.resultNames), by: "--masks") }
    }

    private func show(_ report: DAVISReport) {
        guard !quiet else { return }
        StandardOutput.print(
            "sequence".padded(to: 24) + "     J      F    J&F" + (report.mean.confidence == nil ? "" : "   rank of confidence, its error"))
        for (name, entry) in report.sequences.sorted(by: { $0.key < $1.key }) {
            StandardOutput.print(row(name, entry.j, entry.f, entry.jf) + Self.columns(entry.confidence))
        }
        StandardOutput.print(row("mean", report.mean.j, report.mean.f, report.mean.jf) + Self.columns(report.mean.confidence))
    }

    /// - Returns: the scores, and why masks could not be written.
    private func evaluate(_ dataset: DAVIS2016, _ settings: MethodSettings) async throws -> (DAVISReport, (any Error)?) {
        if let results { return (try dataset.score(results: results), nil) }
        let (segmenter, tracker) = try models.makeModels(settings)
        let pipeline = VideoSegmenter(segmenter: segmenter, tracker: tracker, options: settings.options(for: segmenter))
        var evaluation = DAVIS2016Evaluation(segmenter: pipeline, masksFolder: masks)
        var failure: (any Error)?
        var scores: [String: SequenceScore] = [:]
        for (index, sequence) in dataset.sequences.enumerated() {
            let start = ContinuousClock.now
            let reporter = ProgressReporter(isQuiet: quiet)
            let (score, unwritten) = try await evaluation.run(sequence) { done, total in
                let elapsed = start.secondsAgo
                reporter.show(SegmentationProgress(framesDone: done, framesTotal: total, secondsElapsed: elapsed))
            }
            reporter.close()
            if let unwritten {
                // The scores are worth going on for.
                (failure, evaluation.masksFolder) = (unwritten, nil)
                StandardError.print("sampt: \(unwritten) No more masks are written.")
            }
            scores[sequence.name.text] = score
            guard !quiet else { continue }
            let seconds = start.secondsAgo
            let rate = String(format: "%.1f frames/s", Double(sequence.frames.count) / max(seconds, 1e-3))
            StandardError.print(
                "[\(index + 1)/\(dataset.sequences.count)] \(row(sequence.name.text, score.j.mean, score.f.mean, score.jf))  \(rate)")
        }
        return (DAVISReport(scores, findings: dataset.findings), failure)
    }

    /// Rank correlation of confidence and J, and the mean error of confidence.
    private static func columns(_ agreement: ConfidenceAgreement?) -> String {
        guard let agreement else { return "" }
        return [agreement.rankCorrelation, agreement.meanAbsoluteError].map { "  " + ConfidenceTable.number($0) }.joined()
    }

    private func row(_ name: String, _ j: Double, _ f: Double, _ jf: Double) -> String {
        name.padded(to: 24) + String(format: " %.3f  %.3f  %.3f", j, f, jf)
    }
}

extension String {
    func padded(to width: Int) -> String {
        count >= width ? self : self + String(repeating: " ", count: width - count)
    }
}
