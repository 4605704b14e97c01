import NeuralGraph
import TensorFiles

/// The image encoder of MobileSAM and Light HQ-SAM: TinyViT, convolutions first, attention within windows after.
///
/// Follows `TinyViT` as in <https://github.com/ChaoningZhang/MobileSAM>. Batch normalisation is folded into the convolutions.
struct TinyViTEncoder: SAMImageEncoder {
    private let patch0, patch2: Conv2d
    private let convolutions: [MBConv]
    private let blocks: [[TinyViTBlock]]
    private let merging: [PatchMerging]
    private let neck: SAMNeck
    private let shape: SAMArchitecture.TinyViT

    init(_ weights: Weights, _ shape: SAMArchitecture.TinyViT) throws {
        self.shape = shape
        let (widths, layers) = (shape.widths, weights["layers"])
        let patches = weights["patch_embed"]["seq"]
        patch0 = try Conv2d(normalized: patches[0], from: 3, to: widths[0] / 2, kernel: 3, stride: 2)
        patch2 = try Conv2d(normalized: patches[2], from: widths[0] / 2, to: widths[0], kernel: 3, stride: 2)
        convolutions = try (0..<shape.depths[0]).map { try MBConv(layers[0]["blocks"][$0], channels: widths[0]) }
        blocks = try (1..<4).map { stage in
            try (0..<shape.depths[stage]).map { index in
                try TinyViTBlock(
                    layers[stage]["blocks"][index], width: widths[stage], heads: shape.heads[stage - 1], window: shape.windows[stage - 1])
            }
        }
        merging = try (0..<3).map { stage in
            // The last stage keeps the resolution of the one before it.
            try PatchMerging(layers[stage]["downsample"], from: widths[stage], to: widths[stage + 1], stride: stage == 2 ? 1 : 2)
        }
        neck = try SAMNeck(weights["neck"], from: widths[3])
    }

    /// - Returns: the image embedding and the output of stage 1 with its reduction, both cells x channels.
    func callAsFunction(_ image: Value, tap: GraphTap = noGraphTap) -> (embedding: Value, intermediate: Value) {
        var x = stage0(image, tap: tap)
        for (index, block) in blocks[0].enumerated() { x = block(x, name: "encoder.layer1.block\(index)", tap: tap) }
        return laterStages(merged(x, 1), tap: tap)
    }

    func callAsFunction(_ image: Value, part: FilledPart, blank: BlankMaps) -> (embedding: Value, intermediate: Value) {
        func lines(_ block: Int) -> Int { shape.lines(part.windows, atBlock: block) }
        var x = stage0(image, tap: noGraphTap).cropped(part, to: lines(0))
        for (index, block) in blocks[0].enumerated() {
            x = x.extended(part, to: lines(index), blank, "block\(index - 1)")
            // The convolution looks at a line more, and is wrong in that one.
            let attended = block.attended(x).extended(part, to: lines(index) + 2, blank, "attended\(index)")
            x = block.finished(attended) { $0.cropped(part, to: lines(index) + 1) }
        }
        let reach = SAMArchitecture.TinyViT.reach(x.shape[part.axis], stride: 2)
        x = x.extended(part, to: 2 * reach, blank, "block\(blocks[0].count - 1)")
        return laterStages(merged(x, 1).extended(part, to: SAMInputGrid.cells, blank, "stage2"), tap: noGraphTap)
    }

    func blankMaps(_ image: Value) -> [String: Value] {
        var maps: [String: Value] = [:]
        var x = stage0(image, tap: noGraphTap)
        for (index, block) in blocks[0].enumerated() {
            let attended = block.attended(x)
            x = block.finished(attended)
            (maps["attended\(index)"], maps["block\(index)"]) = (attended, x)
        }
        maps["stage2"] = merged(x, 1)
        return maps
    }

    /// Convolutions. Like the other stages, from and to 1 x rows x columns x channels, but for the image.
    private func stage0(_ image: Value, tap: GraphTap) -> Value {
        var x = patch2(patch0(image).gelu())
        tap("encoder.patchEmbed") { x }
        for (index, block) in convolutions.enumerated() {
            x = block(x)
            tap("encoder.layer0.block\(index)") { x }
        }
        let merged = merging[0](x).channelsLast()
        tap("encoder.layer0") { merged.asTokens }
        return merged
    }

    private func merged(_ x: Value, _ stage: Int) -> Value { merging[stage](x.channelsFirst()).channelsLast() }

    /// - Parameter intermediate: what stage 2 starts from.
    private func laterStages(_ intermediate: Value, tap: GraphTap) -> (embedding: Value, intermediate: Value) {
        tap("encoder.interm0") { intermediate }
        tap("encoder.layer1") { intermediate.asTokens }
        var x = intermediate
        for stage in 2..<4 {
            for (index, block) in blocks[stage - 1].enumerated() { x = block(x, name: "encoder.layer\(stage).block\(index)", tap: tap) }
            if stage < 3 { x = merged(x, stage) }
            tap("encoder.layer\(stage)") { x.asTokens }
        }
        func cells(_ x: Value) -> Value { x.reshaped([x.shape[1] * x.shape[2], x.shape[3]]) }
        return (neck(cells(x), tap: tap), cells(intermediate))
    }
}

extension Value {
    /// From channels last to 1 x cells x channels: sums of these are not taken for maps, which the engine would reorder.
    fileprivate var asTokens: Value { reshaped([1, shape[1] * shape[2], shape[3]]) }
}

