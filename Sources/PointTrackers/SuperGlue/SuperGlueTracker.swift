import Inference
import Media
import NeuralGraph
import TensorFiles

/// Finds points again by matching key points with those of the frame in which the points were given: SuperPoint and SuperGlue.
///
/// Every frame is compared with the query frame alone. Points do not drift and are found again after any time; motion between other frames
/// is not used. A session matches once per frame for every frame in which points were added that it still follows.
///
/// The networks know key points only: a point goes where the key point next to it goes, or as the matched key points around it move
/// (`MatchedMotion`). The SAM-PT paper's way, which draws its points among the key points of a mask, is `drawPoints`.
///
/// Sources: github.com/magicleap/SuperGluePretrainedNetwork for behaviour and weights (which are for non-commercial use), and SAM-PT's way
/// of using it.
///
/// Key points have pixel centres at whole numbers, as in the reference; positions are converted by `PictureScale`.
public final class SuperGlueTracker: PointTracker {
    /// How key points are found and matched. The defaults are the SAM-PT paper's where they do not limit the size of the problem.
    public struct Options: Sendable {
        /// Frames with a longer side are reduced to it before key points are found; nil: never, as in the reference. The networks were
        /// trained on pictures of up to 1600 pixels.
        public var longestSide: Int? = 1600
        /// Score that a key point must exceed, 0 to 1.
        public var keypointThreshold: Float = 0.005
        /// How far the square reaches to each side in which a key point is the best, in pixels, 0 to 64.
        public var suppressionRadius = 3
        /// Only so many key points of a frame are used, the best, 1 or more; nil: all, as in the reference. Time and memory grow with the
        /// square of their number.
        public var maximumKeypoints: Int? = 2048
        /// Iterations of the optimal transport, 1 or more.
        public var sinkhornIterations = 20
        /// Score that a match must exceed, 0 to 1.
        public var matchThreshold: Float = 0.2
        /// A matched key point this near takes a point along, in pixels of the frame as it is matched.
        public var snapRadius: Float = 3
        /// How far from a point matched key points tell about its motion, as a part of the frame's longest side, above 0.
        public var reach: Float = 0.05
        /// Confidence above which a point counts as visible, 0 to 1.
        public var visibilityThreshold: Float = 0.2

        public init() {}
    }

    public var name: String { TrackerFamily.superGlue.name }
    public var isCausal: Bool { TrackerFamily.superGlue.isCausal }
    public let options: Options
    let processor: SuperPointProcessor
    let matcher: SuperGlueMatcher

    /// - Parameters:
    ///   - detector: the weights of SuperPoint, `superpoint_v1.pth`.
    ///   - matcher: the weights of SuperGlue, `superglue_outdoor.pth` or `superglue_indoor.pth`.
    ///   - precision: the networks' arithmetic. Scores of pairs and the optimal transport are computed in float32 anyway.
    /// - Throws: `TensorFileError` naming a tensor that is absent or has another shape, `TrackerError.invalidOption`.
    public convenience init(
        detector: Weights, matcher: Weights, engine: any InferenceEngine, precision: Precision = .automatic, options: Options = .init()
    ) throws {
        try self.init(detector: detector, matcher: matcher, engine: engine, precision: precision, options: options, tap: nil)
    }

    init(detector: Weights, matcher: Weights, engine: any InferenceEngine, precision: Precision, options: Options, tap: GraphTap?) throws {
        try options.validate()
        self.options = options
        processor = try SuperPointProcessor(
            weights: detector.withoutModulePrefix,
            selection: KeypointSelection(
                threshold: options.keypointThreshold, radius: options.suppressionRadius, maximumCount: options.maximumKeypoints),
            longestSide: options.longestSide, engine: engine, precision: precision, tap: tap)
        self.matcher = try SuperGlueMatcher(
            weights: matcher.withoutModulePrefix, iterations: options.sinkhornIterations, threshold: options.matchThreshold, engine: engine,
            precision: precision, tap: tap)
    }

    /// Whether a checkpoint holds SuperGlue, judged by names and shapes of its tensors.
    public static func recognises(_ source: any TensorSource) -> Bool {
        SuperGlue.recognises(source.withoutModulePrefix)
    }

    /// Whether a checkpoint holds SuperPoint, judged by names and shapes of its tensors.
    public static func recognisesDetector(_ source: any TensorSource) -> Bool {
        SuperPoint.recognises(source.withoutModulePrefix)
    }

    public func start(on video: FrameStore, at frame: Int, direction: TimeDirection) throws -> any TrackingSession {
        try video.check(frame: frame)
        return SuperGlueSession(tracker: self, video: video, frame: frame, direction: direction)
    }

    /// Between positions in a frame and in the picture in which its key points are found.
    struct PictureScale {
        let image: ImageSize
        let pixelsPerPixel: SIMD2<Float>

        func picture(_ position: SIMD2<Float>) -> SIMD2<Float> { position * pixelsPerPixel - 0.5 }
        func frame(_ position: SIMD2<Float>) -> SIMD2<Float> { (position + 0.5) / pixelsPerPixel }
    }

    func scale(_ frame: ImageSize) -> PictureScale {
        let image = processor.size(of: frame)
        return PictureScale(
            image: image,
            pixelsPerPixel: SIMD2(Float(image.width), Float(image.height)) / SIMD2(Float(frame.width), Float(frame.height)))
    }

    func motion(_ image: ImageSize) -> MatchedMotion {
        MatchedMotion(snapRadius: options.snapRadius, reach: max(options.reach * Float(image.longestSide), 2 * options.snapRadius + 1))
    }
}

extension SuperGlueTracker.Options {
    fileprivate func validate() throws {
        func check(_ condition: Bool, _ message: String) throws { if !condition { throw TrackerError.invalidOption(message) } }
        try check((longestSide ?? 32) >= 32, "SuperGlue's pictures need a longest side of at least 32 pixels, not \(longestSide ?? 0).")
        for (name, threshold) in [
            ("key point", keypointThreshold), ("match", matchThreshold), ("visibility", visibilityThreshold),
        ] {
            try check((0...1).contains(threshold), "SuperGlue's \(name) threshold must be between 0 and 1, not \(threshold).")
        }
        try check(
            (0...64).contains(suppressionRadius), "SuperGlue's suppression radius must be between 0 and 64, not \(suppressionRadius).")
        try check((maximumKeypoints ?? 1) >= 1, "SuperGlue needs at least 1 key point, not \(maximumKeypoints ?? 0).")
        try check(sinkhornIterations >= 1, "SuperGlue needs at least 1 iteration of the optimal transport, not \(sinkhornIterations).")
        try check((0...1000).contains(snapRadius), "SuperGlue's snap radius must be between 0 and 1000 pixels, not \(snapRadius).")
        try check(reach > 0 && reach <= 10, "SuperGlue's reach must be above 0 and at most 10 longest sides, not \(reach).")
    }
}
