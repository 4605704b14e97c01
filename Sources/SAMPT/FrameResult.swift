import Media
import PointTrackers

/// The masks of all objects in one frame.
public struct FrameResult: Sendable {
    public var frameIndex: Int
    /// The frame's picture, so that consumers need not decode it again.
    public var image: RGBImage
    /// One entry per queried object, in the order of the queries.
    public var objects: [ObjectResult]

    /// Every pixel's object id. Where objects overlap, the one with the larger logit has the pixel; a given mask has it before all,
    /// and ties go to the object listed first.
    public var indexMask: IndexMask
}

/// One object in one frame.
public struct ObjectResult: Sendable {
    public var id: ObjectID
    /// The object's pixels after overlaps with other objects are resolved; empty where it is not seen.
    public var mask: Mask
    /// The segmenter's estimate of the mask's intersection over union with the truth, 0 to 1; nil where it was not asked.
    public var predictedIoU: Float?
    /// What the run knows about how good the mask is, before overlaps are resolved; nil in frames that nothing is known of, such as those
    /// before the query frame where nothing is tracked backwards.
    public var evidence: MaskEvidence?
    /// The object's tracked points in this frame, positive ones first.
    public var points: [PromptPoint]

    /// How good the mask is likely to be: the expected intersection over union with the truth, 0 to 1, and 1 for a given mask. Where there
    /// is no mask, the probability that the object is not to be seen. nil where `evidence` is.
    public var confidence: Float? { evidence?.confidence }
}

/// A tracked query point in one frame.
public struct PromptPoint: Sendable, Hashable {
    /// Identifies the point over time within its object and direction of tracking; re-initialisation gives new ids.
    public var id: Int
    /// In pixels of the frame; pixel centres at +0.5.
    public var position: SIMD2<Float>
    public var isPositive: Bool
    public var status: PointStatus
    /// The tracker's confidence, 0 to 1.
    public var confidence: Float
    public var origin: PointOrigin

    /// Whether the point may prompt the segmenter.
    public var isVisible: Bool { status == .visible }

    public init(
        id: Int, position: SIMD2<Float>, isPositive: Bool, status: PointStatus, confidence: Float, origin: PointOrigin = .reinitialization
    ) {
        (self.id, self.position, self.isPositive, self.status) = (id, position, isPositive, status)
        (self.confidence, self.origin) = (confidence, origin)
    }
}

/// How a tracked point came to be.
public enum PointOrigin: UInt8, Sendable, CaseIterable {
    /// Sampled on a predicted mask on the way, while other points went on (`ReinitializationVariant.rolling`).
    case reinitialization
    /// Sampled on the mask of the frame where its tracking began: the query frame, or the first frame of a window.
    case queryMask
    /// The user clicked there.
    case click
}

/// Why a tracked point prompts the segmenter or does not. The numbers are those of the reference's visibilities.
public enum PointStatus: Int8, Sendable, CaseIterable {
    case visible = 1
    /// The tracker takes it as hidden.
    case occluded = 0
    /// Outside the frame, or within `VideoSegmenterOptions.borderShare` of its border.
    case outside = -2
    /// The patch around it does not look as in the query frame (`PatchFilter`).
    case dissimilar = -3
    /// Further in time than a frame in which it was dissimilar.
    case afterDissimilar = -4
}

/// How far a long piece of work has come.
public struct SegmentationProgress: Sendable {
    /// Frames processed so far, counting a frame once per direction of tracking.
    public var framesDone: Int
    /// The frames of the video and those of the backward pass.
    public var framesTotal: Int
    public var secondsElapsed: Double

    public init(framesDone: Int, framesTotal: Int, secondsElapsed: Double) {
        (self.framesDone, self.framesTotal, self.secondsElapsed) = (framesDone, framesTotal, secondsElapsed)
    }

    public var framesPerSecond: Double { secondsElapsed > 0 ? Double(framesDone) / secondsElapsed : 0 }
    public var secondsLeft: Double { framesPerSecond > 0 ? Double(framesTotal - framesDone) / framesPerSecond : 0 }
}
