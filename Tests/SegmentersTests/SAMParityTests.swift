import Foundation
import Inference
import InferenceOpenVINO
import Media
import NeuralGraph
import TensorFiles
import TestSupport
import Testing

@testable import Segmenters

/// The networks of the SAM family against the original code, with every intermediate result that the reference data has.
@Suite(.serialized, .enabled(if: !SAMParityCase.all.isEmpty, Comment(rawValue: ParityCase.missing)))
struct SAMParityTests {
    @Test(arguments: SAMParityCase.all) func float32(_ parity: SAMParityCase) throws {
        let engine = try OpenVINOEngine(.init(cacheFolder: nil))
        let results = try withMemoryToItself { try parity.results(engine: engine, precision: .float32) }
        let expected = try parity.data.expected()
        var worst = (name: "", ratio: 0.0)
        var errors: [String: Double] = [:]
        for output in parity.data.outputs {
            let result = try #require(results[output.name], "\(parity): \(output.name) is not computed")
            let elements = try #require(output.elements(of: result), "\(parity): \(output.name) has the shape \(result.shape)")
            let error = try relativeL2(elements, expected.tensor(output.name).values)
            let limit = parity.data.limit(of: output.name)
            #expect(error <= limit, "\(parity): \(output.name)")
            errors[output.name] = error
            worst = max(worst, (output.name, error / limit)) { $0.ratio < $1.ratio }
        }
        func largest(_ suffix: String) -> Double { errors.filter { $0.key.hasSuffix(suffix) }.values.max() ?? 0 }
        print(
            "\(parity): \(errors.count) outputs, nearest to its limit \(worst.name) (\(worst.ratio) of it); embedding "
                + "\(largest("encoder.embedding")), low-resolution logits \(largest(".lowRes")), predicted IoU \(largest(".iou"))")
    }

    /// bfloat16 has eight bits, and nothing in the reference says how far it may be off; the bounds are what was measured, with some room.
    @Test(arguments: SAMParityCase.all) func bfloat16(_ parity: SAMParityCase) throws {
        let engine = try OpenVINOEngine(.init(cacheFolder: nil))
        guard engine.resolvedPrecision(.bfloat16) == .bfloat16 else { return }
        let results = try withMemoryToItself { try parity.results(engine: engine, precision: .bfloat16, looksInside: false) }
        let expected = try parity.data.expected()
        func worst(_ suffix: String, _ measure: ([Float], [Float]) -> Double) throws -> Double {
            try parity.data.outputs.filter { $0.name.hasSuffix(suffix) }.map { output in
                let result = try #require(results[output.name])
                return try measure(#require(output.elements(of: result)), expected.tensor(output.name).values)
            }.max() ?? 0
        }
        let embedding = try worst("encoder.embedding", relativeL2)
        let masks = try worst(".lowRes", relativeL2)
        // The mask of a frame: the share of pixels on the other side of 0.
        let flipped = try worst(".masks") { a, b in Double(zip(a, b).count { ($0 > 0) != ($1 > 0) }) / Double(a.count) }
        // Predictions may lie near 0, where relative errors mean nothing.
        let iou = try worst(".iou") { Double(largestDifference($0, $1)) }
        print("\(parity) in bfloat16: embedding \(embedding), low-resolution logits \(masks), mask pixels \(flipped), predicted IoU \(iou)")
        #expect(embedding < 0.03)
        #expect(masks < 0.06)
        #expect(flipped < 0.015)
        #expect(iou < 0.03)
    }
}

private func max<T>(_ a: T, _ b: T, by less: (T, T) -> Bool) -> T { less(a, b) ? b : a }

/// A parity case of a network of the SAM family.
struct SAMParityCase: Sendable, CustomTestStringConvertible, CustomStringConvertible {
    struct Config: Decodable {
        struct Prompt: Decodable {
            var name: String
            var multimask: Bool
            var points: String?
            var labels: String?
            var box: String?
            var maskInput: String?
            var hqTokenOnly: Bool?
        }
        var imageSize: [Int]
        var prompts: [Prompt]?
    }

    let data: ParityCase
    var description: String { data.name }
    var testDescription: String { data.name }

    /// Cases that prompt one picture.
    static let all = ParityCase.cases(of: "sam", "sam_hq", "mobile_sam").filter { ((try? $0.config(Config.self))?.prompts ?? nil) != nil }
        .map { SAMParityCase(data: $0) }

