import Foundation
import Media
import SAMPT
import Support

/// Segments a live source into its outputs and accounts for how it went.
package struct LiveJob: Sendable {
    private let segmenter: VideoSegmenter
    private let frames: LiveFrames
    private let queries: [ObjectQuery]
    private let scale: FrameScale
    private let destinations: OutputDestinations

    /// - Throws: `LiveError` for a tracker or options that do not suit a live source, `QueryError` and `CommandError` for objects that do
    ///   not fit it.
    package init(segmenter: VideoSegmenter, frames: LiveFrames, objects: [MarkedObject], destinations: OutputDestinations) throws {
        try segmenter.checkLive()
        (self.segmenter, self.frames, self.destinations) = (segmenter, frames, destinations)
        let scale = FrameScale(original: frames.originalSize, working: frames.size)
        guard !objects.isEmpty else { throw QueryError.noObjects }
        // Nobody knows how long it will be.
        let numbering = FrameNumbering(first: 0, stride: 1, count: .max, originalCount: .max)
        queries = try objects.map { try scale.query($0.query(numbering: numbering)) }
        self.scale = scale
    }

    /// Runs to the end of the source, to where it breaks off, or to the interruption; in all three cases the outputs are whole and under
    /// their final names. Where something else goes wrong, they are finished too, with the frames so far: a live source does not come
    /// again.
    /// - Throws: what went wrong; where no frame was made, outputs are removed.
    package func run(interruption: Interruption, progress: any JobProgress) async throws -> SegmentationSummary {
        let outputs = try SegmentationOutputs(destinations, clip: outputClip) { progress.warn(of: $0) }
        let statistics = RunStatistics(queries)
        let meter = LiveMeter()
        let work = Task {
            try await segmenter.warmUp(size: frames.size, objects: queries.count)
            try await feed(outputs, statistics, meter, progress)
        }
        interruption.onRequest { work.cancel() }
        var damage: String?
        do {
            try await work.value
        } catch is CancellationError where interruption.isRequested {
        } catch {
            frames.stop()
            progress.close()
            guard await outputs.frameCount > 0, !error.isOfOutput else {
                await outputs.abandon()
                throw error
            }
            guard error.isDamage else {
                _ = try await outputs.finish(isComplete: false)
                throw error
            }
            damage = "\(error)"
        }
        frames.stop()
        progress.close()
        let isInterrupted = interruption.isRequested
        guard await outputs.frameCount > 0 || isInterrupted else {
            await outputs.abandon()
            throw FileError.unreadable(path: frames.name, reason: "it ended before any frame came")
        }
        if !isInterrupted, damage == nil { damage = objectsToCome }
        let written = try await outputs.finish(isComplete: damage == nil && !isInterrupted)
        let failures = await outputs.failures
        return SegmentationSummary(
            video: frames.name, frames: await outputs.frameCount, framesTotal: frames.capturedCount, seconds: meter.seconds,
            outputs: written,
            objects: statistics.objects, damage: damage, failures: failures.map { "\($0)" }, live: meter.summary(frames),
            exitStatus: !failures.isEmpty ? .unwritableOutput : isInterrupted ? .interrupted : damage != nil ? .partial : .success)
    }

    /// Names the objects that are marked in a frame that did not come.
    private var objectsToCome: String? {
        let count = frames.capturedCount
        let coming = queries.filter { $0.frame >= count }
        guard !coming.isEmpty else { return nil }
        return "the source ended after \(count) frames, before "
            + coming.map { "frame \($0.frame), in which \($0.name) is marked" }.joined(separator: ", and ")
    }

    private func feed(
        _ outputs: SegmentationOutputs, _ statistics: RunStatistics, _ meter: LiveMeter, _ progress: any JobProgress
    ) async throws {
        var lastTimestamp = Int64.min
        for try await result in segmenter.segmentLive(frames, objects: queries) {
            var frame = result.frame
            if scale.isScaled { scale.enlarge(&frame, picture: result.original) }
            // Videos need times that increase, also where two frames come within a millisecond.
            lastTimestamp = max(Int64(exactly: (result.seconds * 1000).rounded()) ?? 0, lastTimestamp == .min ? 0 : lastTimestamp + 1)
            let reported = ReportedFrame(
                position: frame.frameIndex, number: result.captureNumber, timestamp: lastTimestamp, seconds: result.seconds,
                stem: String(format: "%05d", result.captureNumber), result: frame)
            try await outputs.append(reported)
            statistics.add(reported)
            meter.add(result)
            progress.show(isLast: false) { meter.line(frames) }
        }
    }

    private var outputClip: OutputClip {
        OutputClip(
            name: frames.name, size: frames.originalSize, pixelAspect: frames.pixelAspect, timeBase: frames.timing.timeBase,
            frameCount: .max,
            objects: queries.map { OutputObject(id: $0.id, name: $0.name, queryFrame: $0.frame) })
    }
}

