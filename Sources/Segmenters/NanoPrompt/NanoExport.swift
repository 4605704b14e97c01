import Media
import NeuralGraph

extension NanoPrompt: ExportableSegmenter {
    public func exportedEncoder(frame: ImageSize) throws -> ExportedNetwork {
        let grid = NanoInputGrid(frame: frame)
        return try ExportedNetwork(
            "encoder", purpose: "The image encoder, once for each frame of \(frame) pixels. float32 or bfloat16.",
            model: NanoEncoder.model(weights: NanoWeights.segmenter(), input: grid.input),
            meanings: [
                "image": """
                RGB, channels first. The frame is resized to \(grid.resized) by averaging areas, normalised as (value - 127) / 128 of values \
                from 0 to 255, and then padded with zeros on the right and at the bottom
                """,
                "c4": "a map for the point tracker, channels last",
            ].merging(Self.maps("for the decoder")) { $1 })
    }

    public func exportedDecoder(frame: ImageSize, objects: Int, points: Int) throws -> ExportedNetwork {
        try ExportedNetwork(
            "decoder", purpose: "The mask decoder, once for each set of prompts. Computes with positions, so it needs float32.",
            model: NanoDecoder.model(
                weights: NanoWeights.segmenter(), input: NanoInputGrid(frame: frame).input, objects: objects, points: points,
                memory: Self.memorySlots),
            meanings: [
                "points":
                    "x, y in pixels of the encoder's input, pixel centres at +0.5, and a label: 1 on the object, 0 not on it, -1 unused",
                "prev": "logits of an earlier pass (the output logits), used where has is 1",
                "has": "1: prev counts; 0: there is no mask",
                "ref": """
                the memory of how the object looks: rows of e (64 values, sampled at points in another frame and made unit length) with a label \
                as for points; -1 where unused
                """,
                "target": """
                the target model: what tells the object from the rest in another frame, 64 weights of p8's channels, a bias, and 1; all 0 where \
                there is none
                """,
                "logits": "above 0 is object; a quarter of the encoder's input in size",
                "iou": "the predicted intersection over union",
            ].merging(Self.maps("the encoder's output")) { $1 })
    }

    private static func maps(_ use: String) -> [String: String] {
        [
            "p4": "\(use): features of cells of 4 x 4 pixels, channels last",
            "p8": "\(use): features of cells of 8 x 8 pixels, channels last",
            "p16": "\(use): features of cells of 16 x 16 pixels, channels last",
            "e": "\(use): embeddings of cells of 8 x 8 pixels, unit length, channels first",
        ]
    }
}
