import Media
import NeuralGraph
import TensorFiles

extension SAMNetwork {
    /// The decoder as one network for other programs: it encodes points itself, and a mask is optional in each run.
    ///
    /// Inputs: `points` (objects x points x 2), `labels` (objects x points), `previous` (objects x 1 x 256 x 256), `has` (objects), the
    /// encoder's outputs. Outputs: `masks` (objects x 4 x 256 x 256), `iou` (objects x 4), and of HQ-SAM `hqMask`.
    func exportedDecoderModel(objects: Int, points: Int) throws -> ONNXModel {
        let graph = Graph("sam-decoder-with-prompts")
        let (decoder, _) = try Self.decoder(weights, architecture)
        let prompts = try promptEncoder()
        let (cells, maskSide) = (SAMInputGrid.cells * SAMInputGrid.cells, SAMInputGrid.maskSide)
        let tokens = prompts.tokens(
            points: graph.input("points", shape: [objects, points, 2]), labels: graph.input("labels", shape: [objects, points]))
        let dense = prompts.dense(
            graph.input("previous", shape: [objects, 1, maskSide, maskSide]), where: graph.input("has", shape: [objects]))
        func imageSide(_ name: String) -> Value { graph.input(name, shape: [cells, 128]) }
        let output = decoder(
            prompt: tokens.values, unused: tokens.unused, embedding: graph.input("embedding", shape: [cells, 256]),
            positions: prompts.cellPositions(in: graph),
            side: .init(keys: imageSide("keys"), values: imageSide("values"), queries: imageSide("queries")), dense: dense,
            hqFeatures: architecture.isHQ ? graph.input("hq", shape: [32, maskSide * maskSide]) : nil, masks: 0..<4)
        graph.output("masks", output.masks)
        graph.output("iou", output.iou)
        if let mask = output.hqMask { graph.output("hqMask", mask) }
        return try graph.model()
    }
}

extension PromptEncoder {
    /// Tokens of prompts inside a graph. Kinds of points are those of `SAMSegmenter.exportedDecoder`.
    /// - Returns: objects x points x width, and what the transformer adds to attention scores.
    func tokens(points: Value, labels: Value) -> (values: Value, unused: Value) {
        let graph = points.graph
        let angles = (points * (2 / Float(SAMInputGrid.side)) - 1).matmul(frequencies(in: graph)) * (2 * Float.pi)
        let code = Value.concatenate([angles.sin(), angles.cos()], axis: 2)
        let kinds = embeddings(in: graph).gathered((labels + 2).asIndices())
        let unused = (labels < -1.5).asFloat() * SAMNetwork.unusedToken
        return (
            code * (labels > -0.5).asFloat().insertingAxis(2) + kinds, unused.reshaped([labels.shape[0], 1, 1, labels.shape[1]])
        )
    }

    /// The dense embedding of prompts of which some have masks.
    /// - Parameters:
    ///   - masks: objects x 1 x 256 x 256.
    ///   - flags: objects; 1 where the mask counts, 0 where there is none.
    func dense(_ masks: Value, where flags: Value) -> Dense {
        let graph = masks.graph
        let given = dense(masks, in: graph)
        guard let features = given.features else { return given }
        let flags = flags.reshaped([flags.shape[0], 1, 1]).expanded([features.shape[0], features.shape[1], 1])
        // Both constant parts become rows of the matrix, so that each object can have its own.
        return Dense(
            features: .concatenate([features * flags, flags, 1 - flags], axis: 2),
            matrix: .concatenate([given.matrix, given.offset, dense(nil, in: graph).offset], axis: 0),
            offset: graph.constant(Tensor(shape: [1, Self.width]), name: "no_offset"))
    }
}

extension SAMSegmenter: ExportableSegmenter {
    public func exportedEncoder(frame: ImageSize) throws -> ExportedNetwork {
        try ExportedNetwork(
            "encoder", purpose: "The image encoder, once for each picture. float32 or bfloat16.", model: network.encoderModel(),
            meanings: [
                "image": """
                RGB, channels first. The picture is resized (Pillow's bilinear filter) so that its longest side is 1024, normalised as \
                (value - mean) / deviation with the means 123.675, 116.28, 103.53 and the deviations 58.395, 57.12, 57.375 of values \
                from 0 to 255, and then padded with zeros on the right and at the bottom
                """
            ].merging(Self.encoderOutputs("for the decoder")) { $1 })
    }

    /// It has two places more than `points`, for a box or the padding point.
    public func exportedDecoder(frame: ImageSize, objects: Int, points: Int) throws -> ExportedNetwork {
        try ExportedNetwork(
            "decoder", purpose: "Prompt encoder and mask decoder, once for each set of prompts. Encodes positions, so it needs float32.",
            model: network.exportedDecoderModel(objects: objects, points: points + 2),
            meanings: [
                "points": """
                x, y in pixels of the encoder's input: column and row of the picture's pixel, counted from 0, times 1024 / longest side, \
                plus 0.5
                """,
                "labels": """
                1: on the object; 0: not on it; 2 and 3: a box's top left and bottom right corner; -1: the padding point that a prompt \
                without a box must have; -2: unused
                """,
                "previous": "logits of an earlier pass (the output masks), used where has is 1",
                "has": "1: previous counts; 0: there is no mask",
                "masks":
                    "logits, above 0 is object. Mask 0 is the single answer, masks 1 to 3 are parts of different extent. A picture's mask "
                    + "is had by enlarging to 1024 x 1024, cutting the padding off, and resizing to the picture (both bilinear)",
                "iou": "the predicted intersection over union of each mask",
                "hqMask": "HQ-SAM's logits, to be added to those of the chosen mask, or taken alone",
            ].merging(Self.encoderOutputs("the encoder's output")) { $1 })
    }

    private static func encoderOutputs(_ use: String) -> [String: String] {
        [
            "embedding": "\(use): the image embedding, a cell of 16 x 16 pixels a row",
            "keys": "\(use): the embedding as the first layer's keys",
            "values": "\(use): the embedding as the first layer's values", "queries": "\(use): the embedding as the first layer's queries",
            "hq": "\(use): HQ-SAM's features",
        ]
    }
}
