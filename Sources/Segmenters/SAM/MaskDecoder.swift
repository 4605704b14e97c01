import NeuralGraph
import TensorFiles

/// SAM's mask decoder, and HQ-SAM's with one token and one mask more.
struct MaskDecoder {
    private let iouToken, maskTokens: Table
    private let hqToken: Table?
    let transformer: TwoWayTransformer
    private let upscaling: TwofoldExpansion
    private let maskLayers: [MLP]
    private let iouLayers: MLP
    private let hqLayers: MLP?
    private let hqMask: HQMask?

    init(_ weights: Weights, isHQ: Bool) throws {
        iouToken = try Table(weights["iou_token"], "weight", shape: [1, 256])
        maskTokens = try Table(weights["mask_tokens"], "weight", shape: [4, 256])
        transformer = try TwoWayTransformer(weights["transformer"])
        upscaling = try TwofoldExpansion(weights["output_upscaling"], from: 256, by: 64)
        maskLayers = try (0..<4).map { try MLP(weights["output_hypernetworks_mlps"][$0], to: 32) }
        iouLayers = try MLP(weights["iou_prediction_head"], to: 4)
        hqToken = isHQ ? try Table(weights["hf_token"], "weight", shape: [1, 256]) : nil
        hqLayers = isHQ ? try MLP(weights["hf_mlp"], to: 32) : nil
        hqMask = isHQ ? try HQMask(weights) : nil
    }

    /// Tokens before those of the prompt.
    var ownTokens: Int { hqToken == nil ? 5 : 6 }

    struct Output {
        /// Objects x masks x 256 x 256.
        var masks: Value
        /// Objects x 4, one for each of SAM's masks.
        var iou: Value
        /// Objects x 1 x 256 x 256, of HQ-SAM.
        var hqMask: Value?
    }

    /// - Parameters:
    ///   - prompt: objects x tokens x 256.
    ///   - unused: as in `TwoWayTransformer`, for the prompt's tokens alone: objects x 1 x 1 x tokens.
    ///   - hqFeatures: what `HQFeatures` returns.
    ///   - masks: which of SAM's four masks: 0 for single answers, 1 to 3 for three that differ in extent.
    func callAsFunction(
        prompt: Value, unused: Value, embedding: Value, positions: Value, side: TwoWayTransformer.ImageSide, dense: PromptEncoder.Dense,
        hqFeatures: Value?, masks: Range<Int>, tap: GraphTap = noGraphTap
    ) -> Output {
        let graph = prompt.graph
        let objects = prompt.shape[0]
        let own = Value.concatenate([iouToken(in: graph), maskTokens(in: graph)] + (hqToken.map { [$0(in: graph)] } ?? []), axis: 0)
        let tokens = Value.concatenate([own.reshaped([1, ownTokens, 256]).expanded([objects, ownTokens, 256]), prompt], axis: 1)
        let none = graph.constant(Tensor(shape: [objects, 1, 1, ownTokens]), name: "used:\(objects)x\(ownTokens)")
        let state = transformer(
            tokens: tokens, unused: .concatenate([none, unused], axis: 3), embedding: embedding, positions: positions, side: side,
            dense: dense)
        // Tokens: the predicted IoUs', those of the masks asked for, HQ-SAM's.
        let read = [0] + masks.map { 1 + $0 } + (hqToken == nil ? [] : [5])
        let answers = transformer.answers(state, of: read)
        tap("tokens") { transformer.answers(state, of: Array(0..<tokens.shape[1])) }
        tap("src") { state.image }
        func answer(_ token: Int) -> Value {
            let row = read.firstIndex(of: token) ?? 0
            return answers.sliced(axis: 1, row..<(row + 1)).reshaped([objects, 256])
        }

        let upscaled = upscaling(state.image).gelu()
        tap("upscaled") { upscaled.quadtreeCellsAsRows() }
        let kernels = Value.stack(masks.map { maskLayers[$0](answer(1 + $0)) }, axis: 2)
        let products = upscaled.matmul(kernels).transposed().reshaped([objects * masks.count, upscaled.shape[1]])
        let side = SAMInputGrid.maskSide
        var output = Output(
            masks: products.quadtreeCellsAsRows().reshaped([objects, masks.count, side, side]), iou: iouLayers(answer(0)))
        if let hqLayers, let hqMask, let hqFeatures {
            output.hqMask = hqMask(upscaled: upscaled, features: hqFeatures, token: hqLayers(answer(5)))
        }
        return output
    }
}

/// Three layers with ReLU between them.
private struct MLP {
    private let layers: [Linear]

    init(_ weights: Weights, to outputs: Int) throws {
        layers = try (0..<3).map { try Linear(weights["layers"][$0], from: 256, to: $0 == 2 ? outputs : 256) }
    }

    func callAsFunction(_ x: Value) -> Value { layers[2](layers[1](layers[0](x).relu()).relu()) }
}
