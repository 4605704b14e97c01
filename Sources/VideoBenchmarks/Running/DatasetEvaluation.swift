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
    /// The most bytes that one video's maps may take in the temporary folder.
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

        func contains(_ place: Int) -> Bool { place % count == index }
    }

    /// A setting with its models.
    public struct Entry: Sendable {
        public var run: EvaluationRun
        public var segmenter: VideoSegmenter

        public init(run: EvaluationRun, segmenter: VideoSegmenter) { (self.run, self.segmenter) = (run, segmenter) }
    }

    /// How far it is, in frames of all videos and settings.
    public struct Progress: Sendable {
        public var video: String
        public var videosDone: Int
        public var videos: Int
        public var framesDone: Int
        public var frames: Int
        /// Of what is done in this process, and what is left for it.
        public var framesPerSecond: Double
        public var secondsLeft: Double { framesPerSecond > 0 ? Double(frames - framesDone) / framesPerSecond : .infinity }
    }

    public struct Outcome: Sendable {
        public var done: [RunRecord] = []
        /// How many runs of videos were there already.
        public var kept = 0
        public var failures: [ScoringFinding] = []

        public init() {}
    }

    /// The videos of the shard.
    public var videos: [DatasetVideo] { dataset.videos.enumerated().filter { shard.contains($0.offset) }.map(\.element) }

    private struct State {
        var next = 0
        var videosDone = 0
        var framesDone = 0
        var framesMade = 0
        var outcome = Outcome()
    }

    /// - Parameters:
    ///   - entries: settings that share their models; with one image encoder, a frame is encoded once for all of them.
    ///   - progress: from any thread.
    /// - Throws: `FileError.unwritable` when masks cannot be written, `CancellationError`; videos that fail otherwise are in the outcome,
    ///   and the others go on.
    public func run(_ entries: [Entry], progress: (@Sendable (Progress) -> Void)? = nil) async throws -> Outcome {
        let videos = videos
        let total = videos.reduce(0) { $0 + $1.frames.count } * entries.count
        let state = Protected(State())
        let start = ContinuousClock.now
        let report: @Sendable (String, Int, Int) -> Void = { name, made, kept in
            let now = state.withLock { state in
                state.framesMade += made
                state.framesDone += made + kept
                return (state.framesDone, state.framesMade, state.videosDone)
            }
            progress?(
                Progress(
                    video: name, videosDone: now.2, videos: videos.count, framesDone: now.0, frames: total,
                    framesPerSecond: Double(now.1) / max(1e-9, start.secondsAgo)))
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<max(1, min(jobs, videos.count)) {
                group.addTask {
                    while true {
                        try Task.checkCancellation()
                        let index = state.withLock { state in
                            defer { state.next += 1 }
                            return state.next
                        }
                        guard index < videos.count else { return }
                        try await self.run(videos[index], entries, state, report)
                        state.withLock { $0.videosDone += 1 }
                    }
                }
            }
            try await group.waitForAll()
        }
        return state.withLock { $0.outcome }
    }

    private func run(
        _ video: DatasetVideo, _ entries: [Entry], _ state: Protected<State>, _ report: @escaping @Sendable (String, Int, Int) -> Void
    ) async throws {
        let data = video.dataFingerprint()
        let runs = entries.map { VideoRun(segmenter: $0.segmenter, run: $0.run, prompt: prompt, form: dataset.submission, output: output) }
        let open = runs.filter { !$0.isDone(video, data: data) }
        let kept = runs.count - open.count
        state.withLock { $0.outcome.kept += kept }
        report(video.name.text, 0, kept * video.frames.count)
        guard !open.isEmpty else { return }
        var reported = 0
        do {
            let (objects, findings) = try await onThread { try video.objects() }
            guard !objects.isEmpty else { throw DatasetError.noAnnotations(video: video.name.text) }
            let frames = try await onThread { try FrameFolder(name: video.name.text, paths: video.frames) }
            let store = FrameStore(frames, capacity: open.map(\.segmenter.storeCapacity).max() ?? 8, spoolBudget: spoolBytes)
            let lease = open.count > 1 ? store.keepFeatures(of: 0..<frames.frameCount) : nil
            for run in open {
                let counted = Protected(0)
                let record = try await run.make(video, objects, findings: findings, store: store, data: data) { done in
                    counted.withLock { $0 = done }
                    report(video.name.text, 1, 0)
                }
                reported += counted.withLock { $0 }
                state.withLock { $0.outcome.done.append(record) }
            }
            withExtendedLifetime(lease) {}
        } catch is CancellationError {
            throw CancellationError()
        } catch let error as FileError {
            if case .unwritable = error { throw error }
            fail(video, error, state, report, open.count, reported)
        } catch {
            fail(video, error, state, report, open.count, reported)
        }
    }

    private func fail(
        _ video: DatasetVideo, _ error: any Error, _ state: Protected<State>, _ report: @Sendable (String, Int, Int) -> Void, _ runs: Int,
        _ reported: Int
    ) {
        state.withLock { $0.outcome.failures.append(ScoringFinding(.failed, video.name.text, "could not be run: \(error)")) }
        report(video.name.text, 0, max(0, runs * video.frames.count - reported))
    }
}
