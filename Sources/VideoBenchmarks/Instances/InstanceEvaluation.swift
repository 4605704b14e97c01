import Foundation
import Media
import SAMPT
import Support

/// Video instance segmentation: proposals of the first frame are followed through the video, each for itself, so that masks may overlap.
///
/// An object's score is the mean of the segmenter's predicted IoU over the frames in which it was asked. (The reference's mean has
/// infinities, from frames without a visible point.)
public struct InstanceEvaluation: Sendable {
    public var segmenter: VideoSegmenter
    /// The most bytes that one video's maps may take in the temporary folder.
    public var spoolBytes: UInt64 = 4 << 30

    public init(segmenter: VideoSegmenter) {
        self.segmenter = segmenter
        self.segmenter.options.tracking.isBackward = false
        // Nobody else is there: what another proposal covers is no background for this one.
        self.segmenter.options.prompting.usesOtherObjectsAsNegatives = false
    }

    /// - Parameters:
    ///   - frames: the video's pictures in order.
    ///   - progress: called with the frames done and in all, over all proposals.
    /// - Returns: a tube for each proposal that is not empty.
    /// - Throws: `InstanceError` for proposals of another size than the frames; what reading and segmenting throw.
    public func run(
        video: Int, frames: [String], proposals: [InstanceProposals.Proposal], progress: (@Sendable (Int, Int) -> Void)? = nil
    ) async throws -> [InstanceTube] {
        let source = try await onThread { try FrameFolder(name: String(video), paths: frames) }
        if let wrong = proposals.first(where: { $0.mask.size != source.size }) {
            throw InstanceError.invalid("video \(video)", "a proposal is \(wrong.mask.size), the frames \(source.size)")
        }
        let store = FrameStore(source, capacity: segmenter.storeCapacity, spoolBudget: spoolBytes)
        let lease = store.keepFeatures(of: 0..<source.frameCount)
        defer { withExtendedLifetime(lease) {} }
        let wanted = proposals.filter { $0.mask.area > 0 }
        let total = wanted.count * source.frameCount
        var tubes: [InstanceTube] = []
        for (index, proposal) in wanted.enumerated() {
            let query = ObjectQuery(id: index + 1, prompt: .mask(proposal.mask.mask))
            var (masks, predicted) = ([RunLengthMask?](), [Double]())
            for try await result in segmenter.segment(store, objects: [query]) {
                let object = result.objects[0]
                masks.append(object.mask.isEmpty ? nil : RunLengthMask(object.mask))
                if let iou = object.predictedIoU, iou.isFinite { predicted.append(Double(iou)) }
                progress?(index * source.frameCount + result.frameIndex + 1, total)
            }
            try Task.checkCancellation()
            let score = predicted.isEmpty ? 0 : predicted.reduce(0, +) / Double(predicted.count)
            tubes.append(InstanceTube(id: index + 1, video: video, category: 1, score: score, masks: masks))
        }
        return tubes
    }
}
