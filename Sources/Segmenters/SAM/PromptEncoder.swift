import Foundation
import Media
import NeuralGraph
import TensorFiles

/// SAM's prompt encoder. Points and boxes become tokens here and not in the graph: their encoding takes sines of angles that
/// bfloat16 would round beyond recognition, and there are few of them. Masks become a dense embedding in the graph.
struct PromptEncoder: Sendable {
    static let width = 256
    private let gaussian: Tensor
    private let pointEmbeddings: [[Float]]
    private let notAPoint: [Float]
    private let noMask: Table
    private let conv0, conv3: Conv2d
    private let norm1, norm4: LayerNorm2d
    private let last: Table
    private let lastBias: Table

    init(_ weights: Weights) throws {
        gaussian = try weights["pe_layer"].tensor("positional_encoding_gaussian_matrix", shape: [2, 128])
        func row(_ weights: Weights) throws -> [Float] { try weights.tensor("weight", shape: [1, Self.width]).values }
        pointEmbeddings = try (0..<4).map { try row(weights["point_embeddings"][$0]) }
        notAPoint = try row(weights["not_a_point_embed"])
        noMask = try Table(weights["no_mask_embed"], "weight", shape: [1, Self.width])
        let masks = weights["mask_downscaling"]
        conv0 = try Conv2d(masks[0], from: 1, to: 4, kernel: 2, stride: 2, padding: Padding(0))
        norm1 = try LayerNorm2d(masks[1], channels: 4)
        conv3 = try Conv2d(masks[3], from: 4, to: 16, kernel: 2, stride: 2, padding: Padding(0))
        norm4 = try LayerNorm2d(masks[4], channels: 16)
        last = try Table(masks[6], "weight", shape: [Self.width, 16, 1, 1])
        lastBias = try Table(masks[6], "bias", shape: [Self.width])
    }

    // MARK: Points and boxes

    /// The tokens of a prompt, `width` floats each: points, then the box's corners or, without a box, one padding token.
    func tokens(points: [PointPrompt], box: Box?, grid: SAMInputGrid) -> [Float] {
        var tokens: [Float] = []
        func append(_ position: SIMD2<Float>, _ kind: Int) {
            let code = encode(grid.inputPosition(position) / Float(SAMInputGrid.side))
            tokens += zip(code, pointEmbeddings[kind]).map { $0 + $1 }
        }
        for point in points { append(point.position, point.isPositive ? 1 : 0) }
        if let box {
            // The reference's corners are the outermost pixels themselves.
            append(SIMD2(box.x0, box.y0) + 0.5, 2)
            append(SIMD2(box.x1, box.y1) - 0.5, 3)
        } else {
            tokens += notAPoint
        }
        return tokens
    }

    func encode(_ position: SIMD2<Float>) -> [Float] { Self.encode(position, frequencies: gaussian) }

    /// Sines, then cosines, of a position (0 to 1 across the input).
    /// - Parameter frequencies: 2 x count.
    static func encode(_ position: SIMD2<Float>, frequencies: Tensor) -> [Float] {
        let centered = position * 2 - 1
        let count = frequencies.shape[1]
        return frequencies.withUnsafeBuffer { matrix in
            let angles = (0..<count).map { 2 * Float.pi * (centered.x * matrix[$0] + centered.y * matrix[count + $0]) }
            return angles.map(sinf) + angles.map(cosf)
        }
    }

    /// The encoding of every cell's centre, cells x width.
    func cellPositions(in graph: Graph) -> Value {
        let cells = SAMInputGrid.cells
        let table = Tensor(shape: [cells * cells, Self.width]) { target in
            for y in 0..<cells {
                for x in 0..<cells {
                    let code = encode((SIMD2(Float(x), Float(y)) + 0.5) / Float(cells))
                    for i in 0..<Self.width { target[(y * cells + x) * Self.width + i] = code[i] }
                }
            }
        }
        return graph.constant(table, name: "prompt_encoder.cell_positions")
    }

    /// The frequencies of positions, 2 x 128.
    func frequencies(in graph: Graph) -> Value { graph.constant(gaussian, name: "prompt_encoder.frequencies") }

    /// What tells kinds of tokens apart, 6 x width: unused, padding point, negative, positive, a box's top left, its bottom right.
    func embeddings(in graph: Graph) -> Value {
        let rows = [[Float](repeating: 0, count: Self.width), notAPoint] + pointEmbeddings
        return graph.constant(Tensor(shape: [rows.count, Self.width], rows.flatMap { $0 }), name: "prompt_encoder.kinds")
    }

    // MARK: Masks

    /// A dense embedding before its last, linear layer: `features` times `matrix` plus `offset`. Whoever multiplies the embedding by
    /// further weights can combine them with the matrix and never build the embedding.
    struct Dense {
        /// Objects x cells x 16; nil when every cell has the same embedding, `offset`.
        var features: Value?
        /// 16 x width.
        var matrix: Value
        /// 1 x width.
        var offset: Value

        /// The embedding times `weight` (out x width), without any bias: broadcasts to objects x cells x out.
        func product(_ weight: Value) -> Value {
            let constant = offset.matmul(weight.transposed())
            return features.map { $0.matmul(matrix.matmul(weight.transposed())) + constant } ?? constant
        }

        /// The embedding itself: broadcasts to objects x cells x width.
        func callAsFunction() -> Value { features.map { $0.matmul(matrix) + offset } ?? offset }
    }

    /// - Parameter masks: objects x 1 x 256 x 256 logits; nil for no mask.
    func dense(_ masks: Value?, in graph: Graph) -> Dense {
        let matrix = last(in: graph).reshaped([Self.width, 16]).transposed()
        guard let masks else { return Dense(features: nil, matrix: matrix, offset: noMask(in: graph)) }
        let features = norm4(conv3(norm1(conv0(masks)).gelu())).gelu()
        let cells = SAMInputGrid.cells
        return Dense(
            features: features.reshaped([masks.shape[0], 16, cells * cells]).transposed(), matrix: matrix,
            offset: lastBias(in: graph).reshaped([1, Self.width]))
    }
}
