import ArgumentParser
import Foundation
import Media
import MethodPresets
import SAMPT
import SegmentationJobs
import Support
import VideoBenchmarks

/// `sampt evaluate DATASET`: from options to masks, scores and reports.
struct EvaluationJob: Sendable {
    var kind: DatasetKind
    var location: DatasetKind.Location
    var running: EvaluationOptions
    var models: ModelOptions
    var method: MethodOptions
    var isQuiet: Bool

    /// - Returns: `.partial` when videos could not be run, `.interrupted` after Ctrl-C.
    func run() async throws -> CommandStatus {
        guard let out = running.out else { throw CommandError.usage("Give a folder for masks and scores: --out.") }
        let rows = try EvaluationRows(models: models, method: method, running: running, dataset: kind.rawValue)
        var claims = try FileClaims(preset: models.presets.preset)
        claims.read(location.root, as: "the data set")
        for (path, what) in [(location.list, "the list"), (location.categories, "the categories"), (location.truth, "the truth")] {
            if let path { claims.read(path, as: what) }
        }
        for file in rows.files { claims.read(file, as: "the sweep") }
        try claims.write(folder: out, names: EvaluationFinish.names, by: "--out")
        let dataset = try kind.read(location)
        for finding in dataset.findings { StandardError.print("sampt: \(finding)") }
        let output = EvaluationOutput(
            path: out,
            manifest: .init(
                program: "sampt \(ProgramVersion.current)", command: ProcessInfo.processInfo.arguments, processor: Machine.processor,
                dataset: kind, location: location, prompt: running.prompt, runs: rows.runs))
        try output.writeManifest()
        let interruption = Interruption()
        interruption.listen()
        let work = Task { try await segment(dataset, rows, out) }
        interruption.onRequest { work.cancel() }
        let outcome: DatasetEvaluation.Outcome
        do { outcome = try await work.value } catch is CancellationError where interruption.isRequested {
            StandardError.print("Interrupted. The same command goes on from here.")
            return .interrupted
        }
        for failure in outcome.failures { StandardError.print("sampt: \(failure)") }
        if !isQuiet, outcome.kept > 0 { StandardError.print("\(outcome.kept) videos were there already, made from the same.") }
        if running.shard == nil {
            _ = try await EvaluationFinish(
                output: output, dataset: dataset, failures: outcome.failures, makesArchives: !running.noArchive, isQuiet: isQuiet
            ).run()
        } else if !isQuiet {
            StandardError.print("This part is done. \"sampt evaluate merge\" puts the parts together and scores them.")
        }
        return outcome.failures.isEmpty ? .success : .partial
    }

    /// Settings that share their models run together, video by video, so that what they have in common is computed once.
    private func segment(_ dataset: VideoDataset, _ rows: EvaluationRows, _ out: String) async throws -> DatasetEvaluation.Outcome {
        var outcome = DatasetEvaluation.Outcome()
        for group in rows.groups {
            try Task.checkCancellation()
            let (segmenter, tracker) = try models.makeModels(group[0].settings)
            var evaluation = DatasetEvaluation(dataset, prompt: running.prompt, output: out)
            if let shard = running.shard { evaluation.shard = shard }
            evaluation.spoolBytes = UInt64(running.disk) << 30
            evaluation.jobs = try running.jobs ?? usualJobs(group[0].settings)
            let entries = group.map { row in
                var options = row.settings.options(for: segmenter)
                options.seed = row.run.seed
                // Before its query frame an object is not known.
                options.tracking.isBackward = false
                return DatasetEvaluation.Entry(
                    run: row.run, segmenter: VideoSegmenter(segmenter: segmenter, tracker: tracker, options: options))
            }
            let reporter = ProgressReporter(isQuiet: isQuiet)
            defer { reporter.close() }
            let part = try await evaluation.run(entries) { progress in
                reporter.show(isLast: false) {
                    let left = progress.secondsLeft.isFinite ? ", \(ProgressReporter.duration(progress.secondsLeft)) left" : ""
                    let rate = String(format: "%.1f frames/s", progress.framesPerSecond)
                    return
                        "[\(progress.videosDone)/\(progress.videos)] \(progress.video)  \(progress.framesDone)/\(progress.frames) frames, \(rate)\(left)"
                }
            }
            outcome.done += part.done
            outcome.kept += part.kept
            outcome.failures += part.failures
        }
        return outcome
    }

    /// Networks use all cores; several videos at once pay where there are many, and memory holds them.
    private func usualJobs(_ settings: MethodSettings) throws -> Int {
        let need = MemoryNeed(
            models: [try models.segmenter.choice(settings.segmenter), try models.tracker.choice(settings.tracker)],
            frame: MemoryNeed.usualFrame
        ).bytes
        return Self.usualJobs(need: need, on: .here())
    }

    /// - Parameter need: of one, in bytes.
    static func usualJobs(need: Int, on machine: MachineResources) -> Int { max(1, min(machine.cores / 4, machine.memory / max(1, need))) }
}