    /// Everything that the case has numbers of, computed by the product's code.
    /// - Parameter looksInside: whether to have intermediate results as well. They are outputs, which the engine computes in float32
    ///   together with what leads to them: in bfloat16 the network would not be the product's.
    func results(engine: OpenVINOEngine, precision: Precision, looksInside: Bool = true) throws -> [String: Tensor] {
        let (config, inputs) = (try data.config(Config.self), try data.inputs())
        let network = try SAMNetwork(data.weights())
        var results: [String: Tensor] = [:]
        func names(_ prefix: String) -> Set<String> { Set(data.outputs.map(\.name).filter { $0.hasPrefix(prefix) }) }

        let pixels = try inputs.tensor("image").values.map { UInt8($0) }
        let image = RGBImage(width: config.imageSize[1], height: config.imageSize[0], pixels: pixels)
        let grid = SAMInputGrid(frame: image.size)
        let input = SAMFrameEncoder.networkInput(image, grid: grid)
        results["encoder.input"] = input
        let taps = looksInside ? names("encoder.") : ["encoder.embedding"]
        let encoder = try engine.network(key: "encoder", precision: precision) {
            try network.encoderModel { name, value in
                if taps.contains(name) {
                    let tapped = value()
                    // A value that is an output already gets a node of its own.
                    tapped.graph.output(name, tapped.reshaped([1] + tapped.shape))
                }
            }
        }
        var tensors = try encoder(["image": input])
        for name in taps { if let tensor = tensors.removeValue(forKey: name) { results[name] = tensor } }
        let features = SAMFrameEncoder.Features(grid: grid, tensors: tensors)

        let prompts = try network.promptEncoder()
        let cells = SAMInputGrid.cells
        results["prompt.densePE"] = Tensor(
            shape: [256, cells, cells],
            transposed((0..<(cells * cells)).map { prompts.encode((SIMD2(Float($0 % cells), Float($0 / cells)) + 0.5) / Float(cells)) }))
        var compiled: [SAMNetwork.DecoderForm: OpenVINONetwork] = [:]
        for prompt in config.prompts ?? [] {
            let objects = try self.prompts(prompt, inputs)
            let form = SAMDecoder.Inputs(
                objects, takesMasks: prompt.maskInput != nil, isMultiple: prompt.multimask, ownTokens: network.architecture.ownTokens,
                prompts: prompts, grid: grid)
            let decoder =
                try compiled[form.form]
                ?? engine.network(key: "decoder", precision: precision) {
                    try network.decoderModel(form.form) { name, value in
                        guard looksInside else { return }
                        let tapped = value()
                        tapped.graph.output(name, tapped.reshaped([1] + tapped.shape))
                    }
                }
            compiled[form.form] = decoder
            let outputs = try decoder(form.tensors.merging(features.tensors) { own, _ in own })
            let count = prompts.tokens(points: objects[0].points, box: objects[0].box, grid: grid).count / 256
            results["\(prompt.name).sparse"] = tokens(try #require(form.tensors["prompt"]), 0..<count)
            if let answers = outputs["tokens"] {
                let own = answers.shape[2] - form.form.slots
                results["\(prompt.name).tokens"] = tokens(answers.reshaped(Array(answers.shape.dropFirst())), 0..<(own + count))
            }
            for name in ["src", "upscaled", "dense"] { results["\(prompt.name).\(name)"] = outputs[name] }

            let frame = SAMSegmenter.Frame(
                features: features,
                decoder: try SAMDecoder(network, fingerprint: "", engine: engine, precision: precision),
                hqTokenOnly: prompt.hqTokenOnly ?? false)
            let answers = try SAMDecoder.answers(outputs, form: form.form).map(frame.predictions)
            let low = answers.flatMap { $0.flatMap(\.logits.values) }
            let side = SAMInputGrid.maskSide
            let upsampler = SAMSegmenter.upsampler(image.size)
            results["\(prompt.name).lowRes"] = Tensor(shape: [answers.count, answers[0].count, side, side], low)
            results["\(prompt.name).iou"] = Tensor(shape: [answers.count, answers[0].count], answers.flatMap { $0.map(\.predictedIoU) })
            results["\(prompt.name).masks"] = Tensor(
                shape: [answers.count, answers[0].count, image.height, image.width],
                answers.flatMap { $0.flatMap { upsampler.logits($0.logits.values) } })
        }
        return results
    }

    /// One prompt, or a batch of them.
    private func prompts(_ prompt: Config.Prompt, _ inputs: SafetensorsFile) throws -> [ObjectPrompt] {
        // The reference counts pixel centres as whole numbers, and boxes end at the last pixel.
        var points: [[PointPrompt]] = [[]]
        if let name = prompt.points, let labels = prompt.labels {
            let (positions, labels) = (try inputs.tensor(name), try inputs.tensor(labels).values)
            let all = positions.withUnsafeBuffer { values in
                labels.indices.map { PointPrompt(SIMD2(values[2 * $0], values[2 * $0 + 1]) + 0.5, isPositive: labels[$0] == 1) }
            }
            let objects = positions.shape.count == 3 ? positions.shape[0] : 1
            let each = all.count / objects
            points = (0..<objects).map { Array(all[($0 * each)..<(($0 + 1) * each)]) }
        }
        let box = try prompt.box.map { name in
            let corners = try inputs.tensor(name).values
            return Box(x0: corners[0], y0: corners[1], x1: corners[2] + 1, y1: corners[3] + 1)
        }
        let mask = try prompt.maskInput.map { MaskLogits(width: 256, height: 256, values: try inputs.tensor($0).values) }
        return points.map { ObjectPrompt(points: $0, box: box, previousLogits: mask) }
    }

    private func tokens(_ tensor: Tensor, _ range: Range<Int>) -> Tensor {
        let (objects, count, width) = (tensor.shape[0], tensor.shape[1], tensor.shape[2])
        let values = tensor.values
        return Tensor(
            shape: [objects, range.count, width],
            (0..<objects).flatMap { values[(($0 * count + range.lowerBound) * width)..<(($0 * count + range.upperBound) * width)] })
    }

    private func transposed(_ rows: [[Float]]) -> [Float] { (0..<rows[0].count).flatMap { i in rows.map { $0[i] } } }
}
