import Media
import PointTrackers
import Segmenters

/// One run of `VideoSegmenter`: delivers the frames in order.
actor SegmentationRun {
    private let context: SegmentationContext
    private let source: any OutcomeSource
    private let progress: (@Sendable (SegmentationProgress) -> Void)?

    /// Whether later frames are still to come, so that nothing can be said yet of query frames.
    private let isLive: Bool
    private var nextFrame = 0
    private var framesDone = 0
    private var startTime: ContinuousClock.Instant?

    init(
        segmenter: any PromptableSegmenter, tracker: any PointTracker, options: VideoSegmenterOptions, video: FrameStore,
        queries: [ObjectQuery], isLive: Bool = false, progress: (@Sendable (SegmentationProgress) -> Void)?
    ) {
        context = SegmentationContext(segmenter: segmenter, tracker: tracker, options: options, video: video, queries: queries)
        source = context.outcomeSource
        self.isLive = isLive
        self.progress = progress
    }

    /// The next frame's result; nil after the last frame.
    func next() throws -> FrameResult? {
        try Task.checkCancellation()
        if startTime == nil { try begin() }
        guard nextFrame < context.video.frameCount else { return nil }
        let found = try source.next()
        let outcomes = context.queries.indices.map { found[$0] ?? ObjectOutcome() }
        let result = FrameResult(
            frameIndex: nextFrame, image: try context.video.frame(at: nextFrame), segmenter: context.segmenter, queries: context.queries,
            outcomes: outcomes)
        nextFrame += 1
        report()
        return result
    }

    /// Says in which frame an object begins that is marked in one that had not come yet.
    func place(_ object: Int, at frame: Int) { context.queryList.place(object, at: frame) }

    private func begin() throws {
        startTime = .now
        try context.options.validate()
        if !isLive { try ObjectQuery.validate(context.queries, size: context.video.size, frameCount: context.video.frameCount) }
        try source.prepare { report() }
    }

    private var framesTotal: Int { context.video.frameCount + (context.tracksBackward ? context.lastQueryFrame : 0) }

    private func report() {
        framesDone += 1
        guard let progress, let startTime else { return }
        let elapsed = startTime.duration(to: .now)
        progress(SegmentationProgress(framesDone: framesDone, framesTotal: framesTotal, secondsElapsed: elapsed.seconds))
    }
}

extension Duration {
    /// The duration in seconds.
    var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}
