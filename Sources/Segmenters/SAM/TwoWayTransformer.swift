import NeuralGraph
import TensorFiles

/// SAM's two-way transformer: tokens and image attend to each other, twice, and tokens to the image once more.
struct TwoWayTransformer {
    static let width = 256
    private let layers: [TwoWayLayer]
    private let finalAttention: DecoderAttention
    private let finalNorm: LayerNorm

    init(_ weights: Weights) throws {
        layers = try (0..<2).map { try TwoWayLayer(weights["layers"][$0], isFirst: $0 == 0) }
        finalAttention = try DecoderAttention(weights["final_attn_token_to_image"], inner: 128)
        finalNorm = try LayerNorm(weights["norm_final_attn"], size: Self.width)
    }

    /// What the first layer reads of the image, as far as it depends on the image alone: computed once per image. Each is
    /// cells x 128, without what the dense embedding adds.
    struct ImageSide {
        var keys, values, queries: Value
    }

    /// - Parameters:
    ///   - embedding: cells x width.
    ///   - positions: the cells' encoding, cells x width.
    func imageSide(embedding: Value, positions: Value) -> ImageSide {
        let placed = embedding + positions
        return ImageSide(
            keys: layers[0].tokenToImage.k(placed), values: layers[0].tokenToImage.v(embedding), queries: layers[0].imageToToken.q(placed))
    }

    /// - Parameters:
    ///   - tokens: objects x tokens x width.
    ///   - unused: added to the scores of tokens as keys, objects x 1 x 1 x tokens: 0, or very negative for tokens to leave out.
    ///   - embedding, positions: cells x width.
    ///   - side: of the same image.
    ///   - dense: the prompt's dense embedding, to be added to `embedding`.
    /// - Returns: objects x tokens x width, and objects x cells x width.
    func callAsFunction(
        tokens: Value, unused: Value, embedding: Value, positions: Value, side: ImageSide, dense: PromptEncoder.Dense
    ) -> (tokens: Value, image: Value) {
        // Products with the sum of embedding and dense embedding are sums of products, half of which are known.
        let first = layers[0]
        let known = ImageSide(
            keys: side.keys + dense.product(first.tokenToImage.k.weight(in: tokens.graph)),
            values: side.values + dense.product(first.tokenToImage.v.weight(in: tokens.graph)),
            queries: side.queries + dense.product(first.imageToToken.q.weight(in: tokens.graph)))
        let objects = tokens.shape[0]
        func batched(_ x: Value) -> Value { x.rank == 3 ? x : x.reshaped([1] + x.shape) }
        func shared(_ x: Value) -> Value { batched(x).expanded([objects] + batched(x).shape[1...]) }
        let start = batched(embedding + dense())
        var (queries, image) = first(
            tokens, places: tokens, unused: unused, image: start,
            side: ImageSide(keys: shared(known.keys), values: shared(known.values), queries: shared(known.queries)))
        let second = layers[1]
        var placed = image + positions
        (queries, image) = second(
            queries, places: tokens, unused: unused, image: image,
            side: ImageSide(keys: second.tokenToImage.k(placed), values: second.tokenToImage.v(image), queries: second.imageToToken.q(placed)))
        placed = image + positions
        let attended = finalAttention(finalAttention.q(queries + tokens), finalAttention.k(placed), finalAttention.v(image))
        return (finalNorm(queries + attended), image)
    }
}

private struct TwoWayLayer {
    let isFirst: Bool
    let selfAttention, tokenToImage, imageToToken: DecoderAttention
    private let norms: [LayerNorm]
    private let lin1, lin2: Linear

    init(_ weights: Weights, isFirst: Bool) throws {
        self.isFirst = isFirst
        let width = TwoWayTransformer.width
        selfAttention = try DecoderAttention(weights["self_attn"], inner: width)
        tokenToImage = try DecoderAttention(weights["cross_attn_token_to_image"], inner: width / 2)
        imageToToken = try DecoderAttention(weights["cross_attn_image_to_token"], inner: width / 2)
        norms = try (1...4).map { try LayerNorm(weights["norm\($0)"], size: width) }
        lin1 = try Linear(weights["mlp"]["lin1"], from: width, to: 2048)
        lin2 = try Linear(weights["mlp"]["lin2"], from: 2048, to: width)
    }

    func callAsFunction(
        _ tokens: Value, places: Value, unused: Value, image: Value, side: TwoWayTransformer.ImageSide
    ) -> (tokens: Value, image: Value) {
        // The first layer knows no places, and its attention replaces the tokens.
        let own = isFirst ? tokens : tokens + places
        let mixed = selfAttention(selfAttention.q(own), selfAttention.k(own), selfAttention.v(tokens), bias: unused)
        var q = norms[0](isFirst ? mixed : tokens + mixed)
        q = norms[1](q + tokenToImage(tokenToImage.q(q + places), side.keys, side.values))
        q = norms[2](q + lin2(lin1(q).relu()))
        let told = imageToToken(side.queries, imageToToken.k(q + places), imageToToken.v(q), bias: unused)
        return (q, norms[3](image + told))
    }
}

/// Attention with eight heads whose three projections are called by themselves: some are shared between objects or images.
struct DecoderAttention {
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

    /// Of projected queries, keys and values, each batch x count x inner.
    func callAsFunction(_ queries: Value, _ keys: Value, _ values: Value, bias: Value? = nil) -> Value {
        func split(_ x: Value) -> Value { x.reshaped([x.shape[0], x.shape[1], 8, inner / 8]) }
        let attended = split(queries).attending(to: split(keys), split(values), bias: bias)
        return out(attended.reshaped([queries.shape[0], queries.shape[1], inner]))
    }
}