extension Conv2d {
    /// A convolution without bias, `c`, followed by a batch normalisation, `bn`, as one convolution.
    fileprivate init(normalized weights: Weights, from inputs: Int, to outputs: Int, kernel: Int, stride: Int = 1, groups: Int = 1) throws {
        let norm = weights["bn"]
        func parameter(_ key: String) throws -> Tensor { try norm.tensor(key, shape: [outputs]) }
        self = try Conv2d(weights["c"], from: inputs, to: outputs, kernel: kernel, stride: stride, groups: groups, bias: false)
            .folding(
                mean: parameter("running_mean"), variance: parameter("running_var"), epsilon: 1e-5, scale: parameter("weight"),
                shift: parameter("bias"))
    }
}

/// Expansion, depthwise convolution, reduction; the input is added before the last activation.
private struct MBConv {
    private let conv1, conv2, conv3: Conv2d

    init(_ weights: Weights, channels: Int) throws {
        conv1 = try Conv2d(normalized: weights["conv1"], from: channels, to: 4 * channels, kernel: 1)
        conv2 = try Conv2d(normalized: weights["conv2"], from: 4 * channels, to: 4 * channels, kernel: 3, groups: 4 * channels)
        conv3 = try Conv2d(normalized: weights["conv3"], from: 4 * channels, to: channels, kernel: 1)
    }

    func callAsFunction(_ x: Value) -> Value { (x + conv3(conv2(conv1(x).gelu()).gelu())).gelu() }
}

/// From one stage to the next.
private struct PatchMerging {
    private let conv1, conv2, conv3: Conv2d

    init(_ weights: Weights, from inputs: Int, to outputs: Int, stride: Int) throws {
        conv1 = try Conv2d(normalized: weights["conv1"], from: inputs, to: outputs, kernel: 1)
        conv2 = try Conv2d(normalized: weights["conv2"], from: outputs, to: outputs, kernel: 3, stride: stride, groups: outputs)
        conv3 = try Conv2d(normalized: weights["conv3"], from: outputs, to: outputs, kernel: 1)
    }

    func callAsFunction(_ x: Value) -> Value { conv3(conv2(conv1(x).gelu()).gelu()) }
}

/// Attention within windows, then a depthwise convolution and an MLP, on 1 x rows x columns x channels.
private struct TinyViTBlock {
    private let attention: TinyViTAttention
    private let localConv: Conv2d
    private let norm: LayerNorm
    private let fc1, fc2: Linear

    init(_ weights: Weights, width: Int, heads: Int, window: Int) throws {
        attention = try TinyViTAttention(weights["attn"], width: width, heads: heads, window: window)
        localConv = try Conv2d(normalized: weights["local_conv"], from: width, to: width, kernel: 3, groups: width)
        norm = try LayerNorm(weights["mlp"]["norm"], size: width)
        fc1 = try Linear(weights["mlp"]["fc1"], from: width, to: 4 * width)
        fc2 = try Linear(weights["mlp"]["fc2"], from: 4 * width, to: width)
    }

    func callAsFunction(_ x: Value, name: String, tap: GraphTap) -> Value {
        let result = finished(attended(x) { tap("\(name).attn", $1) })
        tap(name) { result.asTokens }
        return result
    }

    /// The first half.
    func attended(_ x: Value, tap: GraphTap = noGraphTap) -> Value {
        (x.asTokens + attention(x, tap: tap).asTokens).reshaped(x.shape)
    }

    /// The second half.
    /// - Parameter choose: which part of the convolution's result is wanted.
    func finished(_ attended: Value, choose: (Value) -> Value = { $0 }) -> Value {
        let mixed = choose(localConv(attended.channelsFirst()).channelsLast())
        let tokens = mixed.asTokens
        return (tokens + fc2(fc1(norm(tokens)).gelu())).reshaped(mixed.shape)
    }
}

/// Attention within windows with a learned bias for each distance.
private struct TinyViTAttention {
    private let norm: LayerNorm
    private let qkv, projection: Linear
    private let biases: Table
    private let width, heads, window: Int

    init(_ weights: Weights, width: Int, heads: Int, window: Int) throws {
        (self.width, self.heads, self.window) = (width, heads, window)
        norm = try LayerNorm(weights["norm"], size: width)
        qkv = try Linear(weights["qkv"], from: width, to: 3 * width)
        projection = try Linear(weights["proj"], from: width, to: width)
        biases = try Table(weights, "attention_biases", shape: [heads, window * window])
    }

    /// - Parameter x: 1 x rows x columns x width.
    func callAsFunction(_ x: Value, tap: GraphTap) -> Value {
        // Positions that fill up the last windows take part: they attend and are attended to.
        let y = norm(x.cutIntoWindows(window))
        let area = window * window
        // Outputs of `qkv` are, head by head, the head's queries, keys and values.
        func part(_ index: Int) -> Value {
            let size = width / heads
            let outputs = (0..<heads).flatMap { head in (0..<size).map { (head * 3 + index) * size + $0 } }
            return qkv.part(outputs: outputs, y).reshaped([y.shape[0], area, heads, size])
        }
        let attended = part(0).attending(to: part(1), part(2), bias: relativePositions(in: x.graph))
            .reshaped(y.shape)
        tap("") { projection(attended) }
        return projection(attended.joinedWindows(window, rows: x.shape[1], columns: x.shape[2]))
    }

    /// 1 x heads x positions x positions.
    private func relativePositions(in graph: Graph) -> Value {
        let area = window * window
        let indices = (0..<area).flatMap { a in
            (0..<area).map { b in abs(a / window - b / window) * window + abs(a % window - b % window) }
        }
        return biases(columns: indices, in: graph).reshaped([1, heads, area, area])
    }
}
