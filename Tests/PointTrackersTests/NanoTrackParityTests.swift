import Inference
import InferenceOpenVINO
import Media
import TensorFiles
import TestSupport
import Testing

@testable import PointTrackers
@testable import Segmenters

/// The built-in tracker against its PyTorch reference, at float32.
struct NanoTrackParityTests {
    /// Frames, points, and what the networks make of them in PyTorch, by Training/nano_track/make_reference.py.
    private let reference: SafetensorsFile
    private let weights: Weights
    private let engine: OpenVINOEngine
    private let input = ImageSize(width: 224, height: 160)

    init() throws {
        reference = try SafetensorsFile(url: Fixtures.packageRoot.appendingPathComponent("Tests/Data/nano-track.safetensors"))
        weights = try NanoTrack.weights()
        engine = try OpenVINOEngine(.init(cacheFolder: nil))
    }

    /// Frame `index` of a stacked tensor.
    private func slice(_ tensor: Tensor, _ index: Int) -> Tensor {
        let count = tensor.count / tensor.shape[0]
        return Tensor(shape: [1] + tensor.shape.dropFirst(), Array(tensor.values[(index * count)..<((index + 1) * count)]))
    }

    /// The head's maps of the four frames, from the encoder's.
    private func heads() throws -> [[String: Tensor]] {
        let encoder = try engine.compile(key: "encoder", precision: .float32) {
            try NanoEncoder.model(weights: NanoWeights.segmenter(), input: input)
        }
        let head = try engine.compile(key: "head", precision: .float32) { try NanoTrackHead.model(weights: weights, input: input) }
        let frames = try reference.tensor("pixels").networkInput()
        return try (0..<4).map { frame in
            let maps = try encoder(["image": slice(frames, frame)])
            return try head(maps.filter { ["c4", "p4", "p8", "e"].contains($0.key) })
        }
    }

    @Test func headMatches() throws {
        let maps = try #require(try heads().last)
        let f8 = try #require(maps["f8"])
        #expect(try relativeL2(f8.values, reference.tensor("f8").values) < 1e-4)
        // Rows of channels against channels of rows.
        let f4 = try #require(maps["f4"]).values
        let transposed = (0..<32).flatMap { channel in (0..<2240).map { f4[$0 * 32 + channel] } }
        #expect(try relativeL2(transposed, reference.tensor("f4").values) < 1e-4)
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
        let x = try reference.tensor("xy")
        let f4 = try #require(maps[0]["f4"])
        let f8 = try #require(maps[0]["f8"])
        var state = try start(["f4": f4, "f8": f8, "x": x])
        for name in ["q8", "q4", "h"] {
            let found = try #require(state[name])
            #expect(try relativeL2(found.values, reference.tensor("start_\(name)").values) < 1e-4, "\(name)")
        }
        state["x"] = x
        state["v"] = Tensor(shape: [count, 2])
        state["r8"] = state["q8"]
        state["r4"] = state["q4"]
        let groups = try reference.tensor("groups").values
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
            #expect(try largestDifference(positions, slice(reference.tensor("x"), frame).values) < 0.01)
            #expect(try largestDifference(confidences, slice(reference.tensor("pv"), frame).values) < 1e-3)
        }
        for name in ["v", "h", "r8", "r4"] {
            let found = try #require(state[name])
            #expect(try relativeL2(found.values, reference.tensor("end_\(name)").values) < 1e-3, "\(name)")
        }
    }
}
