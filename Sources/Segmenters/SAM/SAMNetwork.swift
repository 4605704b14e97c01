import NeuralGraph
import TensorFiles

/// The graphs of one checkpoint: the image encoder with all that is computed once per image, and the decoder.
struct SAMNetwork {
    let architecture: SAMArchitecture
    let weights: Weights

    /// Checks that every tensor the networks need is there in the right shape, without reading the large ones.
    init(_ weights: Weights) throws {
        architecture = try SAMArchitecture(weights)
        self.weights = weights
        let probe = Weights(ShapeSource(weights.source), prefix: weights.prefix)
        _ = try Self.encoder(probe, architecture)
        _ = try PromptEncoder(probe["prompt_encoder"])
        _ = try Self.decoder(probe, architecture)
    }

    func promptEncoder() throws -> PromptEncoder { try PromptEncoder(weights["prompt_encoder"]) }

    static func decoder(_ weights: Weights, _ architecture: SAMArchitecture) throws -> (MaskDecoder, HQFeatures?) {
        let decoder = weights["mask_decoder"]
        return (
            try MaskDecoder(decoder, isHQ: architecture.isHQ),
            architecture.isHQ ? try HQFeatures(decoder, earlyWidth: architecture.intermediateWidth) : nil
        )
    }

    private static func encoder(_ weights: Weights, _ architecture: SAMArchitecture) throws -> any SAMImageEncoder {
        let image = weights["image_encoder"]
        switch architecture.encoder {
        case .viT(let shape): return try ViTEncoder(image, shape)
        case .tinyViT(let shape): return try TinyViTEncoder(image, shape)
        }
    }

    /// The image encoder. Input: `image`, 1 x 3 x 1024 x 1024. Outputs: `embedding` (cells x 256), `keys`, `values`, `queries` (each
    /// cells x 128) for the decoder's first layer, and of HQ-SAM `hq` (32 x pixels of the mask).
    func encoderModel(tap: GraphTap = noGraphTap) throws -> ONNXModel {
        let encoder = try Self.encoder(weights, architecture)
        return try encoderModel(inputShape: Self.inputShape) { encoder($0, tap: tap) }
    }

    /// The same for frames that fill a part of the input; the input is this part.
    func encoderModel(_ part: FilledPart, blank: BlankMaps) throws -> ONNXModel {
        let encoder = try Self.encoder(weights, architecture)
        return try encoderModel(inputShape: part.inputShape) { encoder($0, part: part, blank: blank) }
    }

    /// What parts need of a blank input, as outputs by name.
    func blankModel() throws -> ONNXModel {
        let graph = Graph("sam-blank")
        let maps = try Self.encoder(weights, architecture).blankMaps(graph.input("image", shape: Self.inputShape))
        for (name, map) in maps.sorted(by: { $0.key < $1.key }) { graph.output(name, map) }
        return try graph.model()
    }

    private static let inputShape = [1, 3, SAMInputGrid.side, SAMInputGrid.side]

    private func encoderModel(inputShape: [Int], _ encode: (Value) -> (embedding: Value, intermediate: Value)) throws -> ONNXModel {
        let graph = Graph("sam-encoder")
        let (decoder, hqFeatures) = try Self.decoder(weights, architecture)
        let prompts = try promptEncoder()
        let (embedding, early) = encode(graph.input("image", shape: inputShape))
        let positions = prompts.cellPositions(in: graph)
        let image = decoder.transformer.imageSide(embedding: embedding, positions: positions)
        graph.output("embedding", embedding)
        graph.output("keys", image.keys)
        graph.output("values", image.values)
        graph.output("queries", image.queries)
        if let hqFeatures { graph.output("hq", hqFeatures(embedding: embedding, early: early)) }
        return try graph.model()
    }

    /// What one compiled decoder serves.
    struct DecoderForm: Hashable {
        var objects: Int
        /// Tokens of one object's prompt, used or not.
        var slots: Int
        /// Whether there is an input `previous`, objects x 1 x 256 x 256.
        var takesMasks: Bool
        /// Whether the answers are SAM's masks 1 to 3 and not mask 0.
        var isMultiple: Bool

