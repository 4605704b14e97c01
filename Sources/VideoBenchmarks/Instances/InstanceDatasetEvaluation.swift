import Foundation
import Media
import SAMPT
import Segmenters
import Support

/// Runs settings of the method over the videos of an instance data set, as `DatasetEvaluation` does over one with masks: several videos at
/// once, each with a record, so that a run that was stopped goes on.
public struct InstanceDatasetEvaluation: Sendable {
    public var dataset: InstanceDataset
    /// The folder for tubes and records.
    public var output: String
    public var shard = DatasetEvaluation.Shard.whole
    /// Videos at once.
    public var jobs = 1
    /// The most bytes that what settings have in common may take in the temporary folder, all videos at once together.
    public var spoolBytes: UInt64 = 4 << 30
    /// Finds what there is in a first frame, where no proposals are given.
    public var finder = AutomaticMasks()

    public init(_ dataset: InstanceDataset, output: String) { (self.dataset, self.output) = (dataset, output) }

    /// The videos of the shard.
    public var videos: [VideoInstanceTruth.Video] {
        dataset.truth.videos.enumerated().filter { shard.contains($0.offset) }.map(\.element)
    }

    /// - Parameters:
    ///   - entries: settings that share their segmenter.
    ///   - progress: from any thread.
    /// - Throws: `FileError.unwritable` when results cannot be written, `CancellationError`; videos that fail otherwise are in the outcome,
    ///   and the others go on.
    public func run(
        _ entries: [DatasetEvaluation.Entry], progress: (@Sendable (EvaluationProgress) -> Void)? = nil
    ) async throws -> DatasetEvaluation.Outcome {
        let videos = videos
        let outcome = Protected(DatasetEvaluation.Outcome())
        let loop = VideoLoop(
            videos: videos.map { .init(name: "video \($0.id)", frames: ($0.fileNames?.count ?? 0) * entries.count) }, jobs: jobs)
        let spoolBytes = spoolBytes / UInt64(max(1, min(jobs, videos.count)))
        try await loop.run(progress: progress) { index, reporter in
            let video = videos[index]
            do { try await run(video, entries, spoolBytes, outcome, reporter) } catch {
                try outcome.withLock { try $0.note(error, "\(video.id)", entries.map(\.run), output: output) }
            }
        }
        return outcome.withLock { $0 }
    }

    private func run(
        _ video: VideoInstanceTruth.Video, _ entries: [DatasetEvaluation.Entry], _ spoolBytes: UInt64,
        _ outcome: Protected<DatasetEvaluation.Outcome>, _ reporter: VideoLoop.Reporter
    ) async throws {
        let frames = try video.frames(below: dataset.root)
        let data = video.dataFingerprint(frames).text
        let open = entries.filter { !isDone($0.run, video, data) }
        outcome.withLock { $0.kept += entries.count - open.count }
        reporter.passed((entries.count - open.count) * frames.count)
        guard !open.isEmpty else { return }
        let source = try await onThread { try FrameFolder(name: String(video.id), paths: frames) }
        let store = FrameStore(
            source, capacity: open.map(\.segmenter.storeCapacity).max() ?? 8, spoolBudget: spoolBytes, spoolKeepsFirst: true)
        let lease = store.keepFeatures(of: 0..<source.frameCount, withPictures: open.count > 1)
        for entry in open {
            do {
                let record = try await make(entry, video, store, data, reporter)
                outcome.withLock { $0.done.append(record) }
            } catch {
                try outcome.withLock { try $0.note(error, "\(video.id)", [entry.run], output: output) }
            }
        }
        withExtendedLifetime(lease) {}
    }

    private func isDone(_ run: EvaluationRun, _ video: VideoInstanceTruth.Video, _ data: String) -> Bool {
        guard let record = RunRecord.read(run.record(of: "\(video.id)", in: output)) else { return false }
        guard record.settings == run.settings, record.data == data else { return false }
        return FileManager.default.fileExists(atPath: InstanceDataset.product(run, "\(video.id)", output))
    }

    private func make(
        _ entry: DatasetEvaluation.Entry, _ video: VideoInstanceTruth.Video, _ store: FrameStore, _ data: String,
        _ reporter: VideoLoop.Reporter
    ) async throws -> RunRecord {
        let start = ContinuousClock.now
        let proposals: InstanceEvaluation.Proposals =
            dataset.proposals.map { .given($0.byVideo[video.id] ?? []) } ?? .automatic(finder, most: InstanceDataset.mostProposals)
        let tubes = try await InstanceEvaluation(segmenter: entry.segmenter).run(
            video: video.id, store: store, proposals: proposals
        ) { _, _ in reporter.made(1) }
        let name = "\(video.id)"
        try entry.run.forget(name, in: output)
        let target = InstanceDataset.product(entry.run, name, output)
        _ = try OutputFolder(PathParts(target).folder)
        try VideoInstanceResults.write(tubes, to: target)
        let record = RunRecord(
            video: name, settings: entry.run.settings, data: data, frames: store.frameCount, objects: tubes.count,
            seconds: start.secondsAgo, findings: [])
        try record.write(to: entry.run.record(of: name, in: output))
        return record
    }
}

extension EvaluationOutput {
    /// A run's tubes of all videos that it has done.
    /// - Throws: `MediaError`; `InstanceError`.
    public func tubes(_ run: EvaluationRun, _ progress: Progress, _ dataset: InstanceDataset) throws -> [InstanceTube] {
        try progress.records.flatMap { try VideoInstanceResults.read(InstanceDataset.product(run, $0.video, path)) }
    }
}

extension VideoInstanceTruth {
    /// Of some videos alone.
    public func limited(to videos: Set<String>) -> VideoInstanceTruth {
        let kept = self.videos.filter { videos.contains("\($0.id)") }
        let ids = Set(kept.map(\.id))
        return VideoInstanceTruth(videos: kept, categories: categories, tubes: tubes.filter { ids.contains($0.video) })
    }
}