extension Error {
    /// Whether an output failed, which is then gone already.
    fileprivate var isOfOutput: Bool {
        if case .unwritable? = self as? FileError { true } else { false }
    }
}

/// Measures how far results lag behind.
final class LiveMeter: Sendable {
    private struct State {
        var result = LatencyDistribution()
        var written = LatencyDistribution()
        var first: ContinuousClock.Instant?
        var last: ContinuousClock.Instant?
    }

    private let state = Protected(State())

    /// To be called when the outputs have taken the result.
    func add(_ result: LiveFrameResult) {
        state.withLock { state in
            let now = ContinuousClock.now
            state.result.add(result.latency)
            state.written.add(now - result.captureTime)
            (state.first, state.last) = (state.first ?? result.captureTime, now)
        }
    }

    /// From the first frame's capture to the last one's writing.
    var seconds: Double {
        state.withLock { state in
            guard let first = state.first, let last = state.last else { return 0 }
            return ((last - first) / .milliseconds(1)).rounded() / 1000
        }
    }

    func line(_ frames: LiveFrames) -> String {
        let (result, seconds) = (state.withLock { $0.result }, self.seconds)
        let rate = seconds > 0 ? Double(result.count) / seconds : 0
        return String(
            format: "%d frames, %.1f frames/s, %d dropped, latency %.0f ms (95 %%: %.0f ms, at most %.0f ms)", result.count, rate,
            frames.droppedCount, 1000 * result.quantile(0.5), 1000 * result.quantile(0.95), 1000 * result.maximum)
    }

    func summary(_ frames: LiveFrames) -> LiveSummary {
        state.withLock { state in
            LiveSummary(
                policy: frames.policy, framesCaptured: frames.capturedCount, framesDropped: frames.droppedCount,
                latency: LiveSummary.Latency(state.result), latencyWithOutputs: LiveSummary.Latency(state.written))
        }
    }
}

/// What the summary says of a live source.
package struct LiveSummary: Sendable, Encodable {
    /// In milliseconds.
    package struct Latency: Sendable, Encodable {
        package var mean: Double, median: Double, p95: Double, p99: Double, maximum: Double

        package init(_ distribution: LatencyDistribution) {
            func milliseconds(_ seconds: Double) -> Double { (1000 * seconds).rounded(decimals: 1) }
            (mean, median) = (milliseconds(distribution.mean), milliseconds(distribution.quantile(0.5)))
            (p95, p99) = (milliseconds(distribution.quantile(0.95)), milliseconds(distribution.quantile(0.99)))
            maximum = milliseconds(distribution.maximum)
        }
    }

    package var policy: LivePolicy
    package var framesCaptured: Int
    package var framesDropped: Int
    /// From a frame's capture to its result.
    package var latency: Latency
    /// From a frame's capture to when all outputs have taken its result.
    package var latencyWithOutputs: Latency

    package var line: String {
        String(
            format: "Captured %d frames, dropped %d. Latency: median %.0f ms, 95 %% %.0f ms, 99 %% %.0f ms, at most %.0f ms.",
            framesCaptured,
            framesDropped, latency.median, latency.p95, latency.p99, latency.maximum)
    }
}
