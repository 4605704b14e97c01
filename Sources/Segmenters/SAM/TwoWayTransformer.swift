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

    /// What comes before the last attention.
    struct State {
        /// Objects x tokens x width.
        var tokens: Value
        /// Added to tokens as queries: what they were at first.
        var places: Value
        /// Objects x cells x width, without and with the cells' encoding.
        var image, placed: Value
    }

    /// - Parameters:
    ///   - tokens: objects x tokens x width.
    ///   - unused: added to the scores of tokens as keys, objects x 1 x 1 x tokens: 0, or very negative for tokens to leave out.
    ///   - embedding, positions: cells x width.
    ///   - side: of the same image.
    ///   - dense: the prompt's dense embedding, to be added to `embedding`.
    func callAsFunction(
        tokens: Value, unused: Value, embedding: Value, positions: Value, side: ImageSide, dense: PromptEncoder.Dense
    ) -> State {
        let first = layers[0]
        // Products with the sum of embedding and dense embedding are sums of products, half of which are known.
        func known(_ product: Value, _ layer: Linear) -> Value { batched(product + dense.product(layer.weight(in: tokens.graph))) }
        var queries = first.attendWithin(tokens, places: nil, unused: unused)
        queries = first.attend(
            queries, places: tokens, toKeys: known(side.keys, first.tokenToImage.k), values: known(side.values, first.tokenToImage.v))
        let start = batched(embedding + dense())
        var image = first.tell(
            start, imageQueries: known(side.queries, first.imageToToken.q), of: queries, places: tokens, unused: unused)
        let second = layers[1]
        queries = second.attendWithin(queries, places: tokens, unused: unused)
        queries = second.attend(queries, places: tokens, to: image, placed: image + positions)
        image = second.tell(image, placed: image + positions, of: queries, places: tokens, unused: unused)
        return State(tokens: queries, places: tokens, image: image, placed: image + positions)
    }

    private func batched(_ x: Value) -> Value { x.rank == 3 ? x : x.reshaped([1] + x.shape) }

    /// The transformer's last attention, for the tokens that somebody reads.
    /// - Returns: objects x chosen tokens x width.
    func answers(_ state: State, of chosen: [Int]) -> Value {
        func rows(_ x: Value) -> Value { .concatenate(chosen.map { x.sliced(axis: 1, $0..<($0 + 1)) }, axis: 1) }
        let (tokens, places) = (rows(state.tokens), rows(state.places))
        return finalNorm(tokens + finalAttention.ofTokens(tokens + places, to: state.image, placed: state.placed))
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

    /// Tokens attend to each other.
    /// - Parameter places: nil in the first layer, which knows none, and whose attention replaces the tokens.
    func attendWithin(_ tokens: Value, places: Value?, unused: Value) -> Value {
        let own = places.map { tokens + $0 } ?? tokens
        let mixed = selfAttention.ofTokens(own, toKeys: selfAttention.k(own), values: selfAttention.v(tokens), bias: unused)
        return norms[0](places == nil ? mixed : tokens + mixed)
    }

    /// Tokens attend to the image, whose keys and values are known.
    func attend(_ tokens: Value, places: Value, toKeys keys: Value, values: Value) -> Value {
        thinkOver(tokens + tokenToImage.ofTokens(tokens + places, toKeys: keys, values: values))
    }

    /// Tokens attend to the image.
    func attend(_ tokens: Value, places: Value, to image: Value, placed: Value) -> Value {
        thinkOver(tokens + tokenToImage.ofTokens(tokens + places, to: image, placed: placed))
    }

    private func thinkOver(_ tokens: Value) -> Value {
        let q = norms[1](tokens)
        return norms[2](q + lin2(lin1(q).relu()))
    }

    /// The image attends to tokens.
    /// - Parameters:
    ///   - imageQueries: its projected queries where they are known; otherwise they come from `placed`.
    func tell(
        _ image: Value, placed: Value? = nil, imageQueries: Value? = nil, of tokens: Value, places: Value, unused: Value
    ) -> Value {
        norms[3](image + imageToToken.ofImage(placed, queries: imageQueries, to: tokens + places, values: tokens, bias: unused))
    }
}
