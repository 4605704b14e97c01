import Foundation
import Media
import SAMPT
import Segmenters
import Support

/// Video instance segmentation: proposals of the first frame are followed through the video, many at once but each for itself: masks may
/// overlap, and none is another's negative.
///
/// An object's score is the mean of the segmenter's predicted IoU over the frames in which it was asked. (The reference's mean has
/// infinities, from frames without a visible point.)
public struct InstanceEvaluation: Sendable {
    public var segmenter: VideoSegmenter
    /// At most so many proposals are followed at once.
    public var groupSize = 100

    public init(segmenter: VideoSegmenter) {
        self.segmenter = segmenter
        self.segmenter.options.tracking.isBackward = false
        // Nobody else is there: what another proposal covers is no background for this one.
        self.segmenter.options.prompting.usesOtherObjectsAsNegatives = false
    }

    /// Where a video's proposals come from.
    public enum Proposals: Sendable {
        case given([InstanceProposals.Proposal])
        /// The segmenter's own masks of everything in the first frame, at most so many, the surest ones.
        case automatic(AutomaticMasks, most: Int)
    }

    /// - Parameters:
    ///   - frames: the video's pictures in order.
    ///   - progress: called with the frames done and in all, over all groups of proposals.
    /// - Returns: a tube for each proposal that is not empty.
    /// - Throws: `InstanceError` for proposals of another size than the frames; what reading and segmenting throw.
    public func run(
        video: Int, frames: [String], proposals: Proposals, progress: (@Sendable (Int, Int) -> Void)? = nil
    ) async throws -> [InstanceTube] {
        let source = try await onThread { try FrameFolder(name: String(video), paths: frames) }
        let store = FrameStore(source, capacity: segmenter.storeCapacity)
        let lease = store.keepFeatures(of: 0..<source.frameCount)
        defer { withExtendedLifetime(lease) {} }
        return try await run(video: video, store: store, proposals: proposals, progress: progress)
    }

    /// The same with a store that several settings may share.
    func run(
        video: Int, store: FrameStore, proposals: Proposals, progress: (@Sendable (Int, Int) -> Void)? = nil
    ) async throws -> [InstanceTube] {
        let wanted = try await masks(proposals, video, store)
        let groups = stride(from: 0, to: wanted.count, by: max(1, groupSize)).map {
            wanted[$0..<min($0 + max(1, groupSize), wanted.count)]
        }
        let total = groups.count * store.frameCount
        var tubes: [InstanceTube] = []
        for (place, group) in groups.enumerated() {
            let queries = group.enumerated().map { ObjectQuery(id: $0 + 1, prompt: .mask($1.mask)) }
            var masks = queries.map { _ in [RunLengthMask?]() }
            var predicted = queries.map { _ in [Double]() }
            for try await result in segmenter.segment(store, objects: queries, keepsOverlaps: true) {
                for (index, object) in result.objects.enumerated() {
                    masks[index].append(object.mask.isEmpty ? nil : RunLengthMask(object.mask))
                    if let iou = object.predictedIoU, iou.isFinite { predicted[index].append(Double(iou)) }
                }
                progress?(place * store.frameCount + result.frameIndex + 1, total)
            }
            try Task.checkCancellation()
            for (masks, predicted) in zip(masks, predicted) {
                let score = predicted.isEmpty ? 0 : predicted.reduce(0, +) / Double(predicted.count)
                tubes.append(InstanceTube(id: tubes.count + 1, video: video, category: 1, score: score, masks: masks))
            }
        }
        return tubes
    }

    private func masks(_ proposals: Proposals, _ video: Int, _ store: FrameStore) async throws -> [RunLengthMask] {
        switch proposals {
        case .given(let given):
            if let wrong = given.first(where: { $0.mask.size != store.size }) {
                throw InstanceError.invalid("video \(video)", "a proposal is \(wrong.mask.size), the frames \(store.size)")
            }
            return given.map(\.mask).filter { $0.area > 0 }
        case .automatic(let finder, let most):
            return try await onThread { [segmenter] in
                let frame = try segmenter.segmenter.frame(0, of: store)
                return try finder.find(in: frame, with: segmenter.segmenter).prefix(max(0, most)).map(\.mask)
            }
        }
    }
}
