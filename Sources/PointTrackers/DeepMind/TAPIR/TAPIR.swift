import Foundation
import Inference
import Media
import Support
import TensorFiles

/// TAPIR and BootsTAPIR (<https://github.com/google-deepmind/tapnet>): finds each point in every frame by itself, then refines its track
/// over all frames at once.
///
/// A point is described by its query frame alone, and all other frames, earlier and later ones, are looked at together. Videos up to
/// `Options.window` frames are one clip, as in the reference. Longer ones are cut into clips of that length that overlap by twice
/// `Options.margin`; every frame is taken from the clip in which it lies farther from the ends, so results depend neither on where a
/// session started nor on its direction. Refinement reaches 24 frames to both sides per iteration, 96 in all, the far ones with little
/// weight: near seams results may differ slightly from those of an unlimited clip.
///
/// Sessions hold the maps of the current clip (3 MB a frame, 360 MB for 120 frames), shared by all sessions on the same video. The first
/// `advance` after adding points computes their tracks in the whole clip; further ones look them up. Points do not influence each other
/// and there may be any number of them. Groups are not used.
///
/// The published networks with causal convolutions (`causal_*`) have the same tensors and cannot be told apart; they do not work here.
public final class TAPIR: PointTracker {
    public struct Options: Sendable {
        /// The confidence, (1 - probability of being hidden) (1 - probability of being off), above which a point counts as visible.
        public var visibilityThreshold: Float = 0.1
        /// The most frames looked at together.
        public var window: Int = 120
        /// Frames at a clip's ends that another clip gives, in videos longer than `window`; below half of it.
        public var margin: Int = 24
        /// Treats positions as SAM-PT does: pixel centres of the frame at whole numbers, but scaled to the network's input, where they are
        /// at +0.5, without a shift. Points then lie half a pixel of the frame off; for comparisons.
        public var usesReferencePixelCenters = false

        public init() {}
    }

    public var name: String { TrackerFamily.tapir.name }
    let encoder: TAPIRFrameEncoder
    let estimator: TAPIREstimator
    let options: Options
    private let clips = Protected<[WeakClip]>([])

    private struct WeakClip: Sendable {
        weak var clip: TAPIRClip?
    }

    /// - Parameters:
    ///   - weights: of `tapir_checkpoint_panning.npy`, `bootstapir_checkpoint_v2.pt` or another file of that form.
    ///   - precision: of the encoder and the refinement; the first positions are found in float32 whatever it is.
    /// - Throws: `TensorFileError` naming the tensor that is absent or has another shape; `TrackerError.invalidOption` for options that
    ///   make no sense.
    public init(weights: Weights, engine: any InferenceEngine, precision: Precision = .automatic, options: Options = Options()) throws {
        guard options.window > 0, options.margin >= 0, options.margin < (options.window + 1) / 2 else {
            throw TrackerError.invalidOption(
                "TAPIR's window (\(options.window)) must be above 0, and its margin (\(options.margin)) below half of the window.")
        }
        let network = try TAPIRNetwork(weights)
        encoder = TAPIRFrameEncoder(network, engine: engine, precision: precision)
        estimator = TAPIREstimator(network, engine: engine, precision: precision)
        self.options = options
    }

    /// Whether a file holds a TAPIR network, by the names and shapes of its tensors.
    public static func recognises(_ source: any TensorSource) -> Bool { TAPIRNetwork.recognises(source) }

    public func start(on video: FrameStore, at frame: Int, direction: TimeDirection) throws -> any TrackingSession {
        try video.check(frame: frame)
        return TAPIRSession(tracker: self, video: video, frame: frame, direction: direction)
    }

    /// The frames that `frame` is looked at together with.
    static func plan(for frame: Int, of count: Int, options: Options) -> Range<Int> {
        guard count > options.window else { return 0..<count }
        let step = options.window - 2 * options.margin
        let index = max(0, (frame - options.margin) / step)
        let start = min(index * step, count - options.window)
        return start..<(start + options.window)
    }

    /// The same in a video of which some frames may be looked at.
    func plan(for frame: Int, of frames: Range<Int>) -> Range<Int> {
        let plan = Self.plan(for: frame - frames.lowerBound, of: frames.count, options: options)
        return (plan.lowerBound + frames.lowerBound)..<(plan.upperBound + frames.lowerBound)
    }

    /// - Parameter known: maps of some frames of the video.
    func clip(of video: FrameStore, for frame: Int, known: [Int: TAPIRMaps]) throws -> TAPIRClip {
        let plan = plan(for: frame, of: video.frames)
        return try clips.withLock { clips in
            clips.removeAll { $0.clip == nil }
            for candidate in clips {
                if let clip = candidate.clip, clip.video === video, clip.plan == plan, clip.frames.contains(frame) { return clip }
            }
            let clip = try TAPIRClip(video, plan: plan, around: frame, encoder: encoder, known: known)
            clips.append(WeakClip(clip: clip))
            return clip
        }
    }
}
