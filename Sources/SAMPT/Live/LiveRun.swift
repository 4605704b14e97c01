import Media
import PointTrackers
import Segmenters

/// One run of `VideoSegmenter.segmentLive`: takes a frame when it is asked for one, and segments it.
actor LiveRun {
    private let frames: LiveFrames
    private let segmenter: VideoSegmenter
    private let queries: [ObjectQuery]
    private let run: SegmentationRun
    /// Objects by the number of the captured frame they are marked in.
    private var coming: [Int: [Int]]
    private var hasBegun = false

    init(_ segmenter: VideoSegmenter, _ frames: LiveFrames, _ queries: [ObjectQuery]) {
        (self.segmenter, self.frames, self.queries) = (segmenter, frames, queries)
        var options = segmenter.options
        options.tracksBackward = false
        // Later frames are not there yet.
        options.overlapsSteps = false
        // Frames have no place in the run until they are taken.
        let unplaced = queries.map { query in
            var query = query
            query.frame = .max
            return query
        }
        // Two frames are in use: the one at hand and the one before. Some more are for processors that are slow to let go.
        run = SegmentationRun(
            segmenter: segmenter.segmenter, tracker: segmenter.tracker, options: options, video: FrameStore(frames, capacity: 4),
            queries: unplaced, isLive: true, progress: nil)
        coming = Dictionary(grouping: queries.indices) { queries[$0].frame }
    }

    deinit { frames.stop() }

    func next() async throws -> LiveFrameResult? {
        if !hasBegun { try begin() }
        guard let frame = try await frames.take() else { return nil }
        for object in coming.removeValue(forKey: frame.number) ?? [] { await run.place(object, at: frame.index) }
        guard let result = try await run.next() else { return nil }
        return LiveFrameResult(
            frame: result, captureNumber: frame.number, captureTime: frame.time, seconds: frame.seconds, original: frame.original,
            latency: ContinuousClock.now - frame.time, capturedCount: frames.capturedCount, droppedCount: frames.droppedCount)
    }

    private func begin() throws {
        try segmenter.checkLive()
        try segmenter.options.validate()
        try ObjectQuery.validate(queries, size: frames.size, frameCount: .max)
        hasBegun = true
        frames.start(keeping: Set(queries.map(\.frame)))
    }
}
