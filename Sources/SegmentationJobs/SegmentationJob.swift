import Foundation
import Media
import SAMPT
import Support

/// Segments a clip into its outputs and accounts for how it ended.
package struct SegmentationJob: Sendable {
    /// Makes the results of all frames of the clip, in order, for one consumer, and tells how far it is.
    package typealias Results =
        @Sendable (_ progress: @escaping @Sendable (SegmentationProgress) -> Void) -> AsyncThrowingStream<FrameResult, any Error>

    package var results: Results
    package var clip: Clip
    package var queries: [ObjectQuery]
    package var destinations: OutputDestinations
    /// How many frames to name that a person should look at.
    package var reviewed = 0

    package init(segmenter: VideoSegmenter, clip: Clip, queries: [ObjectQuery], destinations: OutputDestinations, reviewed: Int = 0) {
        self.init(
            results: { segmenter.segment(clip.frames, objects: queries, progress: $0) }, clip: clip, queries: queries,
            destinations: destinations, reviewed: reviewed)
    }

    /// - Parameter queries: of what makes the results, for names and query frames.
    package init(
        results: @escaping Results, clip: Clip, queries: [ObjectQuery], destinations: OutputDestinations, reviewed: Int = 0
    ) {
        (self.results, self.clip, self.queries, self.destinations) = (results, clip, queries, destinations)
        self.reviewed = reviewed
    }

    /// Runs to the end, to the damage or to the interruption; in all three cases the outputs are whole and under their final names. So are
    /// the others when one cannot be written.
    /// - Throws: what went wrong where no frame could be made or no output is left; unfinished outputs are then removed.
    package func run(interruption: Interruption, progress: any JobProgress) async throws -> SegmentationSummary {
        var outputClip = clip.outputClip(queries)
        let review = reviewed > 0 ? Protected(FrameReview(count: reviewed, duration: clip.duration)) : nil
        outputClip.review = review
        let outputs = try SegmentationOutputs(destinations, clip: outputClip) { progress.warn(of: $0) }
        let statistics = RunStatistics(queries)
        let start = ContinuousClock.now
        let work = Task { try await feed(outputs, statistics, review, progress) }
        interruption.onRequest { work.cancel() }
        var damage = clip.damage
        do {
            try await work.value
        } catch let error where error.isDamage {
            damage = [damage, "\(error)"].compactMap { $0 }.joined(separator: "; ")
            guard await outputs.frameCount > 0 else {
                await abandon(outputs, progress)
                throw error
            }
        } catch is CancellationError where interruption.isRequested {
        } catch {
            await abandon(outputs, progress)
            throw error
        }
        progress.close()
        let done = await outputs.frameCount
        let isComplete = done == clip.frames.frameCount && damage == nil
        let written = try await outputs.finish(isComplete: isComplete)
        let isInterrupted = interruption.isRequested && done < clip.frames.frameCount
        let failures = await outputs.failures
        return SegmentationSummary(
            video: clip.originals.name, frames: done, framesTotal: clip.frames.frameCount,
            seconds: start.secondsAgo,
            outputs: written, notes: await outputs.notes, objects: statistics.objects,
            review: review?.withLock { $0.entries.map { ReviewedFrame($0, clip.numbering, names: outputClip.names) } }, damage: damage,
            failures: failures.map { "\($0)" },
            exitStatus: !failures.isEmpty ? .unwritableOutput : isInterrupted ? .interrupted : damage != nil ? .partial : .success)
    }

    private func feed(
        _ outputs: SegmentationOutputs, _ statistics: RunStatistics, _ review: Protected<FrameReview>?, _ progress: any JobProgress
    ) async throws {
        for try await result in results({ progress.show($0) }) {
            let frame = try clip.report(result)
            review?.withLock { $0.add(frame.result, seconds: frame.seconds) }
            try await outputs.append(frame)
            statistics.add(frame)
        }
    }

    private func abandon(_ outputs: SegmentationOutputs, _ progress: any JobProgress) async {
        progress.close()
        await outputs.abandon()
    }
}

extension Error {
    /// Whether it means that the input is damaged from some frame on.
    var isDamage: Bool {
        switch self as any Error {
        case MediaError.undecodable, MediaError.frameSizeDiffers, MediaError.frameOutOfRange, FileError.unreadable: true
        default: false
        }
    }
}
