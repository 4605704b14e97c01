import Inference
import Media
import NeuralGraph
import Support
import TensorFiles

/// The feature encoders of one tracker, one for each size that large frames are reduced to, and one for all others. Sessions share them
/// and what they have compiled.
final class SizedFeatures: Sendable {
    /// Frames with a longer side are reduced to it.
    let longestSide: Int
    private let make: @Sendable (TrackerFrameInput) throws -> FeaturePyramidProcessor
    private let processors = Protected<[TrackerFrameInput: FeaturePyramidProcessor]>([:])

    /// - Parameter weights: those at `fnet`.
    /// - Throws: `TensorFileError` for a tensor that is absent or has another shape.
    init(weights: Weights, stride: Int, longestSide: Int, engine: any InferenceEngine, precision: Precision) throws {
        self.longestSide = max(1, longestSide)
        make = { try FeaturePyramidProcessor(weights: weights, input: $0, stride: stride, engine: engine, precision: precision) }
        _ = try make(TrackerFrameInput(size: nil))
    }

    /// How frames of a size are seen, and by what.
    func working(_ frame: ImageSize) throws -> (size: WorkingSize, processor: FeaturePyramidProcessor) {
        let working = WorkingSize(frame: frame, longestSide: longestSide)
        let processor = try processors.withLock { processors in
            if let known = processors[working.input] { return known }
            let processor = try make(working.input)
            processors[working.input] = processor
            return processor
        }
        return (working, processor)
    }
}
