import Media
import Support

extension VideoSegmenter {
    /// As `segment(_:objects:progress:)`, on a store that several runs use one after the other: what they have in common, such as an image
    /// encoder's maps, is computed once and kept as the store says (`FrameStore.keepFeatures`).
    /// - Parameters:
    ///   - store: with room for the frames that the options and the tracker need at once; `storeCapacity` says how many.
    ///   - keepsOverlaps: leaves the objects' masks whole where they overlap, as in instance segmentation; a pixel of the index mask then
    ///     belongs to the object listed first.
    public func segment(
        _ store: FrameStore, objects: [ObjectQuery], keepsOverlaps: Bool = false,
        progress: (@Sendable (SegmentationProgress) -> Void)? = nil
    ) -> AsyncThrowingStream<FrameResult, any Error> {
        let run = SegmentationRun(
            segmenter: segmenter, tracker: tracker, options: options, video: store, objects: objects,
            keepsOverlaps: keepsOverlaps, progress: progress)
        let frames = ProductionLane(ahead: 1, waitsAtEnd: false) { try run.next() }
        return AsyncThrowingStream { try await frames.nextElement() }
    }

    /// How many frames a store must keep so that a run computes nothing twice.
    public var storeCapacity: Int { options.framesKept(with: tracker) }
}
