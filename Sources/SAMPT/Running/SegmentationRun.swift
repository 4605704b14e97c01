import Media
import PointTrackers
import Segmenters
import Support

/// One run of `VideoSegmenter`: delivers the frames in order. It computes for seconds at a time, so it runs on a thread of its own
/// (`ProductionLane`). Not for several threads at once.
final class SegmentationRun {
    private let method: Method
    private let source: any OutcomeSource
    private let keepsOverlaps: Bool
    private let progress: (@Sendable (SegmentationProgress) -> Void)?
    private var nextFrame = 0
    private var framesDone = 0
    private var startTime: ContinuousClock.Instant?
    private var loading: ProductionLane<Void>?

    init(
        segmenter: any PromptableSegmenter, tracker: any PointTracker, options: VideoSegmenterOptions, video: FrameStore,
        objects: [ObjectQuery], keepsOverlaps: Bool = false, progress: (@Sendable (SegmentationProgress) -> Void)? = nil
    ) {
        self.keepsOverlaps = keepsOverlaps
        method = Method(segmenter: segmenter, tracker: tracker, options: options, video: video, objects: objects)
        source = method.outcomeSource
        self.progress = progress
    }

    /// The next frame's result; nil after the last frame.
    func next() throws -> FrameResult? {
        try Cancellation.check()
        if startTime == nil { try begin() }
        guard nextFrame < method.video.frameCount else { return nil }
        let found = try source.next()
        let result = FrameResult(
            frameIndex: nextFrame, image: try method.video.frame(at: nextFrame), segmenter: method.segmenter,
            outcomes: method.objects.map { ($0.id, found[$0.id] ?? ObjectOutcome()) }, isExact: method.options.referenceQuirks,
            keepsOverlaps: keepsOverlaps)
        nextFrame += 1
        report()
        return result
    }

    private func begin() throws {
        startTime = .now
        try method.options.validate()
        try ObjectQuery.validate(method.objects, size: method.video.size, frameCount: method.video.frameCount)
        loading = method.loadNetworks()
        try source.prepare { report() }
    }

    private var framesTotal: Int { method.video.frameCount + (method.tracksBackward ? method.lastQueryFrame : 0) }

    private func report() {
        framesDone += 1
        guard let progress, let startTime else { return }
        progress(SegmentationProgress(framesDone: framesDone, framesTotal: framesTotal, secondsElapsed: startTime.secondsAgo))
    }
}
