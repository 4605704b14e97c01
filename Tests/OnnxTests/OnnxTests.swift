import Foundation
import Inference
import InferenceOpenVINO
import NeuralGraph
import TensorFiles
import TestSupport
import Testing

/// Every traced graph is valid ONNX, and ONNX Runtime computes from it what OpenVINO computes. `make test-onnx` installs what this needs.
@Suite(.serialized, .enabled(if: ONNXRuntime.isInstalled, "ONNX Runtime is not installed; `make test-onnx` installs it"))
struct OnnxTests {
    @Test(arguments: TracedGraph.builtIn) func builtIn(_ graph: TracedGraph) throws { try check(graph) }

    @Test(.enabled(if: ParityCase.named("mobile_sam") != nil, Comment(rawValue: ParityCase.missing)), arguments: TracedGraph.published)
    func published(_ graph: TracedGraph) throws { try check(graph) }

    /// With the inputs that a tracker gives them.
    @Test(.enabled(if: ParityCase.named("pips") != nil, Comment(rawValue: ParityCase.missing)), arguments: TrackedGraphs.all)
    func trackers(_ tracker: TrackedGraphs) throws {
        try withMemoryToItself {
            let runs = try tracker.runs()
            #expect(runs.count == tracker.count, "\(runs.map(\.key))")
            for run in runs { try compare(run.model, run.inputs, run.outputs, "\(tracker) \(run.key)") }
        }
    }

    private func check(_ graph: TracedGraph) throws {
        try withMemoryToItself {
            let model = try graph.model()
            let network = try OpenVINOEngine(.init(cacheFolder: nil)).network(key: graph.name, precision: .float32) { model }
            let inputs = try graph.inputs(network.inputs)
            try compare(model, inputs, network(inputs), "\(graph)")
        }
    }

    private func compare(_ model: ONNXModel, _ inputs: [String: Tensor], _ expected: [String: Tensor], _ graph: String) throws {
        let computed = try ONNXRuntime.run(model, inputs)
        #expect(Set(computed.keys) == Set(expected.keys))
        for (name, tensor) in expected.sorted(by: { $0.key < $1.key }) {
            let other = try #require(computed[name], "\(graph): \(name) is missing")
            #expect(other.shape == tensor.shape, "\(graph): \(name)")
            // Zeros agree with everything that is relative to them.
            #expect(tensor.values.contains { $0 != 0 }, "\(graph): \(name) is zero")
            let error = relativeL2(other.values, tensor.values)
            #expect(error < 1e-4, "\(graph): \(name)")
            print("\(graph), \(name): relative L2 \(error)")
        }
    }

    /// The checker must be able to object.
    @Test func wrongGraphsAreRefused() throws {
        let graph = Graph("wrong")
        let x = graph.input("x", shape: [1, 3])
        graph.output("y", x + 1)
        var model = try graph.model()
        let right = try ONNXRuntime.run(model, ["x": Tensor(shape: [1, 3], [1, 2, 3])])
        #expect(right["y"]?.values == [2, 3, 4])
        // The operator's name, to one that does not exist.
        let name = try #require(model.data.range(of: Data([0x22, 3] + Array("Add".utf8))))
        model.data.replaceSubrange(name, with: [0x22, 3] + Array("Odd".utf8))
        #expect(throws: ONNXRuntime.Failure.self) { try ONNXRuntime.run(model, ["x": Tensor(shape: [1, 3])]) }
    }
}
