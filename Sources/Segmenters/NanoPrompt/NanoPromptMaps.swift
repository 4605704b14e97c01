import Media
import NeuralGraph
import TensorFiles

/// The maps that carry points, the previous mask and the appearance memory into the decoder's trunk
/// (docs/models/nano-prompt.md, "Prompt maps").
///
/// Inputs: the encoder's `e` and `p8` (batch 1); `points` K x N x 3 = (x, y, label) in input pixels, label 1 positive, 0 negative,
/// -1 unused; `prev` K x 1 x H/4 x W/4 logits of the pass before; `has` K, 1 where `prev` counts; `ref` K x M x 65, the appearance
/// memory with labels as for points; `target` K x 66, the target model: 64 weights of `p8`, bias, and 1, or zeros where there is none.
///
/// A graph of their own, always run in float32: bfloat16 has 8 bits, so that coordinates from 512 on would be rounded to
/// multiples of 4 pixels and prompts would miss what they point at. There are no weights, so it compiles in no time, and the
/// trunk does not depend on the number of slots.
struct NanoPromptMaps {
    static let channels8 = 20
    static let channels4 = 6

    /// K x 20 x H/8 x W/8.
    let stride8: Value
    /// K x 6 x H/4 x W/4.
    let stride4: Value

    /// - Parameter features: `p8`, 1 x H/8 x W/8 x 64.
    init(e: Value, features: Value, points: Value, previous: Value, has: Value, memory: Value, target: Value) {
        let (objects, count) = (points.shape[0], points.shape[1])
        let (height, width) = (e.shape[2], e.shape[3])
        let cells = height * width
        let label = points.sliced(axis: 2, 2..<3)
        let positive = (label > 0.5).asFloat()
        let negative = (label > -0.5).asFloat() - positive

        let near8 = CellDistances(points: points, width: width, height: height, stride: 8)
        let near4 = CellDistances(points: points, width: 2 * width, height: 2 * height, stride: 4)
        let grid = [objects, 1, height, width]

        // Matching: cosines between the points' embeddings and every cell's.
        let embeddings = e.reshaped([1, 64, cells])
        let embeddingRows = embeddings.transposed()
        let weights = near8.outer(near8.tent(8)).reshaped([objects, count, cells])
        let similarity = weights.matmul(embeddingRows).normalized(axis: 2).matmul(embeddings)
        let locality = near8.outer(near8.gaussian(48)).reshaped([objects, count, cells])
        let local = (similarity + 1) * locality - 1
        let mean = (similarity * positive).sum([1]) / (positive.sum([1]) + 1e-3)

        let state = has.reshaped([objects, 1, 1, 1])
        let probability = previous.sigmoid() * state
        let probability8 = probability.averagePooled(2)
        let inside = probability8.reshaped([objects, 1, cells])
        func prototype(_ weight: Value) -> Value { weight.matmul(embeddingRows).normalized(axis: 2).matmul(embeddings) }

        let kinds = memory.sliced(axis: 2, 64..<65)
        let memoryPositive = (kinds > 0.5).asFloat()
        let memoryNegative = (kinds > -0.5).asFloat() - memoryPositive
        let remembered = memory.sliced(axis: 2, 0..<64).matmul(embeddings)
        let memoryCount = memoryPositive.sum([1])

        let hasTarget = target.sliced(axis: 1, 65..<66).reshaped([objects, 1, 1])
        let likeness = features.reshaped([1, cells, 64]).matmul(target.sliced(axis: 1, 0..<64).reshaped([objects, 64, 1]))
        let bias = target.sliced(axis: 1, 64..<65).reshaped([objects, 1, 1])
        let score = likeness.reshaped([objects, 1, cells]) + bias

        let matches = [
            Self.best(similarity, positive), Self.best(similarity, negative), Self.best(local, positive), Self.best(local, negative), mean,
            prototype(inside), prototype(has.reshaped([objects, 1, 1]) - inside),
            Self.best(remembered, memoryPositive), Self.best(remembered, memoryNegative),
            (remembered * memoryPositive).sum([1]) / (memoryCount + 1e-3), memoryCount.clamped(max: 1).expanded([objects, 1, cells]),
            score.clamped(min: -2, max: 2) * hasTarget, hasTarget.expanded([objects, 1, cells]),
        ]
        let amount = ((positive.sum([1]) + 1).log() * 0.4).reshaped([objects, 1, 1, 1])
        stride8 = Value.concatenate(
            [
                near8.blobs(8, positive), near8.blobs(8, negative), near8.blobs(32, positive), near8.blobs(32, negative),
                probability8 * 2 - state, state.expanded(grid), amount.expanded(grid),
                Value.concatenate(matches, axis: 1).reshaped([objects, matches.count, height, width]),
            ], axis: 1)
        stride4 = Value.concatenate(
            [
                near4.blobs(4, positive), near4.blobs(4, negative), near4.blobs(12, positive), near4.blobs(12, negative),
                probability * 2 - state, state.expanded([objects, 1, 2 * height, 2 * width]),
            ], axis: 1)
    }

    static func model(input: ImageSize, objects: Int, points: Int, memory: Int) throws -> ONNXModel {
        let graph = Graph("nano-prompt-maps", loadsSooner: true)
        let inputs = NanoMapInputs(graph: graph, input: input)
        let maps = inputs.promptMaps(features: inputs.featuresLast(), objects: objects, points: points, memory: memory)
        graph.output("maps8", maps.stride8)
        graph.output("maps4", maps.stride4)
        return try graph.model()
    }

    /// The largest value over the points of a set, -1 where the set is empty.
    private static func best(_ values: Value, _ set: Value) -> Value {
        (values + (set - 1) * 100).max([1]).clamped(min: -1)
    }
}

/// Distances in input pixels from points (K x N) to the centres of a grid's columns and rows.
private struct CellDistances {
    private let x: Value
    private let y: Value

    init(points: Value, width: Int, height: Int, stride: Int) {
        func centers(_ count: Int) -> Value {
            points.graph.constant(
                Tensor(shape: [1, 1, count], (0..<count).map { (Float($0) + 0.5) * Float(stride) }), name: "centers:\(count)/\(stride)")
        }
        x = centers(width) - points.sliced(axis: 2, 0..<1)
        y = centers(height) - points.sliced(axis: 2, 1..<2)
    }

    func gaussian(_ sigma: Float) -> (x: Value, y: Value) {
        let scale = -1 / (2 * sigma * sigma)
        return ((x.squared() * scale).exp(), (y.squared() * scale).exp())
    }

    /// Weights of bilinear sampling on a grid of the given stride.
    func tent(_ stride: Float) -> (x: Value, y: Value) {
        ((1 - x.abs() * (1 / stride)).clamped(min: 0), (1 - y.abs() * (1 / stride)).clamped(min: 0))
    }

    /// K x N x H x W products of separable weights.
    func outer(_ weights: (x: Value, y: Value)) -> Value {
        let (k, n) = (x.shape[0], x.shape[1])
        return weights.y.reshaped([k, n, y.shape[2], 1]) * weights.x.reshaped([k, n, 1, x.shape[2]])
    }

    /// The sum of Gaussians around the points of a set (K x N x 1), at most 1.
    func blobs(_ sigma: Float, _ set: Value) -> Value {
        let g = gaussian(sigma)
        return (g.y * set).transposed().matmul(g.x).clamped(max: 1).reshaped([x.shape[0], 1, y.shape[2], x.shape[2]])
    }
}
