import Foundation
import Inference
import Media
import NeuralGraph
import TensorFiles

/// The built-in segmenter: small, point-prompted, with an appearance memory (docs/models/nano-prompt.md).
///
///     let engine = try OpenVINOEngine()
///     let encoder = try NanoFrameEncoder(engine: engine)
///     let segmenter = try NanoPrompt(engine: engine, encoder: encoder)
public final class NanoPrompt: PromptableSegmenter {
    public var name: String { SegmenterFamily.nanoPrompt.name }
    public var abilities: SegmenterAbilities { Self.abilities }
    static let abilities: SegmenterAbilities = .appearanceMemory
    public let recommendedPrompting = RecommendedPrompting(refinements: 1, previousMaskIoU: 0.6)
    private let encoder: NanoFrameEncoder
    private let decoder: Decoder

    /// - Parameter encoder: shared with a `NanoTrack`, it runs once per frame for both.
    public init(engine: any InferenceEngine, encoder: NanoFrameEncoder, precision: Precision = .automatic) throws {
        self.encoder = encoder
        decoder = Decoder(weights: try NanoWeights.segmenter(), engine: engine, precision: precision)
    }

    public func frame(_ index: Int, of video: FrameStore) throws -> any SegmentableFrame {
        Frame(maps: try video.value(of: encoder, at: index), decoder: decoder)
    }

    public func loadNetworks(for size: ImageSize) throws {
        try encoder.loadNetwork(for: size)
        _ = try decoder.networks(NanoInputGrid(frame: size).input)
    }

    public func frameLogits(_ logits: MaskLogits, size: ImageSize) -> [Float] { upsampler(logits, size).logits(logits.values) }
    public func mask(_ logits: MaskLogits, size: ImageSize) -> Mask { upsampler(logits, size).mask(logits.values) }

    private func upsampler(_ logits: MaskLogits, _ size: ImageSize) -> LogitUpsampler {
        LogitUpsampler(
            low: ImageSize(width: logits.width, height: logits.height), resized: NanoInputGrid(frame: size).resized, frame: size)
    }

    /// Slots of a compiled decoder; unused ones are labelled so and contribute nothing.
    private static let pointSlots = 32
    static let memorySlots = 24

    /// An encoded frame.
    struct Frame: SegmentableFrame {
        let maps: NanoFrameEncoder.Maps
        let decoder: Decoder

        var size: ImageSize { maps.grid.frame }

        /// One by one: in a batch the sums of some processors come out otherwise, and an object's mask would depend on who else is there.
        func predict(_ prompts: [ObjectPrompt]) throws -> [MaskPrediction] { try prompts.map { try decoder.run($0, on: maps) } }

        /// Embeddings of at most `memorySlots` points, further ones being left out, positives last; and the target model of a mask.
        func remember(_ sample: AppearanceSample) throws -> AppearanceMemory? { AppearanceMemory(NanoMemory(sample, in: maps)) }

        func refresh(_ memory: AppearanceMemory, with mask: Mask) throws -> AppearanceMemory {
            memory.content(as: NanoMemory.self).map { AppearanceMemory($0.refreshed(by: mask, in: maps)) } ?? memory
        }
    }

    /// Compiled decoders and the packing of prompts into their inputs.
    final class Decoder: Sendable {
        private let weights: Weights
        private let library: NetworkLibrary
        /// Coordinates need float32 whatever the precision of the rest.
        private let mapLibrary: NetworkLibrary
        private let inEightBits: Bool

        init(weights: Weights, engine: any InferenceEngine, precision: Precision) {
            self.weights = weights
            inEightBits = precision.allowsEightBits
            library = NetworkLibrary(engine: engine, precision: precision)
            mapLibrary = NetworkLibrary(engine: engine, precision: .float32)
        }

        func run(_ prompt: ObjectPrompt, on maps: NanoFrameEncoder.Maps) throws -> MaskPrediction {
            let input = maps.grid.input
            let slots = max(1, (prompt.points.count + NanoPrompt.pointSlots - 1) / NanoPrompt.pointSlots) * NanoPrompt.pointSlots
            let (promptMaps, trunk) = try networks(input, slots: slots)
            let (width, height) = (input.width / 4, input.height / 4)
            let previous = prompt.previousLogits(width: width, height: height)
            let memory = prompt.memory?.content(as: NanoMemory.self) ?? NanoMemory()
            var inputs = try promptMaps([
                "e": maps.e,
                "p8": maps.p8,
                "points": Self.points(prompt, slots: slots, scale: maps.grid.scale),
                "prev": Tensor(shape: [1, 1, height, width], previous?.values ?? [Float](repeating: 0, count: width * height)),
                "has": Tensor(shape: [1], [previous == nil ? 0 : 1]),
                "ref": memory.references,
                "target": memory.target,
            ])
            inputs["p4"] = maps.p4
            inputs["p8"] = maps.p8
            inputs["p16"] = maps.p16
            let outputs = try trunk(inputs)
            guard let logits = outputs["logits"], let iou = outputs["iou"]?.values.first else {
                throw SegmenterError.missingOutput("logits")
            }
            return MaskPrediction(logits: MaskLogits(width: width, height: height, values: logits.values), predictedIoU: iou)
        }

        func networks(
            _ input: ImageSize, slots: Int = NanoPrompt.pointSlots
        ) throws -> (maps: any CompiledNetwork, trunk: any CompiledNetwork) {
            let maps = try mapLibrary.network("nano-prompt-maps-3-\(input)-1x\(slots)x\(NanoPrompt.memorySlots)") {
                try NanoPromptMaps.model(input: input, objects: 1, points: slots, memory: NanoPrompt.memorySlots)
            }
            let trunk = try library.network("nano-decoder-trunk-2-\(weights.source.fingerprint)-\(input)-1\(inEightBits ? "-int8" : "")") {
                try NanoDecoder.trunkModel(weights: weights, input: input, objects: 1, inEightBits: inEightBits)
            }
            return (maps, trunk)
        }

        private static func points(_ prompt: ObjectPrompt, slots: Int, scale: SIMD2<Float>) -> Tensor {
            var values = [Float](repeating: 0, count: slots * 3)
            for n in 0..<slots {
                guard n < prompt.points.count else {
                    values[3 * n + 2] = -1
                    continue
                }
                let point = prompt.points[n]
                values[3 * n] = point.position.x * scale.x
                values[3 * n + 1] = point.position.y * scale.y
                values[3 * n + 2] = point.isPositive ? 1 : 0
            }
            return Tensor(shape: [1, slots, 3], values)
        }
    }
}
