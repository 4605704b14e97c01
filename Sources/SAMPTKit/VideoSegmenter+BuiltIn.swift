import Inference
import InferenceOpenVINO
import Media
import PointTrackers
import SAMPT
import Segmenters

extension VideoSegmenter {
    /// With the built-in models: NanoPrompt segments, NanoTrack follows points, and both share one image encoder.
    ///
    ///     for try await frame in try VideoSegmenter.builtIn().segment("rabbit.mp4", clicks: [.positive(640, 360)]) {
    ///         print(frame.frameIndex, frame.objects[0].mask.area)
    ///     }
    ///
    /// Networks are compiled for the size of a video when its first frame is asked for (seconds), and read from the cache folder from then
    /// on. One
    /// segmenter serves any number of videos.
    /// - Parameters:
    ///   - engine: what runs the networks; nil makes an `OpenVINOEngine` with all cores of the machine.
    ///   - precision: eight bits on x86-64 and bfloat16 where the processor has instructions for it, unless another one is chosen.
    /// - Throws: `InferenceError.unavailable` when OpenVINO is not there, `MissingResource` when the package's resources are not.
    public static func builtIn(engine: (any InferenceEngine)? = nil, precision: Precision = .automatic) throws -> VideoSegmenter {
        let engine = try engine ?? OpenVINOEngine()
        let encoder = try NanoFrameEncoder(engine: engine, precision: precision)
        return VideoSegmenter(
            segmenter: try NanoPrompt(engine: engine, encoder: encoder, precision: precision),
            tracker: try NanoTrack(engine: engine, encoder: encoder, precision: precision))
    }

    /// The masks of one object, marked by clicks, over the whole of a video.
    ///
    /// `segment(_:objects:)` takes several objects, boxes and masks, and any `FrameSource`.
    /// - Parameters:
    ///   - path: a video file, a folder of pictures (JPEG, PNG), or one picture.
    ///   - clicks: points on the object and beside it, at least one on it; pixels of the frame, pixel centres at +0.5.
    ///   - frame: where the clicks are, counted from 0. The object is followed forwards and backwards from there.
    /// - Returns: a result for each frame, in order from frame 0; the object has the id 1.
    /// - Throws: `FileError` or `MediaError` when the video cannot be opened; while iterating, what `segment(_:objects:)` throws.
    public func segment(_ path: String, clicks: [PointPrompt], frame: Int = 0) throws -> AsyncThrowingStream<FrameResult, any Error> {
        segment(try openFrames(path), objects: [ObjectQuery(id: 1, frame: frame, prompt: .points(clicks))])
    }
}
