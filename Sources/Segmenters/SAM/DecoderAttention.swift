import NeuralGraph
import TensorFiles

/// The attention of SAM's mask decoder, with eight heads. Its projections are called by themselves: some are shared between objects or
/// images.
///
/// Between a few tokens and thousands of cells, the projections of the cells are the work. Then the heads' share of a projection is
/// multiplied to the tokens instead ("headed": for each head, a token with zeros in place of the other heads' components), and one
/// product with the cells as they are gives the scores of all heads at once: nothing is split into heads or put together again, and
/// fewer tokens make less work.
struct DecoderAttention {
    private static let heads = 8
    let q, k, v: Linear
    private let out: Linear
    private let inner: Int

    init(_ weights: Weights, inner: Int) throws {
        self.inner = inner
        let width = TwoWayTransformer.width
        q = try Linear(weights["q_proj"], from: width, to: inner)
        k = try Linear(weights["k_proj"], from: width, to: inner)
        v = try Linear(weights["v_proj"], from: width, to: inner)
        out = try Linear(weights["out_proj"], from: inner, to: width)
    }

    private var scale: Float { 1 / Float(inner / Self.heads).squareRoot() }

    /// Tokens attend to tokens or cells whose projected keys and values (objects or 1 x count x inner) are known.
    /// - Parameter bias: of what is attended to, objects x 1 x 1 x count.
    func ofTokens(_ tokens: Value, toKeys keys: Value, values: Value, bias: Value? = nil) -> Value {
        joined(mixed(headed(q(tokens) * scale), keys: keys, values: values, bias: bias), ofTokens: tokens)
    }

    /// Tokens (objects x tokens x width) attend to cells (objects x cells x width): keys of `placed`, values of `image`.
    func ofTokens(_ tokens: Value, to image: Value, placed: Value) -> Value {
        // The bias of the keys adds the same to all scores of a token, which softmax does not see.
        let queries = headed(q(tokens) * scale).matmul(k.weight(in: tokens.graph))
        return joined(v(mixed(queries, keys: placed, values: image)), ofTokens: tokens)
    }

    /// Softmax by hand: engines that merge attention into one operation are slow with so few queries, and in bfloat16 OpenVINO's result
    /// for 8 or 16 tokens is off by a tenth.
    private func mixed(_ queries: Value, keys: Value, values: Value, bias: Value? = nil) -> Value {
        var scores = queries.matmul(keys.transposed())
        if let bias { scores = scores + bias.reshaped([bias.shape[0], 1, bias.shape[3]]) }
        let shares = (scores - scores.max([2])).exp()
        return shares.matmul(values) / shares.sum([2])
    }

    /// Of each head's results (objects x (heads x tokens) x inner) its own components, projected.
    private func joined(_ results: Value, ofTokens tokens: Value) -> Value {
        let heads = results.reshaped([tokens.shape[0], Self.heads, tokens.shape[1], inner]) * headMask(in: tokens.graph)
        return out(heads.sum([1], keepingDimensions: false))
    }

    /// Cells attend to tokens.
    /// - Parameters:
    ///   - placed: objects x cells x width, or nil where the cells' projected queries are given.
    ///   - queries: objects x cells x inner.
    ///   - keys, values: objects x tokens x width.
    ///   - bias: of tokens as keys, objects x 1 x 1 x tokens.
    func ofImage(_ placed: Value?, queries: Value?, to keys: Value, values: Value, bias: Value) -> Value {
        let graph = keys.graph
        let (objects, count) = (keys.shape[0], keys.shape[1])
        let keys = headed(k(keys) * scale)
        let scores: Value
        if let queries {
            scores = queries.matmul(keys.transposed())
        } else if let placed {
            let constant = keys.matmul(q.bias(in: graph).reshaped([1, inner, 1])).transposed()
            scores = placed.matmul(keys.matmul(q.weight(in: graph)).transposed()) + constant
        } else {
            preconditionFailure("cells without queries")
        }
        let cells = scores.shape[1]
        let shares = (scores.reshaped([objects, cells, Self.heads, count]) + bias).softmax(axis: 3).reshaped(scores.shape)
        return shares.matmul(headed(v(values)).matmul(out.weight(in: graph).transposed())) + out.bias(in: graph)
    }

    /// From objects x tokens x inner to objects x (heads x tokens) x inner: for each head, the tokens with its components alone.
    private func headed(_ tokens: Value) -> Value {
        let (objects, count) = (tokens.shape[0], tokens.shape[1])
        return (tokens.reshaped([objects, 1, count, inner]) * headMask(in: tokens.graph)).reshaped([objects, Self.heads * count, inner])
    }

    /// 1 x heads x 1 x inner: 1 at a head's own components.
    private func headMask(in graph: Graph) -> Value {
        let (heads, inner) = (Self.heads, inner)
        let own = (0..<(heads * inner)).map { ($0 % inner) / (inner / heads) == $0 / inner ? Float(1) : 0 }
        return graph.constant(Tensor(shape: [1, heads, 1, inner], own), name: "heads:\(heads)x\(inner)")
    }
}
