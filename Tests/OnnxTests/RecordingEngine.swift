import Inference
import InferenceOpenVINO
import Media
import NeuralGraph
import Support
import TensorFiles

/// An engine that remembers every graph it is given, with the inputs of its first run and what came out.
final class RecordingEngine: InferenceEngine {
    struct Run: Sendable {
        let key: String
        let model: ONNXModel
        let inputs, outputs: [String: Tensor]
    }

    private let engine: OpenVINOEngine
    private let recorded = Protected<[Run]>([])

    init(_ engine: OpenVINOEngine) { self.engine = engine }

    /// In the order of the first runs.
    var runs: [Run] { recorded.withLock { $0 } }

    private final class Network: CompiledNetwork {
        let key: String
        let model: ONNXModel
        let network: any CompiledNetwork
        let recorded: Protected<[Run]>

        init(key: String, model: ONNXModel, network: any CompiledNetwork, recorded: Protected<[Run]>) {
            (self.key, self.model, self.network, self.recorded) = (key, model, network, recorded)
        }

        func callAsFunction(_ inputs: [String: Tensor]) throws -> [String: Tensor] {
            let outputs = try network(inputs)
            recorded.withLock { runs in
                guard !runs.contains(where: { $0.key == key }) else { return }
                runs.append(Run(key: key, model: model, inputs: inputs, outputs: outputs))
            }
            return outputs
        }
    }

    func compile(key: String, precision: Precision, model: () throws -> ONNXModel) throws -> any CompiledNetwork {
        let traced = try model()
        let network = try engine.compile(key: key, precision: precision) { traced }
        return Network(key: key, model: traced, network: network, recorded: recorded)
    }
}
