import Foundation
import Inference
import Media
import NeuralGraph
import TensorFiles

/// The published segmenters: SAM, HQ-SAM, MobileSAM and Light HQ-SAM. Which one follows from the checkpoint.
///
///     let segmenter = try SAMSegmenter(weights: Weights(checkpoint), engine: OpenVINOEngine())
///
/// Points, boxes and masks prompt it. Answers are single masks; of an HQ checkpoint, the sum of SAM's and HQ-SAM's logits.
public final class SAMSegmenter: PromptableSegmenter {
    /// As `SAMArchitecture.name`.
    public let name: String
    public let architecture: SAMArchitecture
    /// As in the paper's experiments: the first pass in every frame, and twelve refinements by boxes.
    public let recommendedPrompting = RecommendedPrompting(refinements: 12)
    public var abilities: SegmenterAbilities { Self.abilities }
    static let abilities: SegmenterAbilities = [.boxes, .candidates]
    let network: SAMNetwork
    private let encoder: SAMFrameEncoder
    private let decoder: SAMDecoder
    private let hqTokenOnly: Bool

    /// - Parameters:
    ///   - weights: of a published checkpoint, or of one with the same tensors.
    ///   - precision: of the encoder; positions of prompts are always encoded in float32.
    ///   - decoderPrecision: of the decoder; nil for that of the encoder.
    ///   - hqTokenOnly: of an HQ checkpoint: whether the mask is HQ-SAM's alone, without SAM's added.
    /// - Throws: `SegmenterError.unknownCheckpoint`, or `TensorFileError` naming a tensor that is absent, has another shape or is not
    ///   finite.
    public init(
        weights: Weights, engine: any InferenceEngine, precision: Precision = .automatic, decoderPrecision: Precision? = nil,
        hqTokenOnly: Bool = false
    ) throws {
        network = try SAMNetwork(weights)
        try weights.checkFinite(engine)
        let fingerprint = weights.source.fingerprint + (weights.prefix.isEmpty ? "" : "-\(weights.prefix)")
        architecture = network.architecture
        name = network.architecture.name
        self.hqTokenOnly = hqTokenOnly
        encoder = SAMFrameEncoder(network, fingerprint: fingerprint, engine: engine, precision: precision)
        decoder = try SAMDecoder(network, fingerprint: fingerprint, engine: engine, precision: decoderPrecision ?? precision)
    }

    /// The network that a checkpoint holds, every tensor of it in the right shape. Only shapes are read.
    /// - Throws: as `init`.
    public static func architecture(of weights: Weights) throws -> SAMArchitecture { try SAMNetwork(weights).architecture }

    /// The image encoder's key in a `FrameStore`.
    public var encoderKey: String { encoder.cacheKey }

    public func frame(_ index: Int, of video: FrameStore) throws -> any SegmentableFrame {
        Frame(features: try video.value(of: encoder, at: index), decoder: decoder, hqTokenOnly: hqTokenOnly)
    }

    /// One picture ready for prompts, outside of any video.
    public func frame(_ image: RGBImage) throws -> Frame {
        Frame(features: try encoder.process(image), decoder: decoder, hqTokenOnly: hqTokenOnly)
    }

    public func frameLogits(_ logits: MaskLogits, size: ImageSize) -> [Float] { Self.upsampler(size).logits(logits.values) }
    public func mask(_ logits: MaskLogits, size: ImageSize) -> Mask { Self.upsampler(size).mask(logits.values) }

    static func upsampler(_ size: ImageSize) -> LogitUpsampler {
        let side = SAMInputGrid.maskSide
        return LogitUpsampler(low: ImageSize(width: side, height: side), resized: SAMInputGrid(frame: size).resized, frame: size)
    }

    /// An encoded frame.
    public struct Frame: SegmentableFrame {
        let features: SAMFrameEncoder.Features
        let decoder: SAMDecoder
        let hqTokenOnly: Bool

        public var size: ImageSize { features.grid.frame }

        public func predict(_ prompts: [ObjectPrompt]) throws -> [MaskPrediction] {
            try decoder.run(prompts, multiple: false, on: features).map { predictions(of: $0)[0] }
        }

        public var inputScale: SIMD2<Float> { features.grid.scale }
        public var lanes: Int { decoder.lanes }

        public func predictBeside(_ prompt: ObjectPrompt) throws -> MaskPrediction? {
            try decoder.runBeside(prompt, on: features).flatMap { predictions(of: $0).first }
        }

        /// Several answers to each prompt, for prompts that leave open how much is meant, such as one point: SAM's masks 1 to 3. HQ-SAM
        /// gives one, made of the mask with the best predicted IoU.
        public func predictMultiple(_ prompts: [ObjectPrompt]) throws -> [[MaskPrediction]] {
            try decoder.run(prompts, multiple: true, on: features).map(predictions)
        }

        /// SAM's masks 1 to 3, the one with the best predicted IoU first.
        public func candidates(for prompt: ObjectPrompt) throws -> [MaskPrediction] {
            try (predictMultiple([prompt]).first ?? []).sorted { $0.predictedIoU > $1.predictedIoU }
        }

        public func bounds(of logits: MaskLogits) -> (box: Box, pixels: Int)? { SAMSegmenter.upsampler(size).bounds(logits.values) }

        func predictions(of answer: SAMDecoder.Answer) -> [MaskPrediction] {
            let all = zip(answer.masks, answer.iou).map { MaskPrediction(logits: $0, predictedIoU: $1) }
            guard let hqMask = answer.hqMask, var best = all.max(by: { $0.predictedIoU < $1.predictedIoU }) else { return all }
            if hqTokenOnly {
                best.logits = hqMask
            } else {
                for i in hqMask.values.indices { best.logits.values[i] += hqMask.values[i] }
            }
            return [best]
        }
    }
}
