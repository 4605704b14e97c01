import Foundation
import Inference
import InferenceOpenVINO
import Media
import Segmenters
import TensorFiles
import TestSupport
import Testing

@testable import NeuralGraph
@testable import SamptCommands
@testable import SegmentationJobs

@Suite("sampt export", .serialized, .enabled(if: GeneratedCheckpoints.areThere, Comment(rawValue: GeneratedCheckpoints.missing)))
struct ExportCommandTests {
    private let checkpoints: GeneratedCheckpoints

    init() throws { checkpoints = try GeneratedCheckpoints() }

    private func run(_ arguments: [String], environment: [String: String] = [:]) throws -> Program.Outcome {
        try Program.run(["export"] + arguments, environment: environment)
    }

    /// The networks of a folder, compiled from the files, after comparing the files with what `model.json` says of them.
    private func networks(_ folder: String, _ engine: OpenVINOEngine) throws -> (encoder: any CompiledNetwork, decoder: any CompiledNetwork)
    {
        let json = try Data(contentsOf: URL(fileURLWithPath: folder + "/model.json"))
        let description = try JSONDecoder().decode(ModelDescription.self, from: json)
        #expect(description.networks.map(\.file) == ["encoder.onnx", "decoder.onnx"])
        let compiled = try description.networks.map { network -> any CompiledNetwork in
            #expect(network.dataFile == nil)
            let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(network.file)"))
            let proto = try ModelProto(serialized: bytes)
            #expect(proto.graph.initializer.allSatisfy { !$0.isExternal })
            let ports = try ONNXModel(data: bytes).ports()
            for (described, port) in zip(network.inputs + network.outputs, ports.inputs + ports.outputs) {
                #expect(described.name == port.name && described.shape == port.shape)
                #expect(!described.meaning.isEmpty, "\(described.name)")
            }
            #expect(network.inputs.count + network.outputs.count == ports.inputs.count + ports.outputs.count)
            return try engine.compile(key: network.file, precision: .float32) { ONNXModel(data: bytes) }
        }
        return (compiled[0], compiled[1])
    }

    @Test(
        "The networks of a checkpoint give the numbers that the segmenter gives", arguments: ["sam_vit_tiny_test", "sam_hq_vit_tiny_test"])
    func checkpoint(parity: String) throws {
        defer { checkpoints.remove() }
        let (path, folder) = (try checkpoints.write(parity), checkpoints.path("onnx"))
        let outcome = try run(["--model", path, "--out", folder, "--objects", "2", "--points", "3"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output == "\(folder)/encoder.onnx\n\(folder)/decoder.onnx\n")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["decoder.onnx", "encoder.onnx", "model.json"])
        let engine = try OpenVINOEngine(.init(cacheFolder: nil))
        let (encoder, decoder) = try networks(folder, engine)

        // A picture of the input's size, so that it is not resized: what it becomes can be written here in one line.
        var picture = RGBImage(width: 1024, height: 1024)
        for y in 0..<1024 { for x in 0..<1024 { picture[x, y] = (UInt8(x / 4), UInt8(y / 4), UInt8((x ^ y) & 255)) } }
        let (means, deviations): ([Float], [Float]) = ([123.675, 116.28, 103.53], [58.395, 57.12, 57.375])
        let image = Tensor(
            shape: [1, 3, 1024, 1024],
            (0..<3).flatMap { c in
                (0..<(1024 * 1024)).map { (Float(picture.pixels[3 * $0 + c]) - means[c]) / deviations[c] }
            })
        let segmenter = try SAMSegmenter(
            weights: Weights(TensorFile.open(URL(fileURLWithPath: path))), engine: engine, precision: .float32, hqTokenOnly: false)
        let frame = try segmenter.frame(picture)
        let first = try frame.predict([ObjectPrompt(points: [.positive(300, 200)])])[0].logits
        let prompts = [
            ObjectPrompt(points: [.positive(300.5, 200.5), .negative(800, 900)]),
            ObjectPrompt(points: [.positive(100, 700)], box: Box(x0: 20, y0: 500, x1: 300, y1: 900), previousLogits: first),
        ]
        let expected = try frame.predict(prompts)

        var inputs = try encoder(["image": image])
        let unused: [Float] = [0, 0]
        inputs["points"] = Tensor(
            shape: [2, 5, 2],
            [300.5, 200.5, 800, 900] + unused + unused + unused
                + [100, 700, 20.5, 500.5, 299.5, 899.5] + unused + unused)
        inputs["labels"] = Tensor(shape: [2, 5], [1, 0, -1, -2, -2, 1, 2, 3, -2, -2])
        inputs["previous"] = Tensor(shape: [2, 1, 256, 256], [Float](repeating: 3, count: 65536) + first.values)
        inputs["has"] = Tensor(shape: [2], [0, 1])
        let outputs = try decoder(inputs)
        let masks = try #require(outputs["masks"]).values
        let scores = try #require(outputs["iou"]).values
        let hq = outputs["hqMask"]?.values
        #expect((hq != nil) == segmenter.architecture.isHQ)
        for object in 0..<2 {
            var logits = Array(masks[(object * 4 * 65536)...].prefix(65536))
            if let hq { for i in logits.indices { logits[i] += hq[object * 65536 + i] } }
            #expect(relativeL2(logits, expected[object].logits.values) < 1e-4)
            #expect(abs(scores[object * 4] - expected[object].predictedIoU) < 1e-4)
        }
        #expect(relativeL2(expected[0].logits.values, expected[1].logits.values) > 0.01)
    }

