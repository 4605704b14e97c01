import NeuralGraph
import TensorFiles

/// HQ-SAM's features of an image, made of early and late features of the encoder: the same for all prompts.
struct HQFeatures {
    private let early, late: TwofoldExpansion

    /// - Parameter weights: of the mask decoder.
    init(_ weights: Weights, earlyWidth: Int) throws {
        early = try TwofoldExpansion(weights["compress_vit_feat"], from: earlyWidth, by: 256)
        late = try TwofoldExpansion(weights["embedding_encoder"], from: 256, by: 64)
    }

    /// - Parameters:
    ///   - embedding: cells x 256.
    ///   - early: cells x channels.
    /// - Returns: 32 x pixels of the mask.
    func callAsFunction(embedding: Value, early: Value) -> Value {
        func batched(_ x: Value) -> Value { x.reshaped([1] + x.shape) }
        let sum = self.early(batched(early)) + late(batched(embedding))
        return sum.quadtreeCellsAsRows().reshaped([32, SAMInputGrid.maskSide * SAMInputGrid.maskSide])
    }
}

/// HQ-SAM's additional mask of each prompt.
struct HQMask {
    private let conv0, conv0Bias, conv3, conv3Bias, scale, shift: Table

    /// - Parameter weights: of the mask decoder.
    init(_ weights: Weights) throws {
        let layers = weights["embedding_maskfeature"]
        conv0 = try Table(layers[0], "weight", shape: [64, 32, 3, 3])
        conv0Bias = try Table(layers[0], "bias", shape: [64])
        scale = try Table(layers[1], "weight", shape: [64])
        shift = try Table(layers[1], "bias", shape: [64])
        conv3 = try Table(layers[3], "weight", shape: [32, 64, 3, 3])
        conv3Bias = try Table(layers[3], "bias", shape: [32])
    }

    /// - Parameters:
    ///   - upscaled: the decoder's upscaled image, objects x pixels x 32 in the order of a quadtree.
    ///   - features: what `HQFeatures` returns, 32 x pixels.
    ///   - token: the product of the additional token's layers, objects x 32.
    /// - Returns: objects x 1 x 256 x 256 logits.
    func callAsFunction(upscaled: Value, features: Value, token: Value) -> Value {
        let graph = token.graph
        let (objects, side) = (upscaled.shape[0], SAMInputGrid.maskSide)
        // The normalisation subtracts the mean of the convolution's 64 results. Without the mean of its weights, it is zero already.
        let (weight, bias) = (conv0(in: graph), conv0Bias(in: graph))
        let centered = upscaled.quadtreeCellsAsRows()
            .convolved(with: weight - weight.mean([0]), bias: bias - bias.mean([0]), padding: Padding(1))
        func channels(_ table: Table) -> Value { table(in: graph).reshaped([1, 64, 1, 1]) }
        let hidden = (centered / (centered.squared().mean([1]) + 1e-6).sqrt() * channels(scale) + channels(shift)).gelu()
        // The mask is the product of the token with 32 maps that a 3 x 3 convolution makes. Multiplying its weights by the token
        // first leaves one map: nine products for each pixel, to be added up from the pixel's neighbours.
        let kernel = token.matmul(conv3(in: graph).reshaped([32, 64 * 9])).reshaped([objects, 64, 9]).transposed()
        let taps = kernel.matmul(hidden.reshaped([objects, 64, side * side])).reshaped([objects, 9, side, side])
        let gather = graph.constant(Tensor(shape: [1, 9, 3, 3], (0..<81).map { $0 / 9 == $0 % 9 ? 1 : 0 }), name: "neighbours:3")
        let mask = taps.convolved(with: gather, bias: nil, padding: Padding(1))
        let fixed = token.matmul(features) + token.matmul(conv3Bias(in: graph).reshaped([32, 1]))
        return mask + fixed.reshaped([objects, 1, side, side])
    }
}
