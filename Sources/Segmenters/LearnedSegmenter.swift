import Inference
import TensorFiles

/// The published segmenters, told apart by the tensors of a checkpoint (`SegmenterFamily`).
///
///     let segmenter = try LearnedSegmenter.segmenter(weights: Weights(checkpoint), engine: OpenVINOEngine())
public enum LearnedSegmenter {
    /// The family whose network a checkpoint holds, every tensor of it in the right shape. Only shapes are read.
    /// - Throws: `SegmenterError.unknownCheckpoint` when it holds none, `TensorFileError` naming a tensor that is absent or has another
    ///   shape.
    public static func family(of weights: Weights) throws -> SegmenterFamily {
        SegmenterFamily(try SAMSegmenter.architecture(of: weights))
    }

    /// The segmenter whose network a checkpoint holds.
    /// - Parameters:
    ///   - precision: of the encoder; positions of prompts are always encoded in float32.
    ///   - decoderPrecision: of the decoder; nil for that of the encoder.
    ///   - hqTokenOnly: of an HQ checkpoint: whether the mask is HQ-SAM's alone, without SAM's added.
    /// - Throws: as `family(of:)`, and `TensorFileError` for a tensor that is not finite.
    public static func segmenter(
        weights: Weights, engine: any InferenceEngine, precision: Precision = .automatic, decoderPrecision: Precision? = nil,
        hqTokenOnly: Bool = false
    ) throws -> SAMSegmenter {
        try SAMSegmenter(
            weights: weights, engine: engine, precision: precision, decoderPrecision: decoderPrecision, hqTokenOnly: hqTokenOnly)
    }
}
