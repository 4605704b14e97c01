import ArgumentParser
import Foundation
import Inference
import InferenceOpenVINO
import Media
import NeuralGraph
import SegmentationJobs
import Segmenters
import Support

struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write a segmenter's networks as ONNX files for other programs.",
        discussion: """
            Writes encoder.onnx, decoder.onnx and model.json, which says what every input and output means, how pictures are prepared, and \
            in which precision a network must run. The sizes are fixed: so many objects, at most so many points each.

              sampt export --model mobile-sam --out mobile-sam-onnx \\
                --objects 2 --points 16
              sampt export --model sam_hq_vit_b.pth --out hq
              sampt export --model nano --out nano-onnx --frame-size 1280x720

            The weights are inside the ONNX files, in float32. Only where they are too large for one (above 1.9 GB, as SAM ViT-H's encoder) \
            they lie in encoder.onnx.data beside it (ONNX external data): keep the two files together.

            \(CommandStatus.help)
            """)

    @Option(
        help: ArgumentHelp(
            "\(SegmenterFamily.nanoPrompt.name), a published segmenter's name (see \"sampt models list\"), or a checkpoint file, as for --segmenter.",
            valueName: "name or file"))
    var model: String
    @Option(help: ArgumentHelp("The folder to write to; made if there is none.", valueName: "folder"))
    var out: String
    @Option(help: ArgumentHelp("How many objects one run of the decoder takes, 1 to 64.", valueName: "n"))
    var objects = 1
    @Option(help: ArgumentHelp("How many points each object's prompt may have, 1 to 1000.", valueName: "n"))
    var points = 8
    @Option(
        help: ArgumentHelp(
            "The frames' size, for nano alone (default: 854x480); networks of the SAM family take all sizes.", valueName: "WxH"))
    var frameSize: FrameSize?

    func validate() throws {
        guard (1...64).contains(objects) else { throw ValidationError("--objects must be between 1 and 64.") }
        guard (1...1000).contains(points) else { throw ValidationError("--points must be between 1 and 1000.") }
        let choice = try validating { try ModelChoice.segmenter(model, option: "--model") }
        if frameSize != nil, choice != .nanoSegmenter {
            throw ValidationError("--frame-size has no effect here: it is for nano. Networks of the SAM family take all sizes.")
        }
    }

    private var size: ImageSize { frameSize?.size ?? ImageSize(width: 854, height: 480) }

    func run() async throws {
        try await withExitStatus {
            try checkOutputs()
            try MemoryNeed(models: [ModelChoice.segmenter(model, option: "--model")], frame: size).check()
            let segmenter = try segmenter()
            let folder = URL(fileURLWithPath: try OutputFolder(out).path, isDirectory: true)
            // One after the other: the large one's constants need not be in memory while the other is written.
            let description = ModelDescription(
                model: segmenter.name, source: model,
                networks: [
                    try write(segmenter.exportedEncoder(frame: size), to: folder),
                    try write(segmenter.exportedDecoder(frame: size, objects: objects, points: points), to: folder),
                ])
            try AtomicFile.write(description.json(), to: folder.appendingPathComponent("model.json").path)
            return .success
        }
    }

    /// Finds out, before the model is loaded, whether the files can be written, and whether one would take the checkpoint's place.
    private func checkOutputs() throws {
        let names = ["encoder.onnx", "encoder.onnx.data", "decoder.onnx", "decoder.onnx.data", "model.json"]
        var claims = try FileClaims(preset: nil, segmenter: model)
        try claims.write(folder: out, names: names, by: "--out")
        let folder = try OutputFolder(out)
        defer { folder.removeIfEmpty() }
        for name in names { try OutputFile.check(folder.file(name)) }
    }

    private func segmenter() throws -> any ExportableSegmenter {
        let weights = try ModelChoice.segmenter(model, option: "--model").weights()
        let engine = try OpenVINOEngine(.init(cacheFolder: nil))
        guard let weights else { return try NanoPrompt(engine: engine, encoder: NanoFrameEncoder(engine: engine)) }
        return try LearnedSegmenter.segmenter(weights: weights, engine: engine)
    }

    private func write(_ network: ExportedNetwork, to folder: URL) throws -> ModelDescription.Network {
        let file = folder.appendingPathComponent("\(network.name).onnx")
        let data = try network.model.write(to: file)
        for path in [file, data].compactMap({ $0?.path }) { StandardOutput.print(path: path) }
        return ModelDescription.Network(
            file: file.lastPathComponent, dataFile: data?.lastPathComponent, purpose: network.purpose, inputs: network.inputs,
            outputs: network.outputs)
    }
}

/// The contents of `model.json`.
struct ModelDescription: Codable, Equatable {
    struct Network: Codable, Equatable {
        var file: String
        /// A file with weights that belongs to it.
        var dataFile: String?
        var purpose: String
        /// All are float32.
        var inputs: [ExportedNetwork.Tensor]
        var outputs: [ExportedNetwork.Tensor]
    }

    var model: String
    /// As it was named on the command line.
    var source: String
    var elementType = "float32"
    var networks: [Network]

    func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(self) + Data("\n".utf8)
    }
}
