import Media
import PointTrackers
import Segmenters

/// Stands for models that are not there, so that a session can be opened to look at it, to edit, and to export its masks.
///
///     let session = try AnnotationSession(VideoSegmenter(missing: "sam_vit_h is not installed: sampt models pull sam-vit-h"), ...)
public struct MissingModels: PromptableSegmenter, PointTracker {
    public let name = "missing"
    /// Which, and what to do.
    public let reason: String
    public var unavailability: String? { reason }

    public init(reason: String) { self.reason = reason }

    public func frame(_ index: Int, of video: FrameStore) throws -> any SegmentableFrame {
        throw SessionError.modelsMissing(reason: reason)
    }
    public func frameLogits(_ logits: MaskLogits, size: ImageSize) -> [Float] { [Float](repeating: 0, count: size.pixelCount) }
    public func mask(_ logits: MaskLogits, size: ImageSize) -> Mask { Mask(size: size) }

    public func start(on video: FrameStore, at frame: Int, direction: TimeDirection) throws -> any TrackingSession {
        throw SessionError.modelsMissing(reason: reason)
    }
}

extension VideoSegmenter {
    /// Why nothing can be computed; nil: it can.
    public var unavailability: String? { segmenter.unavailability ?? tracker.unavailability }

    /// One without models.
    public init(missing reason: String, options: VideoSegmenterOptions = .init()) {
        self.init(segmenter: MissingModels(reason: reason), tracker: MissingModels(reason: reason), options: options)
    }
}
