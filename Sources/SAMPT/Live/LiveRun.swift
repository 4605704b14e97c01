import Media
import PointTrackers
import Segmenters
import Support

/// One run of `VideoSegmenter.segmentLive`: takes a frame when it is asked for one, and segments it. It waits for frames, so it runs on a
/// thread of its own (`ProductionLane`).
final class LiveRun {
    private let frames: LiveFrames
    private let segmenter: VideoSegmenter
    private let objects: [ObjectQuery]
    private let method: Method
    private let pass: RollingPass
    private var hasBegun = false

    /// - Parameter objects: `frame` is the number of the captured frame that the object is marked in.
    init(_ segmenter: VideoSegmenter, _ frames: LiveFrames, _ objects: [ObjectQuery]) {
        (self.segmenter, self.frames, self.objects) = (segmenter, frames, objects)
        var options = segmenter.options
        options.tracking.isBackward = false
        // Later frames are not there yet.
        options.overlapsSteps = false
        // Two frames are in use: the one at hand and the one before. Some more are for processors that are slow to let go.
        method = Method(
            segmenter: segmenter.segmenter, tracker: segmenter.tracker, options: options, video: FrameStore(frames, capacity: 4),
            objects: objects)
        pass = RollingPass(method, at: 0, direction: .forward)
    }

    deinit { frames.stop() }

    /// The next frame's result; nil at the end of the source.
    func next() throws -> LiveFrameResult? {
        if !hasBegun { try begin() }
        guard let frame = try frames.waitForFrame() else { return nil }
        var starts: [ObjectID: ObjectStart] = [:]
        for object in objects where object.frame == frame.number {
            // Of the frames that are taken it has another number.
            var object = object
            object.frame = frame.index
            starts[object.id] = try method.chooseQueryPoints(for: object)
        }
        let found = try pass.next(beginning: starts)
        let result = FrameResult(
            frameIndex: frame.index, image: try method.video.frame(at: frame.index), segmenter: segmenter.segmenter,
            outcomes: objects.map { ($0.id, found[$0.id] ?? ObjectOutcome()) })
        return LiveFrameResult(
            frame: result, captureNumber: frame.number, captureTime: frame.time, seconds: frame.seconds, original: frame.original,
            latency: ContinuousClock.now - frame.time, capturedCount: frames.capturedCount, droppedCount: frames.droppedCount)
    }

    private func begin() throws {
        try segmenter.checkLive()
        try segmenter.options.validate()
        try ObjectQuery.validate(objects, size: frames.size, frameCount: .max)
        hasBegun = true
        frames.start(keeping: Set(objects.map(\.frame)))
    }
}
