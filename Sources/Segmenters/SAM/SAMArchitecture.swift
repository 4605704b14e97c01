import TensorFiles

/// Which member of the SAM family a checkpoint holds, told from the names and shapes of its tensors.
public struct SAMArchitecture: Sendable, Equatable {
    /// The image encoders of the family; their sizes are whatever the checkpoint has.
    public enum Encoder: Sendable, Equatable {
        /// SAM's vision transformer (ViT-B, L and H differ in size alone).
        case viT(ViT)
        /// MobileSAM's and Light HQ-SAM's encoder.
        case tinyViT(TinyViT)
    }

    /// The sizes of a vision transformer.
    public struct ViT: Sendable, Equatable {
        public var width: Int
        public var heads: Int
        /// The side of each block's attention in cells: that of a window, or the grid's (64) for attention to everything.
        public var attentionSides: [Int]

        public var depth: Int { attentionSides.count }
        /// The first block with attention to everything; HQ-SAM reads its output.
        var firstGlobalBlock: Int? { attentionSides.firstIndex(of: SAMInputGrid.cells) }
    }

    /// The sizes of a TinyViT.
    public struct TinyViT: Sendable, Equatable {
        /// Channels of the four stages.
        public var widths: [Int]
        /// Blocks of the four stages.
        public var depths: [Int]
        /// Attention heads of the stages 1 to 3.
        public var heads: [Int]
        /// Sides of the attention windows of the stages 1 to 3, in cells.
        public var windows: [Int]
    }

    public var encoder: Encoder
    /// Whether the checkpoint has HQ-SAM's additional output.
    public var isHQ: Bool

    /// Tokens of the mask decoder before those of a prompt.
    var ownTokens: Int { isHQ ? 6 : 5 }

    /// Channels of the encoder's early features that HQ-SAM reads.
    var intermediateWidth: Int {
        switch encoder {
        case .viT(let shape): shape.width
        case .tinyViT(let shape): shape.widths[2]
        }
    }

    /// Short, as on the command line: `sam-vit-b`, `hq-sam-vit-h`, `mobile-sam`, `light-hq-sam`.
    public var name: String {
        let family = SegmenterFamily(self)
        guard case .viT(let shape) = encoder, let smallest = family.published.first?.name else { return family.name }
        let sizes = ["-b", "-l", "-h"]
        return smallest.dropLast(sizes[0].count) + (sizes.first { Self.published($0, shape) } ?? "")
    }

    private static func published(_ size: String, _ shape: ViT) -> Bool {
        switch size {
        case "-b": (shape.width, shape.depth) == (768, 12)
        case "-l": (shape.width, shape.depth) == (1024, 24)
        default: (shape.width, shape.depth) == (1280, 32)
        }
    }

    /// - Throws: `SegmenterError.unknownCheckpoint` when the file holds none of the family, `TensorFileError` when it holds one that lacks
    ///   a tensor or has a tensor of another shape.
    public init(_ weights: Weights) throws {
        let image = weights["image_encoder"]
        isHQ = weights["mask_decoder"].contains("hf_token.weight")
        if image.contains("pos_embed") {
            encoder = .viT(try ViT(image))
        } else if image["patch_embed"]["seq"][0]["c"].contains("weight") {
            encoder = .tinyViT(try TinyViT(image))
        } else {
            throw SegmenterError.unknownCheckpoint(
                file: weights.source.name,
                reason:
                    "it has neither \(image.prefix)pos_embed (SAM, HQ-SAM) nor \(image.prefix)patch_embed.seq.0.c.weight (MobileSAM, Light HQ-SAM)"
            )
        }
    }
}

extension SAMArchitecture.ViT {
    fileprivate init(_ weights: Weights) throws {
        let positions = try weights.shape("pos_embed", rank: 4)
        let cells = SAMInputGrid.cells
        guard positions[0] == 1, positions[1] == cells, positions[2] == cells else {
            throw weights.mismatch("pos_embed", expected: [1, cells, cells, positions[3]])
        }
        width = positions[3]
        heads = 0
        attentionSides = []
        while weights["blocks"][depth].contains("attn.rel_pos_h") {
            let attention = weights["blocks"][depth]["attn"]
            let table = try attention.shape("rel_pos_h", rank: 2)
            if attentionSides.isEmpty, table[1] > 0, width % table[1] == 0 { heads = width / table[1] }
            guard table[0] % 2 == 1, (table[0] + 1) / 2 <= cells, heads > 0, table[1] * heads == width else {
                throw attention.mismatch("rel_pos_h", expected: [2 * cells - 1, heads > 0 ? width / heads : 64])
            }
            attentionSides.append((table[0] + 1) / 2)
        }
        if depth == 0 { _ = try weights["blocks"][0]["attn"].shape("rel_pos_h", rank: 2) }
    }
}

extension SAMArchitecture.TinyViT {
    fileprivate init(_ weights: Weights) throws {
        widths = [try weights["patch_embed"]["seq"][2]["c"].shape("weight", rank: 4)[0]]
        (depths, heads, windows) = ([], [], [])
        for stage in 0..<4 {
            let layer = weights["layers"][stage]
            let name = stage == 0 ? "conv1.c.weight" : "attn.attention_biases"
            var depth = 0
            while layer["blocks"][depth].contains(name) { depth += 1 }
            guard depth > 0 else {
                throw TensorFileError.missingTensor(file: weights.source.name, tensor: layer["blocks"][0].prefix + name)
            }
            depths.append(depth)
            if stage > 0 {
                let biases = try layer["blocks"][0].shape(name, rank: 2)
                let side = Int(Double(biases[1]).squareRoot().rounded())
                guard biases[0] > 0, side > 0, side * side == biases[1], side <= SAMInputGrid.cells, widths[stage] % biases[0] == 0 else {
                    throw layer["blocks"][0].mismatch(name, expected: [widths[stage] / 32, stage == 2 ? 196 : 49])
                }
                heads.append(biases[0])
                windows.append(side)
            }
            if stage < 3 { widths.append(try layer["downsample"]["conv1"]["c"].shape("weight", rank: 4)[0]) }
        }
    }
}

extension Weights {
    /// The shape of a tensor that must exist and have `rank` axes.
    fileprivate func shape(_ key: String, rank: Int) throws -> [Int] {
        guard let shape = source.shape(of: prefix + key) else {
            throw TensorFileError.missingTensor(file: source.name, tensor: prefix + key)
        }
        guard shape.count == rank else { throw mismatch(key, expected: [Int](repeating: -1, count: rank)) }
        return shape
    }

    fileprivate func mismatch(_ key: String, expected: [Int]) -> TensorFileError {
        .shapeMismatch(file: source.name, tensor: prefix + key, expected: expected, found: source.shape(of: prefix + key) ?? [])
    }
}
