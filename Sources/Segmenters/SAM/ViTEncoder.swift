import NeuralGraph
import TensorFiles

/// SAM's image encoder: a vision transformer whose blocks attend within windows, a few of them to everything.
///
/// Follows `ImageEncoderViT` of the published code: <https://github.com/facebookresearch/segment-anything>.
struct ViTEncoder: SAMImageEncoder {
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

    /// - Returns: the image embedding and the output of the first block with attention to everything, both cells x channels.
    func callAsFunction(_ image: Value, tap: GraphTap = noGraphTap) -> (embedding: Value, intermediate: Value) {
        let x = embedded(image, tap: tap)
        return attended(windowed(x, tap: tap), tap: tap)
    }

    func callAsFunction(_ image: Value, part: FilledPart, blank: BlankMaps) -> (embedding: Value, intermediate: Value) {
        let x = windowed(embedded(image, tap: noGraphTap), tap: noGraphTap)
        return attended(x.extended(part, to: SAMInputGrid.cells, blank, "windowed"), tap: noGraphTap)
    }

    func blankMaps(_ image: Value) -> [String: Value] { ["windowed": windowed(embedded(image, tap: noGraphTap), tap: noGraphTap)] }

    /// Patches and their positions: 1 x rows x columns x channels, as all between the stages.
    private func embedded(_ image: Value, tap: GraphTap) -> Value {
        let x = patches(image).transposed([0, 2, 3, 1])
        tap("encoder.patchEmbed") { x }
        let places = positions(in: image.graph)
        return x + places.sliced(axis: 1, 0..<x.shape[1]).sliced(axis: 2, 0..<x.shape[2])
    }

    private var firstGlobalBlock: Int { shape.firstGlobalBlock ?? 0 }

    /// The blocks before the first one with attention to everything.
    private func windowed(_ x: Value, tap: GraphTap) -> Value {
        var tokens = x.reshaped([x.shape[1] * x.shape[2], shape.width])
        for index in 0..<firstGlobalBlock { tokens = run(index, tokens, rows: x.shape[1], columns: x.shape[2], tap: tap) }
        return tokens.reshaped(x.shape)
    }

    /// The other blocks, and the neck.
    private func attended(_ x: Value, tap: GraphTap) -> (embedding: Value, intermediate: Value) {
        let cells = SAMInputGrid.cells
        var tokens = x.reshaped([cells * cells, shape.width])
        var intermediates: [Value] = []
        for index in firstGlobalBlock..<blocks.count {
            tokens = run(index, tokens, rows: cells, columns: cells, tap: tap)
            guard shape.attentionSides[index] == cells else { continue }
            let result = tokens
            tap("encoder.interm\(intermediates.count)") { result.reshaped(x.shape) }
            intermediates.append(tokens)
        }
        return (neck(tokens, tap: tap), intermediates.first ?? tokens)
    }

    private func run(_ index: Int, _ tokens: Value, rows: Int, columns: Int, tap: GraphTap) -> Value {
        let name = "encoder.block" + (index < 10 ? "0" : "") + "\(index)"
        let result = blocks[index](tokens, rows: rows, columns: columns) { tap("\(name).attn", $1) }
        tap(name) { result.reshaped([1, rows, columns, shape.width]) }
        return result
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

    func callAsFunction(_ x: Value, rows: Int, columns: Int, tap: GraphTap) -> Value {
        let y = x + attention(norm1(x), rows: rows, columns: columns, tap: tap)
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
        func map(_ x: Value) -> Value { x.reshaped([1, cells, cells, x.shape[1]]).channelsFirst() }
        // Without rows and columns: the engine takes values of four axes for maps, and reorders them.
        func tokens(_ map: Value) -> Value { map.channelsLast().reshaped([1, cells * cells, map.shape[1]]) }
        let first = norm1(tokens(reduce(map(x))))
        tap("encoder.neck1") { map(first.reshaped([cells * cells, 256])) }
        let embedding = norm2(tokens(mix(map(first.reshaped([cells * cells, 256])))))
        tap("encoder.embedding") { map(embedding.reshaped([cells * cells, 256])) }
        return embedding.reshaped([cells * cells, 256])
    }
}
