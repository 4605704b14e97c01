import Inference
import InferenceOpenVINO
import Media
import TensorFiles
import TestSupport
import Testing

@testable import Segmenters

/// The built-in segmenter against its PyTorch reference, at float32.
struct NanoPromptParityTests {
    private let reference: SafetensorsFile
    private let engine: OpenVINOEngine
    private let input = ImageSize(width: 224, height: 160)

    init() throws {
        reference = try Self.reference()
        engine = try OpenVINOEngine(.init(cacheFolder: nil))
    }

    /// A picture, points, and what the networks make of them in PyTorch, by Training/nano_prompt/make_reference.py.
    static func reference() throws -> SafetensorsFile {
        try SafetensorsFile(url: Fixtures.packageRoot.appendingPathComponent("Tests/Data/nano-prompt.safetensors"))
    }

    static func networkInput(_ reference: SafetensorsFile) throws -> Tensor {
        let pixels = try reference.tensor("pixels")
        return Tensor(shape: [1] + pixels.shape, pixels.values).networkInput()
    }

    private func encode() throws -> [String: Tensor] {
        let network = try engine.compile(key: "encoder", precision: .float32) {
            try NanoEncoder.model(weights: NanoWeights.segmenter(), input: input)
        }
        return try network(["image": Self.networkInput(reference)])
    }

    @Test func encoderMapsMatch() throws {
        let maps = try encode()
        for name in ["p4", "p8", "p16", "e"] {
            let map = try #require(maps[name])
            let expected = try reference.tensor(name)
            #expect(relativeL2(map.values, (name == "e" ? expected : expected.channelsLast()).values) < 1e-4, "\(name)")
        }
    }

    /// PyTorch solves in float32.
    @Test func targetModelsMatch() throws {
        let (coverage, expected) = (try reference.tensor("coverage"), try reference.tensor("target"))
        let p8 = try reference.tensor("p8_mirrored").channelsLast()
        for object in 0..<2 {
            let evidence = try #require(TargetEvidence(p8: p8, coverage: Array(coverage.values[(object * 560)..<((object + 1) * 560)])))
            #expect(relativeL2(TargetModel(evidence).weights, Array(expected.values[(object * 66)..<(object * 66 + 65)])) < 1e-3)
        }
        #expect(TargetEvidence(p8: p8, coverage: [Float](repeating: 0, count: 560)) == nil)
    }

    @Test(arguments: [false, true]) func decoderPassesMatch(withMemory: Bool) throws {
        let maps = try encode().filter { $0.key != "c4" }
        let decoder = try engine.compile(key: "decoder", precision: .float32) {
            try NanoDecoder.model(weights: NanoWeights.segmenter(), input: input, objects: 2, points: 8, memory: 8)
        }
        let suffix = withMemory ? "_ref" : ""
        let unused = Tensor(shape: [2, 8, 65], (0..<16).flatMap { _ in [Float](repeating: 0, count: 64) + [-1] })
        var previous = Tensor(shape: [2, 1, 40, 56])
        for pass in 1...3 {
            var given = maps
            given["points"] = try reference.tensor(pass == 1 ? "points_pass1" : "points_pass2")
            given["prev"] = previous
            given["has"] = Tensor(shape: [2], repeating: pass == 1 ? 0 : 1)
            given["ref"] = withMemory ? try reference.tensor("ref") : unused
            given["target"] = withMemory ? try reference.tensor("target") : Tensor(shape: [2, 66])
            let outputs = try decoder(given)
            let logits = try #require(outputs["logits"])
            let iou = try #require(outputs["iou"])
            #expect(try relativeL2(logits.values, reference.tensor("logits_pass\(pass)\(suffix)").values) < 1e-4)
            #expect(try relativeL2(iou.values, reference.tensor("iou_pass\(pass)\(suffix)").values) < 1e-4)
            previous = logits
        }
    }
}

/// Resampling before and after the networks against PyTorch and OpenCV.
@Suite(.enabled(if: Fixtures.has("nano/reference_inputs.safetensors"), Comment(rawValue: Fixtures.missing)))
struct NanoPromptResamplingTests {
    @Test func networkInputMatchesAreaResize() throws {
        let inputs = try SafetensorsFile(url: Fixtures.url("nano/reference_inputs.safetensors"))
        let pixels = try inputs.tensor("image").values.map { UInt8($0) }
        let image = RGBImage(width: 250, height: 150, pixels: pixels)
        let grid = NanoInputGrid(frame: image.size, longestSide: 224)
        #expect(grid.input == ImageSize(width: 224, height: 160))
        let values = NanoFrameEncoder.networkInput(
            image, grid: grid, resampler: AreaResampler(from: grid.frame, to: grid.resized)
        ).values
        let reference = try inputs.tensor("network_input").values
        // One grey level is 1/128.
        #expect(largestDifference(values, reference) <= 1.01 / 128)
        let equal = zip(values, reference).count { abs($0 - $1) < 1e-4 }
        #expect(Double(equal) > 0.999 * Double(values.count))
    }

    @Test func upsampledLogitsMatch() throws {
        let expected = try SafetensorsFile(url: Fixtures.url("nano/reference_outputs.safetensors"))
        let logits = try expected.tensor("logits_pass3").values
        let full = try expected.tensor("logits_full").values
        let grid = NanoInputGrid(frame: ImageSize(width: 250, height: 150), longestSide: 224)
        let upsampler = LogitUpsampler(low: ImageSize(width: 56, height: 40), resized: grid.resized, frame: grid.frame)
        for object in 0..<2 {
            let result = upsampler.logits(Array(logits[(object * 2240)..<((object + 1) * 2240)]))
            #expect(relativeL2(result, Array(full[(object * 37500)..<((object + 1) * 37500)])) < 1e-4)
        }
    }
}
