import Inference
import InferenceOpenVINO
import Media
import TensorFiles
import TestSupport
import Testing

@testable import PointTrackers
@testable import Segmenters

/// The built-in tracker against its PyTorch reference, at float32.
@Suite(.enabled(if: Fixtures.has("nano-tracker/reference_inputs.safetensors"), Comment(rawValue: Fixtures.missing)))
struct NanoTrackParityTests {
    private let inputs: SafetensorsFile
    private let expected: SafetensorsFile
    private let weights: Weights
    private let engine: OpenVINOEngine
    private let input = ImageSize(width: 224, height: 160)

    init() throws {
        inputs = try SafetensorsFile(url: Fixtures.url("nano-tracker/reference_inputs.safetensors"))
        expected = try SafetensorsFile(url: Fixtures.url("nano-tracker/reference_outputs.safetensors"))
        weights = try NanoTrack.weights()
        engine = try OpenVINOEngine(.init(cacheFolder: nil))
    }

    /// Frame `index` of a stacked tensor.
    private func slice(_ tensor: Tensor, _ index: Int) -> Tensor {
        let count = tensor.count / tensor.shape[0]
        return Tensor(shape: [1] + tensor.shape.dropFirst(), Array(tensor.values[(index * count)..<((index + 1) * count)]))
    }

    private func heads() throws -> [[String: Tensor]] {
        let network = try engine.compile(key: "head", precision: .float32) { try NanoTrackHead.model(weights: weights, input: input) }
        return try (0..<4).map { frame in
            var given: [String: Tensor] = [:]
            for name in ["c4", "p4", "p8"] { given[name] = slice(try inputs.tensor(name), frame).channelsLast() }
            given["e"] = slice(try inputs.tensor("e"), frame)
            return try network(given)
        }
    }

    @Test func headMatches() throws {
        for (frame, maps) in try heads().enumerated() {
            let f8 = try #require(maps["f8"])
            #expect(try relativeL2(f8.values, slice(expected.tensor("f8"), frame).values) < 1e-4)
            // Rows of channels against channels of rows.
            let f4 = try #require(maps["f4"]).values
            let reference = slice(try expected.tensor("f4"), frame).values
            let transposed = (0..<32).flatMap { channel in (0..<2240).map { f4[$0 * 32 + channel] } }
            #expect(relativeL2(transposed, reference) < 1e-4)
        }
    }

    @Test func startAndStepsMatch() throws {
        let maps = try heads()
        let count = 20
        let start = try engine.compile(key: "start", precision: .float32) {
            try NanoTrackStep.startModel(weights: weights, input: input, count: count)
        }
        let step = try engine.compile(key: "step", precision: .float32) {
            try NanoTrackStep.stepModel(weights: weights, input: input, count: count)
        }
        let x = try inputs.tensor("xy")
        let f4 = try #require(maps[0]["f4"])
        let f8 = try #require(maps[0]["f8"])
        var state = try start(["f4": f4, "f8": f8, "x": x])
        for name in ["q8", "q4", "h"] {
            let found = try #require(state[name])
            #expect(try relativeL2(found.values, expected.tensor("start_\(name)").values) < 1e-4, "\(name)")
        }
        state["x"] = x
        state["v"] = Tensor(shape: [count, 2])
        state["r8"] = state["q8"]
        state["r4"] = state["q4"]
        let groups = try inputs.tensor("groups").values
        state["A"] = Tensor(
            shape: [count, count],
            groups.flatMap { a in groups.map { b in a == b ? 1 / Float(groups.count { $0 == a }) : 0 } })
        for frame in 1..<4 {
            state["f4"] = maps[frame]["f4"]
            state["f8"] = maps[frame]["f8"]
            let results = try step(state)
            for (name, output) in [("x", "x1"), ("v", "v1"), ("h", "h1"), ("r8", "r8_1"), ("r4", "r4_1")] { state[name] = results[output] }
            let positions = try #require(results["x1"]).values
            let confidences = try #require(results["pv"]).values
            #expect(try largestDifference(positions, slice(expected.tensor("x"), frame).values) < 0.01)
            #expect(try largestDifference(confidences, slice(expected.tensor("pv"), frame).values) < 1e-3)
        }
        for name in ["v", "h", "r8", "r4"] {
            let found = try #require(state[name])
            #expect(try relativeL2(found.values, expected.tensor("end_\(name)").values) < 1e-3, "\(name)")
        }
    }
}
