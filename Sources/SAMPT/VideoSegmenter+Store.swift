import Media
import Support

extension VideoSegmenter {
    /// As `segment(_:objects:progress:)`, on a store that several runs use one after the other: what they have in common, such as an image
    /// encoder's maps, is computed once and kept as the store says (`FrameStore.keepFeatures`).
    /// - Parameter store: with room for the frames that the options and the tracker need at once; `storeCapacity` says how many.
    public func segment(
        _ store: FrameStore, objects: [ObjectQuery], progress: (@Sendable (SegmentationProgress) -> Void)? = nil
    ) -> AsyncThrowingStream<FrameResult, any Error> {
        let run = SegmentationRun(
            segmenter: segmenter, tracker: tracker, options: options, video: store, objects: objects, progress: progress)
        let frames = ProductionLane(ahead: 1, waitsAtEnd: false) { try run.next() }
        return AsyncThrowingStream { try await frames.nextElement() }
    }

    /// How many frames a store must keep so that a run computes nothing twice.
    public var storeCapacity: Int { options.framesKept(with: tracker) }
}