        var key: String { "\(objects)x\(slots)\(takesMasks ? "-masks" : "")\(isMultiple ? "-multiple" : "")" }
    }

    /// The decoder. Inputs: `prompt` (objects x slots x 256), `unused` (objects x 1 x 1 x slots; 0, or `unusedToken` where a slot is
    /// empty), the encoder's outputs. Outputs: `masks`, `iou`, and of HQ-SAM `hqMask` (see `MaskDecoder.Output`).
    func decoderModel(_ form: DecoderForm, tap: GraphTap = noGraphTap) throws -> ONNXModel {
        let graph = Graph("sam-decoder")
        let (decoder, _) = try Self.decoder(weights, architecture)
        let prompts = try promptEncoder()
        let cells = SAMInputGrid.cells * SAMInputGrid.cells
        let maskSide = SAMInputGrid.maskSide
        func imageSide(_ name: String) -> Value { graph.input(name, shape: [cells, 128]) }
        let masks = form.takesMasks ? graph.input("previous", shape: [form.objects, 1, maskSide, maskSide]) : nil
        let dense = prompts.dense(masks, in: graph)
        tap("dense") {
            (dense() + graph.constant(Tensor(shape: [form.objects, cells, 256])))
                .transposed().reshaped([form.objects, 256, SAMInputGrid.cells, SAMInputGrid.cells])
        }
        let output = decoder(
            prompt: graph.input("prompt", shape: [form.objects, form.slots, 256]),
            unused: graph.input("unused", shape: [form.objects, 1, 1, form.slots]),
            embedding: graph.input("embedding", shape: [cells, 256]), positions: prompts.cellPositions(in: graph),
            side: .init(keys: imageSide("keys"), values: imageSide("values"), queries: imageSide("queries")), dense: dense,
            hqFeatures: architecture.isHQ ? graph.input("hq", shape: [32, maskSide * maskSide]) : nil,
            masks: form.isMultiple ? 1..<4 : 0..<1, tap: tap)
        graph.output("masks", output.masks)
        graph.output("iou", output.iou)
        if let mask = output.hqMask { graph.output("hqMask", mask) }
        return try graph.model()
    }

    /// Added to attention scores of empty slots: their weight becomes exactly 0.
    static let unusedToken: Float = -1e9
}

/// An image encoder of the family. Results are the image embedding and the early features that HQ-SAM reads, both cells x channels.
protocol SAMImageEncoder {
    /// - Parameter image: 1 x 3 x 1024 x 1024, normalised.
    func callAsFunction(_ image: Value, tap: GraphTap) -> (embedding: Value, intermediate: Value)
    /// The same for a frame that does not fill the input.
    /// - Parameter image: the first lines of it (`FilledPart.inputShape`).
    func callAsFunction(_ image: Value, part: FilledPart, blank: BlankMaps) -> (embedding: Value, intermediate: Value)
    /// What the call for parts needs of a blank input.
    func blankMaps(_ image: Value) -> [String: Value]
}

/// The shapes of a source's tensors, without their contents: for checking a checkpoint by building layers from it.
private struct ShapeSource: TensorSource {
    private let source: any TensorSource

    init(_ source: any TensorSource) { self.source = source }

    var name: String { source.name }
    var fingerprint: String { source.fingerprint }
    var tensorNames: [String] { source.tensorNames }
    func shape(of tensor: String) -> [Int]? { source.shape(of: tensor) }

    func tensor(_ name: String) throws -> Tensor {
        guard let shape = source.shape(of: name) else { throw TensorFileError.missingTensor(file: source.name, tensor: name) }
        var count = 1
        for size in shape {
            let (product, overflow) = count.multipliedReportingOverflow(by: size)
            guard size >= 0, !overflow, product <= 1 << 32 else {
                throw TensorFileError.malformed(file: source.name, reason: "the tensor \(name) has the impossible shape \(shape)")
            }
            count = product
        }
        // Layers only look at the contents of small tensors.
        return count < 1 << 20 ? Tensor(shape: shape) : Tensor(shape: shape) { _ in }
    }
}
