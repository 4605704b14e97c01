import Foundation
import Media
import PointTrackers
import Segmenters

/// One run of `VideoSegmenter`: delivers the frames in order, having tracked backwards first where objects are marked later.
actor SegmentationRun {
    private let segmenter: any PromptableSegmenter
    private let tracker: any PointTracker
    private let options: VideoSegmenterOptions
    private let video: FrameStore
    private let queries: [ObjectQuery]
    private let progress: (@Sendable (SegmentationProgress) -> Void)?

    private var nextFrame = 0
    private var framesDone = 0
    private var startTime: ContinuousClock.Instant?
    private var starts: [Int: ObjectStart] = [:]
    private var forward: TrackingPass?
    private var backwardOutcomes: OutcomeSpool?

    init(
        segmenter: any PromptableSegmenter, tracker: any PointTracker, options: VideoSegmenterOptions, video: FrameStore,
        queries: [ObjectQuery], progress: (@Sendable (SegmentationProgress) -> Void)?
    ) {
        self.segmenter = segmenter
        self.tracker = tracker
        self.options = options
        self.video = video
        self.queries = queries
        self.progress = progress
    }

    /// The next frame's result; nil after the last frame.
    func next() throws -> FrameResult? {
        try Task.checkCancellation()
        if startTime == nil { try begin() }
        guard nextFrame < video.frameCount else { return nil }
        let index = nextFrame
        let outcomes = try forwardOutcomes(at: index)
        let result = FrameResult(
            frameIndex: index, image: try video.frame(at: index), segmenter: segmenter, queries: queries, outcomes: outcomes)
        nextFrame += 1
        report()
        return result
    }

    private func begin() throws {
        startTime = .now
        try options.validate()
        try ObjectQuery.validate(queries, size: video.size, frameCount: video.frameCount)
        if options.tracksBackward, lastQueryFrame > 0 { try trackBackward() }
    }

    private var firstQueryFrame: Int { queries.map(\.frame).min() ?? 0 }
    private var lastQueryFrame: Int { queries.map(\.frame).max() ?? 0 }

    private var framesTotal: Int { video.frameCount + (options.tracksBackward ? lastQueryFrame : 0) }

    private func trackBackward() throws {
        let spool = try OutcomeSpool()
        let pass = try TrackingPass(
            segmenter: segmenter, tracker: tracker, options: options, video: video, frame: lastQueryFrame, direction: .backward)
        // These frames are passed a second time, forwards.
        video.keepFeatures(of: firstQueryFrame..<lastQueryFrame)
        for index in stride(from: lastQueryFrame, through: 0, by: -1) {
            try Task.checkCancellation()
            if index < lastQueryFrame {
                try spool.write(pass.advance(), frame: index)
                report()
            }
            for (object, query) in queries.enumerated() where query.frame == index {
                // Forward tracking starts from the same encoded frame later on.
                video.pin(index)
                try pass.begin(object, start: start(of: object), generator: generator(of: query, direction: .backward))
            }
        }
        backwardOutcomes = spool
    }

    private func forwardOutcomes(at index: Int) throws -> [ObjectOutcome] {
        var outcomes = [ObjectOutcome](repeating: ObjectOutcome(), count: queries.count)
        for (object, outcome) in try backwardOutcomes?.read(frame: index) ?? [:] { outcomes[object] = outcome }
        if let forward {
            for (object, outcome) in try forward.advance() { outcomes[object] = outcome }
        }
        for (object, query) in queries.enumerated() where query.frame == index {
            let pass = try forward ?? TrackingPass(
                segmenter: segmenter, tracker: tracker, options: options, video: video, frame: index, direction: .forward)
            forward = pass
            let start = try start(of: object)
            outcomes[object] = try pass.begin(object, start: start, generator: generator(of: query, direction: .forward))
            starts[object] = nil
            video.unpin(index)
        }
        return outcomes
    }

    private func start(of object: Int) throws -> ObjectStart {
        if let known = starts[object] { return known }
        let start = try ObjectStart(queries[object], segmenter: segmenter, video: video, options: options)
        starts[object] = start
        return start
    }

    private func generator(of query: ObjectQuery, direction: TimeDirection) -> SeededGenerator {
        SeededGenerator(seed: options.seed &+ UInt64(query.id) &* 2 &+ (direction == .forward ? 0 : 1))
    }

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
