import Media
import Segmenters

/// What one direction of tracking found of one object in one frame, before overlaps with other objects are resolved.
struct ObjectOutcome: Sendable {
    enum Shape: Sendable {
        /// Not seen, or its mask was not trusted.
        case absent
        /// The segmenter's answer.
        case predicted(MaskLogits)
        /// The mask the object was marked with; it wins over every other object.
        case given(Mask)
    }

    var shape: Shape = .absent
    /// The pixels of `shape` at the frame's size, where they have been computed already.
    var mask: Mask?
    var predictedIoU: Float?
    /// nil where the object was not looked for.
    var evidence: MaskEvidence?
    var points: [PromptPoint] = []
}

extension FrameResult {
    /// - Parameters:
    ///   - isExact: resolves overlaps with logits as they are, as the reference does, and not as they are kept (`RoundedLogits`).
    ///   - keepsOverlaps: leaves the objects' masks whole; a pixel of the index mask then belongs to the object listed first.
    init(
        frameIndex: Int, image: RGBImage, segmenter: any PromptableSegmenter, outcomes: [(id: ObjectID, outcome: ObjectOutcome)],
        isExact: Bool = false, keepsOverlaps: Bool = false
    ) {
        let overlaps = OverlapResolution(segmenter: segmenter, isExact: isExact)
        let objects =
            keepsOverlaps ? overlaps.wholeResults(of: outcomes, size: image.size) : overlaps.results(of: outcomes, size: image.size)
        self.init(frameIndex: frameIndex, image: image, objects: objects, indexMask: IndexMask(objects, size: image.size))
    }
}

extension IndexMask {
    /// Of objects that share no pixel.
    init(_ objects: [ObjectResult], size: ImageSize) {
        self.init(width: size.width, height: size.height)
        for object in objects { add(object.mask, id: object.id) }
    }
}
