import Media
import PointTrackers
import Segmenters
import Support

/// Frames encoded for the segmenter ahead of their turn, in one direction of time, as long as there is something to ask for in them.
final class EncodingLane {
    private let frames: ProductionLane<(any SegmentableFrame)?>
    private let isAsking: Protected<Bool>
    private let direction: TimeDirection
    /// The frame that the lane delivers next.
    private var coming: Int

    /// - Parameters:
    ///   - frame: the first one to encode.
    ///   - ahead: how many frames are encoded at most before they are asked for.
    ///   - isAsking: whether the segmenter will be asked in the first frame.
    init(
        _ segmenter: any PromptableSegmenter, on video: FrameStore, from frame: Int, _ direction: TimeDirection, ahead: Int, isAsking: Bool
    ) {
        let flag = Protected(isAsking)
        var next = frame
        frames = ProductionLane(ahead: ahead) {
            guard video.frames.contains(next) else { return nil }
            defer { next += direction.rawValue }
            return .some(flag.withLock { $0 } ? try segmenter.frame(next, of: video) : nil)
        }
        (self.isAsking, self.direction, coming) = (flag, direction, frame)
        frames.start()
    }

    /// A frame in its turn; nil where it was not encoded, or the lane is already past it.
    func frame(at index: Int) throws -> (any SegmentableFrame)? {
        var found: (any SegmentableFrame)?
        while (index - coming) * direction.rawValue >= 0 {
            found = try frames.next() ?? nil
            coming += direction.rawValue
        }
        return found
    }

    /// Says whether the segmenter is asked in the frame at hand, from which the lane concludes for those to come.
    func report(isAsking: Bool) { self.isAsking.withLock { $0 = isAsking } }
}

extension [ObjectID: [PromptPoint]] {
    /// Whether an object has a point to ask with.
    var canPrompt: Bool { values.contains { $0.contains { $0.isVisible && $0.isPositive } } }
}
