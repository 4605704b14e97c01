import NeuralGraph
import TensorFiles

/// SAM's image encoder: a vision transformer whose blocks attend within windows, a few of them to everything.
///
/// Follows `ImageEncoderViT` of the published code: <https://github.com/facebookresearch/segment-anything>.
struct ViTEncoder {
    private let patches: Conv2d
    private let positions: Table
    private let blocks: [ViTBlock]
    private let neck: SAMNeck
    private let shape: SAMArchitecture.ViT

    init(_ weights: Weights, _ shape: SAMArchitecture.ViT) throws {
        self.shape = shape
        let cells = SAMInputGrid.cells
        patches = try Conv2d(weights["patch_embed"]["proj"], from: 3, to: shape.width, kernel: 16, stride: 16, padding: Padding(0))
        positions = try Table(weights, "pos_embed", shape: [1, cells, cells, shape.width])
        blocks = try shape.attentionSides.enumerated().map { index, side in
            try ViTBlock(weights["blocks"][index], width: shape.width, heads: shape.heads, side: side)
        }
        neck = try SAMNeck(weights["neck"], from: shape.width)
    }

    /// - Parameter image: 1 x 3 x 1024 x 1024, normalised.
    /// - Returns: the image embedding and the output of the first block with attention to everything, both cells x channels.
    func callAsFunction(_ image: Value, tap: GraphTap = noGraphTap) -> (embedding: Value, intermediate: Value) {
        let (cells, width) = (SAMInputGrid.cells, shape.width)
        func map(_ x: Value) -> Value { x.reshaped([1, cells, cells, width]) }
        var x = patches(image).transposed([0, 2, 3, 1])
        tap("encoder.patchEmbed") { x }
        x = (x + positions(in: image.graph)).reshaped([cells * cells, width])
        var intermediate: Value?
        var globalBlocks = 0
        for (index, block) in blocks.enumerated() {
            let name = "encoder.block" + (index < 10 ? "0" : "") + "\(index)"
            x = block(x) { tap("\(name).attn", $1) }
            tap(name) { map(x) }
            if shape.attentionSides[index] == cells {
                tap("encoder.interm\(globalBlocks)") { map(x) }
                globalBlocks += 1
                intermediate = intermediate ?? x
            }
        }
        return (neck(x, tap: tap), intermediate ?? x)
    }
}

/// `x + attention(norm1(x))`, then `x + mlp(norm2(x))`.
private struct ViTBlock {
    private let norm1, norm2: LayerNorm
    private let attention: ViTAttention
    private let lin1, lin2: Linear

    init(_ weights: Weights, width: Int, heads: Int, side: Int) throws {
        norm1 = try LayerNorm(weights["norm1"], size: width, epsilon: 1e-6)
        norm2 = try LayerNorm(weights["norm2"], size: width, epsilon: 1e-6)
        attention = try ViTAttention(weights["attn"], width: width, heads: heads, side: side)
        lin1 = try Linear(weights["mlp"]["lin1"], from: width, to: 4 * width)
        lin2 = try Linear(weights["mlp"]["lin2"], from: 4 * width, to: width)
    }

    func callAsFunction(_ x: Value, tap: GraphTap) -> Value {
        let y = x + attention(norm1(x), tap: tap)
        return y + lin2(lin1(norm2(y)).gelu())
    }
}

/// From the encoder's last features to the embedding of 256 channels.
struct SAMNeck {
    private let reduce: Conv2d
    private let norm1, norm2: LayerNorm
    private let mix: Conv2d

    init(_ weights: Weights, from inputs: Int) throws {
        reduce = try Conv2d(weights[0], from: inputs, to: 256, kernel: 1, bias: false)
        norm1 = try LayerNorm(weights[1], size: 256, epsilon: 1e-6)
        mix = try Conv2d(weights[2], from: 256, to: 256, kernel: 3, bias: false)
        norm2 = try LayerNorm(weights[3], size: 256, epsilon: 1e-6)
    }

    /// From cells x inputs to cells x 256.
    func callAsFunction(_ x: Value, tap: GraphTap) -> Value {
        let cells = SAMInputGrid.cells
        let map = x.reshaped([1, cells, cells, x.shape[1]]).transposed([0, 3, 1, 2])
        let first = norm1(reduce(map).transposed([0, 2, 3, 1])).transposed([0, 3, 1, 2])
        tap("encoder.neck1") { first }
        let embedding = norm2(mix(first).transposed([0, 2, 3, 1]))
        tap("encoder.embedding") { embedding.transposed([0, 3, 1, 2]) }
        return embedding.reshaped([cells * cells, 256])
    }
}
