import Media
import PointTrackers
import Segmenters
import Support

/// SAM-PT: segments marked objects through a video by tracking points on them.
///
///     let engine = try OpenVINOEngine()
///     let encoder = try NanoFrameEncoder(engine: engine)
///     let segmenter = try VideoSegmenter(
///         segmenter: NanoPrompt(engine: engine, encoder: encoder), tracker: NanoTrack(engine: engine, encoder: encoder))
///     let video = try VideoReader(path: "rabbit.mp4")
///     let rabbit = ObjectQuery(id: 1, frame: 0, prompt: .points([.positive(640, 360)]))
///     for try await frame in segmenter.segment(video, objects: [rabbit]) {
///         print(frame.frameIndex, frame.objects[0].mask.area)
///     }
public struct VideoSegmenter: Sendable {
    public let segmenter: any PromptableSegmenter
    public let tracker: any PointTracker
    public var options: VideoSegmenterOptions

    /// With the options that suit the segmenter.
    public init(segmenter: any PromptableSegmenter, tracker: any PointTracker) {
        self.init(segmenter: segmenter, tracker: tracker, options: VideoSegmenterOptions(for: segmenter))
    }

    public init(segmenter: any PromptableSegmenter, tracker: any PointTracker, options: VideoSegmenterOptions) {
        self.segmenter = segmenter
        self.tracker = tracker
        self.options = options
    }

    /// The masks of all objects, frame by frame in order, over the whole of `video`.
    ///
    /// Work runs on threads of its own, one frame ahead of the consumer. If an object is marked after frame 0, the backward pass runs
    /// before the first frame is delivered. Ending the iteration or cancelling its task stops the work.
    /// - Parameter progress: called after each processed frame, from the working thread.
    /// - Throws (while iterating): `QueryError` for queries that do not fit the video, `MediaError` when a frame cannot be decoded
    ///   (all frames before it have been delivered) or the temporary file
    ///   of the backward pass cannot be written, `InferenceError` and `SegmenterError` from the networks, `CancellationError`.
    public func segment(
        _ video: any FrameSource, objects: [ObjectQuery], progress: (@Sendable (SegmentationProgress) -> Void)? = nil
    ) -> AsyncThrowingStream<FrameResult, any Error> {
        let run = SegmentationRun(
            segmenter: segmenter, tracker: tracker, options: options,
            video: FrameStore(video, capacity: options.framesKept(with: tracker)), objects: objects, progress: progress)
        let frames = ProductionLane(ahead: 1, waitsAtEnd: false) { try run.next() }
        return AsyncThrowingStream { try await frames.nextElement() }
    }
}
