/// Low-resolution mask logits in a segmenter's own grid, as it feeds them back to itself. Above 0 is object.
public struct MaskLogits: Sendable, Equatable {
    public var width: Int
    public var height: Int
    /// `width * height` logits, row-major.
    public var values: [Float]

    public init(width: Int, height: Int, values: [Float]) {
        precondition(values.count == width * height, "MaskLogits needs one value a cell")
        (self.width, self.height, self.values) = (width, height, values)
    }
}

/// A segmenter's answer to one prompt.
public struct MaskPrediction: Sendable {
    public var logits: MaskLogits
    /// The segmenter's own estimate of the mask's intersection over union with the truth, about 0 to 1.
    public var predictedIoU: Float

    public init(logits: MaskLogits, predictedIoU: Float) {
        self.logits = logits
        self.predictedIoU = predictedIoU
    }
}
