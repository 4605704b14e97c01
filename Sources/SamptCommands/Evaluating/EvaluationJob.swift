import Foundation
import Media
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
        // Before hours of work, not after them.
        if let truth = location.truth { _ = try MaskFolder(truth) }
        for finding in dataset.findings { StandardError.print("sampt: \(finding)") }
        let output = EvaluationOutput(
            path: out,
            manifest: .init(
                program: "sampt \(ProgramVersion.current)", command: ProcessInfo.processInfo.arguments, processor: Machine.processor,
                dataset: kind, location: location, prompt: running.prompt, runs: rows.runs, published: rows.published))
        try output.writeManifest()
        var evaluation = DatasetEvaluation(dataset, prompt: running.prompt, output: out)
        if let shard = running.shard { evaluation.shard = shard }
        evaluation.spoolBytes = UInt64(running.disk) << 30
        let base = evaluation
        let runner = EvaluationRunner(
            rows: rows, models: models, running: running, frames: evaluation.videos.reduce(0) { $0 + $1.frames.count }, isQuiet: isQuiet)
        let outcome = try await runner.run { entries, jobs, progress in
            var evaluation = base
            evaluation.jobs = jobs
            return try await evaluation.run(entries, progress: progress)
        }
        guard let outcome else { return .interrupted }
        guard running.shard == nil else {
            if !isQuiet { StandardError.print("This part is done. \"sampt evaluate merge\" puts the parts together and scores them.") }
            return outcome.failures.isEmpty ? .success : .partial
        }
        let isWhole = try await EvaluationFinish(
            output: output, dataset: dataset, said: dataset.findings + outcome.failures(among: rows.runs),
            makesArchives: !running.noArchive, isQuiet: isQuiet
        ).run()
        return isWhole && outcome.failures.isEmpty ? .success : .partial
    }
}