    @Test("The built-in model")
    func nano() throws {
        defer { checkpoints.remove() }
        let folder = checkpoints.path("nano")
        #expect(try run(["--model", "nano", "--out", folder, "--frame-size", "96x72", "--points", "2"]).status == 0)
        let engine = try OpenVINOEngine(.init(cacheFolder: nil))
        let (encoder, decoder) = try networks(folder, engine)
        let maps = try encoder(["image": Tensor(shape: [1, 3, 480, 640])])
        var inputs = maps.filter { $0.key != "c4" }
        inputs["points"] = Tensor(shape: [1, 2, 3], [320, 240, 1, 0, 0, -1])
        inputs["prev"] = Tensor(shape: [1, 1, 120, 160])
        inputs["has"] = Tensor(shape: [1])
        inputs["ref"] = Tensor(shape: [1, 24, 65], repeating: -1)
        inputs["target"] = Tensor(shape: [1, 66])
        let outputs = try decoder(inputs)
        let grey = RGBImage(width: 640, height: 480, red: 127, green: 127, blue: 127)
        let shared = try NanoFrameEncoder(engine: engine, precision: .float32)
        struct Still: FrameSource {
            let image: RGBImage
            let name = "still"
            let frameCount = 1
            var size: ImageSize { image.size }
            var timing: VideoTiming { VideoTiming(constantRate: 25, count: 1) }
            func frame(at index: Int) throws -> RGBImage { image }
        }
        let frame = try NanoPrompt(engine: engine, encoder: shared, precision: .float32).frame(0, of: FrameStore(Still(image: grey)))
        let expected = try frame.predict([ObjectPrompt(points: [.positive(320, 240)])])[0]
        #expect(relativeL2(try #require(outputs["logits"]).values, expected.logits.values) < 1e-4)
    }

    @Test("Constants too large for a protobuf go to a second file, from which they are read by offset and length")
    func externalData() throws {
        defer { checkpoints.remove() }
        let graph = Graph("large")
        let values = (0..<20000).map { Float($0) * 0.5 }
        let sum = graph.input("x", shape: [20000]) + graph.constant(Tensor(shape: [20000], values), name: "a")
        graph.output("y", sum + graph.constant(Tensor(shape: [20000], repeating: 7), name: "b") + graph.constant(2))
        let file = checkpoints.folder.appendingPathComponent("large.onnx")
        let data = try #require(try graph.model().write(to: file, largestEmbedded: 100_000))
        #expect(data.lastPathComponent == "large.onnx.data")
        let (proto, bytes) = (try ModelProto(serialized: Data(contentsOf: file)), try Data(contentsOf: data))
        for (name, expected) in [("a", values), ("b", [Float](repeating: 7, count: 20000))] {
            let tensor = try #require(proto.graph.initializer.first { $0.name == name })
            let entries = Dictionary(uniqueKeysWithValues: tensor.externalData.map { ($0.key, $0.value) })
            #expect(entries["location"] == "large.onnx.data")
            let (offset, length) = (
                try #require(entries["offset"].flatMap { Int($0) }), try #require(entries["length"].flatMap { Int($0) })
            )
            #expect(offset % 4096 == 0)
            #expect(bytes[offset..<(offset + length)] == expected.withUnsafeBufferPointer { Data(buffer: $0) })
        }
    }

    @Test("What cannot be exported or written")
    func errors() throws {
        defer { checkpoints.remove() }
        let store = ["SAMPT_MODELS": checkpoints.path("store")]
        let absent = try run(["--model", "mobile-sam", "--out", checkpoints.path("out")], environment: store)
        #expect(absent.status == CommandStatus.missingInput.rawValue)
        #expect(absent.errors.contains("sampt models pull mobile-sam"))
        #expect(!FileManager.default.fileExists(atPath: checkpoints.path("out")))
        #expect(try run(["--model", "mobil-sam", "--out", "out"]).errors.contains("--model: \"mobil-sam\" is not known."))
        #expect(try run(["--model", "nano", "--out", "out", "--objects", "0"]).status == CommandStatus.usage.rawValue)
        try Data().write(to: URL(fileURLWithPath: checkpoints.path("file")))
        let blocked = try run(["--model", "nano", "--out", checkpoints.path("file") + "/out"])
        #expect(blocked.status == CommandStatus.unwritableOutput.rawValue, "\(blocked.errors)")
    }
}
