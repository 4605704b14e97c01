import Inference
import InferenceOpenVINO
import NeuralGraph
import TensorFiles

/// An engine whose networks report how long they run.
struct TimedEngine: InferenceEngine {
    private let engine: OpenVINOEngine
    private let clock: StageClock
    private let listsNodes: Bool

    init(_ engine: OpenVINOEngine, clock: StageClock, listsNodes: Bool) {
        (self.engine, self.clock, self.listsNodes) = (engine, clock, listsNodes)
    }

    var threads: Int { engine.threads }

    func divided(among runs: Int) throws -> any InferenceEngine {
        TimedEngine(try engine.divided(among: runs), clock: clock, listsNodes: listsNodes)
    }

    func compile(key: String, precision: Precision, model: () throws -> ONNXModel) throws -> any CompiledNetwork {
        let network = try engine.network(key: key, precision: precision, model: model)
        return TimedNetwork(
            name: "  network \(key.prefix { !$0.isNumber }) \(network.precision)", network: network, clock: clock, listsNodes: listsNodes)
    }

    private struct TimedNetwork: CompiledNetwork {
        let name: String
        let network: OpenVINONetwork
        let clock: StageClock
        let listsNodes: Bool

        func callAsFunction(_ inputs: [String: Tensor]) throws -> [String: Tensor] {
            if listsNodes {
                for node in try network.profile(inputs) {
                    clock.add(node.duration / .seconds(1), node: "\(node.name) [\(node.type) \(node.implementation)]", of: name)
                }
            }
            return try clock.time(name) { try network(inputs) }
        }
    }
}
