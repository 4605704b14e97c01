import Foundation
import Media

extension EvaluationOutput {
    /// Scores a run's masks as far as they are there.
    /// - Returns: nil where the data set has no truth here, or nothing has been done.
    public func score(_ run: EvaluationRun, _ progress: Progress, _ dataset: VideoDataset, threads: Int) async throws -> ScoreReport? {
        guard let truth = dataset.truth, !progress.records.isEmpty else { return nil }
        var scorer = FolderScorer(dataset.scoring, description: dataset.description)
        scorer.sequences = progress.records.map(\.video)
        scorer.threads = threads
        // Ours have ids, and every frame.
        (scorer.rules.expectsOtherLevels, scorer.rules.expectsFramesBetween) = (true, true)
        if let description = dataset.description {
            let done = Set(progress.records.map(\.video))
            scorer.description?.objects = description.objects.filter { done.contains($0.key) }
        }
        let report = try await scorer.score(truth: MaskFolder(truth), results: MaskFolder(run.masks(in: path, dataset.submission)))
        return ScoreReport(
            report.protocolName, objects: report.objects,
            findings: progress.findings + report.findings.filter { !progress.findings.contains($0) }, truth: report.truth,
            results: report.results, cost: report.cost)
    }

    /// Packs the masks that a run has done for the data set's server; what an earlier one left of other videos stays out.
    /// - Returns: the archive; nil where nothing has been done.
    public func archive(_ run: EvaluationRun, _ progress: Progress, _ dataset: VideoDataset) throws -> String? {
        guard !progress.records.isEmpty else { return nil }
        let target = run.path(in: path) + "/submission.zip"
        let folder = dataset.submission.folder
        let done = Set(progress.records.map { (folder.isEmpty ? "" : folder + "/") + $0.video })
        let depth = folder.isEmpty ? 1 : 2
        try ZipFile.write(folder: run.path(in: path) + "/masks", to: target, pathExtensions: ["png"]) { name in
            done.contains(name.split(separator: "/").prefix(depth).joined(separator: "/"))
        }
        return target
    }
}
