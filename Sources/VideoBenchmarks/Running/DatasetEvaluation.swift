import Foundation
import Media
import SAMPT
import Support

/// Runs settings of the method over the videos of a data set, several videos at once, and goes on where an earlier run was stopped: videos
/// whose masks were made from the same options, models and files are not done again.
public struct DatasetEvaluation: Sendable {
    public var dataset: VideoDataset
    public var prompt: PromptKind
    /// The folder for masks and records.
    public var output: String
    public var shard = Shard.whole
    /// Videos at once.
    public var jobs = 1
    /// The most bytes that what settings have in common may take in the temporary folder, all videos at once together.
    public var spoolBytes: UInt64 = 4 << 30

    public init(_ dataset: VideoDataset, prompt: PromptKind, output: String) {
        (self.dataset, self.prompt, self.output) = (dataset, prompt, output)
    }

    /// A part of the videos: every `count`-th from place `index` on.
    public struct Shard: Sendable, Equatable {
        /// From 0.
        public let index: Int
        public let count: Int
        public static let whole = Shard(unchecked: 0, 1)

        /// - Parameter text: "i/n", from 1/n to n/n.
        public init?(_ text: String) {
            let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
            guard parts.count == 2, let index = parts[0], let count = parts[1], count >= 1, count <= 1_000_000, (1...count).contains(index)
            else {
                return nil
            }
            self.init(unchecked: index - 1, count)
        }

        private init(unchecked index: Int, _ count: Int) { (self.index, self.count) = (index, count) }

        /// Whether the video at a place, from 0, belongs to it.
        public func contains(_ place: Int) -> Bool { place % count == index }
    }

    /// A setting with its models.
    public struct Entry: Sendable {
        public var run: EvaluationRun
        public var segmenter: VideoSegmenter

        public init(run: EvaluationRun, segmenter: VideoSegmenter) { (self.run, self.segmenter) = (run, segmenter) }
    }

    public struct Outcome: Sendable {
        public var done: [RunRecord] = []
        /// How many runs of videos were there already.
        public var kept = 0
        /// Why videos failed, by run.
        public var failed: [RunFindings] = []

        public init() {}

        /// Why videos failed, each reason once.
        public var failures: [ScoringFinding] { RunFindings.merged(failed.map { RunFindings(setting: "", seed: nil, $0.findings) }) }

        /// The same, with the settings and seeds where not all failed.
        /// - Parameter runs: all that were to be done.
        public func failures(among runs: [EvaluationRun]) -> [ScoringFinding] {
            RunFindings.merged(runs.map { RunFindings($0, []) } + failed)
        }
    }

    /// The videos of the shard.
    public var videos: [DatasetVideo] { dataset.videos.enumerated().filter { shard.contains($0.offset) }.map(\.element) }

    /// - Parameters:
    ///   - entries: settings that share their segmenter; what an image encoder or a tracker makes of a frame is computed once for all that
    ///     have it in common.
    ///   - progress: from any thread.
    /// - Throws: `FileError.unwritable` when masks cannot be written, `CancellationError`; videos that fail otherwise are in the outcome,
    ///   and the others go on.
    public func run(_ entries: [Entry], progress: (@Sendable (EvaluationProgress) -> Void)? = nil) async throws -> Outcome {
        let videos = videos
        let outcome = Protected(Outcome())
        let loop = VideoLoop(videos: videos.map { .init(name: $0.name.text, frames: $0.frames.count * entries.count) }, jobs: jobs)
        // What all videos that run at once may take.
        let spoolBytes = spoolBytes / UInt64(max(1, min(jobs, videos.count)))
        try await loop.run(progress: progress) { index, reporter in
            try await run(videos[index], entries, spoolBytes, outcome, reporter)
        }
        return outcome.withLock { $0 }
    }

    private func run(
        _ video: DatasetVideo, _ entries: [Entry], _ spoolBytes: UInt64, _ outcome: Protected<Outcome>, _ reporter: VideoLoop.Reporter
    ) async throws {
        let data = dataset.dataFingerprint(of: video).text
        let runs = entries.map { VideoRun(segmenter: $0.segmenter, run: $0.run, prompt: prompt, form: dataset.submission, output: output) }
        let open = runs.filter { !$0.isDone(video, data: data) }
        outcome.withLock { $0.kept += runs.count - open.count }
        reporter.passed((runs.count - open.count) * video.frames.count)
        guard !open.isEmpty else { return }
        do {
            let (objects, findings) = try await onThread { try video.objects() }
            guard !objects.isEmpty else {
                let reason = findings.first { $0.kind != .emptySequence }?.message
                throw DatasetError.noAnnotations(video: video.name.text, reason: reason)
            }
            let frames = try await onThread { try FrameFolder(name: video.name.text, paths: video.frames) }
            let store = FrameStore(
                frames, capacity: open.map(\.segmenter.storeCapacity).max() ?? 8, spoolBudget: spoolBytes, spoolKeepsFirst: true)
            let lease = open.count > 1 ? store.keepFeatures(of: 0..<frames.frameCount, withPictures: true) : nil
            for run in open {
                do {
                    let record = try await run.make(video, objects, findings: findings, store: store, data: data) { reporter.made(1) }
                    outcome.withLock { $0.done.append(record) }
                } catch {
                    try outcome.withLock { try $0.note(error, video.name.text, [run.run], output: output) }
                }
            }
            withExtendedLifetime(lease) {}
        } catch let error where !(error is CancellationError) {
            try outcome.withLock { try $0.note(error, video.name.text, open.map(\.run), output: output) }
        }
    }
}

extension DatasetEvaluation.Outcome {
    /// Takes note of a video's failure, here and in the output's folder.
    /// - Parameter runs: those that failed.
    /// - Throws: the error, where it ends everything: a stop, or an output that cannot be written.
    mutating func note(_ error: any Error, _ video: String, _ runs: [EvaluationRun], output: String) throws {
        if error is CancellationError { throw error }
        if let error = error as? FileError, case .unwritable = error { throw error }
        let finding = ScoringFinding(.failed, video, "could not be run: \(error)")
        for run in runs {
            failed.append(RunFindings(run, [finding]))
            // What an earlier run made of other files does not count as this one's.
            try run.forget(video, in: output)
            try RunFailure(settings: run.settings, finding: finding).write(to: run.failure(of: video, in: output))
        }
    }
}
