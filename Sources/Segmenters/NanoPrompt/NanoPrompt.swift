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

        /// Embeddings of at most `memorySlots` points; further ones are left out, positives first.
        func remember(_ sample: AppearanceSample) throws -> AppearanceMemory? {
            let points =
                switch sample {
                case .points(let points): points.filter(\.isPositive) + points.filter { !$0.isPositive }
                case .mask(let mask): mask.evenPixels(NanoPrompt.memorySlots).map { PointPrompt($0, isPositive: true) }
                }
            return AppearanceMemory(
                NanoMemory(
                    entries: points.prefix(NanoPrompt.memorySlots).map {
                        NanoMemory.Entry(embedding: embedding(at: $0.position * maps.grid.scale), isPositive: $0.isPositive)
                    }))
        }

        /// The unit-length bilinear sample of `e` at a point in input pixels; cells outside count as zero.
        private func embedding(at point: SIMD2<Float>) -> [Float] {
            let (width, height) = (maps.e.shape[3], maps.e.shape[2])
            let u = point / 8 - 0.5
            let (left, top) = (Int(u.x.rounded(.down)), Int(u.y.rounded(.down)))
            let fraction = u - SIMD2(Float(left), Float(top))
            var result = [Float](repeating: 0, count: 64)
            maps.e.withUnsafeBuffer { e in
                for (dx, dy) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
                    let (x, y) = (left + dx, top + dy)
                    guard (0..<width).contains(x), (0..<height).contains(y) else { continue }
                    let weight = (dx == 0 ? 1 - fraction.x : fraction.x) * (dy == 0 ? 1 - fraction.y : fraction.y)
                    for channel in 0..<64 { result[channel] += weight * e[channel * width * height + y * width + x] }
                }
            }
            let length = (result.reduce(0) { $0 + $1 * $1 } + 1e-6).squareRoot()
            return result.map { $0 / length }
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
            let promptMaps = try mapLibrary.network("nano-prompt-maps-1-\(input)-1x\(slots)x\(NanoPrompt.memorySlots)") {
                try NanoPromptMaps.model(input: input, objects: 1, points: slots, memory: NanoPrompt.memorySlots)
            }
            let trunk = try library.network("nano-decoder-trunk-2-\(weights.source.fingerprint)-\(input)-1\(inEightBits ? "-int8" : "")") {
                try NanoDecoder.trunkModel(weights: weights, input: input, objects: 1, inEightBits: inEightBits)
            }
            let (width, height) = (input.width / 4, input.height / 4)
            let previous = prompt.previousLogits(width: width, height: height)
            var inputs = try promptMaps([
                "e": maps.e,
                "points": Self.points(prompt, slots: slots, scale: maps.grid.scale),
                "prev": Tensor(shape: [1, 1, height, width], previous?.values ?? [Float](repeating: 0, count: width * height)),
                "has": Tensor(shape: [1], [previous == nil ? 0 : 1]),
                "ref": Self.memory(prompt),
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

        private static func memory(_ prompt: ObjectPrompt) -> Tensor {
            let slots = NanoPrompt.memorySlots
            var values = [Float](repeating: 0, count: slots * 65)
            let entries = prompt.memory?.content(as: NanoMemory.self)?.entries ?? []
            for m in 0..<slots {
                guard m < entries.count, entries[m].embedding.count == 64 else {
                    values[65 * m + 64] = -1
                    continue
                }
                for channel in 0..<64 { values[65 * m + channel] = entries[m].embedding[channel] }
                values[65 * m + 64] = entries[m].isPositive ? 1 : 0
            }
            return Tensor(shape: [1, slots, 65], values)
        }
    }
}

/// What NanoPrompt remembers of an object.
private struct NanoMemory: Sendable {
    /// One embedding with its label per point.
    struct Entry: Sendable {
        var embedding: [Float]
        var isPositive: Bool
    }

    var entries: [Entry]
}
