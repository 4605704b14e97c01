import Foundation
import Inference
import InferenceOpenVINO
import NeuralGraph
import TensorFiles

/// An engine whose networks can list their slowest nodes, on standard error, after every run.
struct NodeListingEngine: InferenceEngine {
    private let engine: OpenVINOEngine
    private let lists: Bool

    init(_ engine: OpenVINOEngine, lists: Bool) { (self.engine, self.lists) = (engine, lists) }

    var threads: Int { engine.threads }

    func divided(among runs: Int) throws -> any InferenceEngine {
        NodeListingEngine(try engine.divided(among: runs), lists: lists)
    }

    func compile(key: String, precision: Precision, model: () throws -> ONNXModel) throws -> any CompiledNetwork {
        let network = try engine.network(key: key, precision: precision, model: model)
        return lists ? Listing(name: key, network: network) : network
    }

    private struct Listing: CompiledNetwork {
        let name: String
        let network: OpenVINONetwork

        func callAsFunction(_ inputs: [String: Tensor]) throws -> [String: Tensor] {
            var kinds: [String: (seconds: Double, count: Int)] = [:]
            let nodes = try network.profile(inputs)
            for node in nodes {
                let kind = "\(node.type) \(node.implementation)"
                let known = kinds[kind] ?? (0, 0)
                kinds[kind] = (known.seconds + node.duration / .seconds(1), known.count + 1)
            }
            var lines = ["\(name): \(nodes.count) nodes"]
            for (kind, spent) in kinds.sorted(by: { $0.value.seconds > $1.value.seconds }).prefix(25) {
                lines.append(String(format: "%9.2f ms  %4d x ", 1000 * spent.seconds, spent.count) + kind)
            }
            for node in nodes.sorted(by: { $0.duration > $1.duration }).prefix(40) {
                lines.append(
                    String(format: "%9.2f ms  ", node.duration / .milliseconds(1)) + "\(node.name) [\(node.type) \(node.implementation)]")
            }
            FileHandle.standardError.write(Data((lines.joined(separator: "\n") + "\n").utf8))
            return try network(inputs)
        }
    }
}
