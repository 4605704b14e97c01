import Foundation
import Inference
import InferenceOpenVINO
import NeuralGraph
import TensorFiles

/// An engine that adds up what its networks' nodes take, over all runs. Every run is made twice: once to be timed node by node, once for
/// its outputs.
final class NodeTotals: InferenceEngine {
    private let engine: OpenVINOEngine
    private let ledger: Ledger

    convenience init(_ engine: OpenVINOEngine) { self.init(engine, ledger: Ledger()) }

    private init(_ engine: OpenVINOEngine, ledger: Ledger) { (self.engine, self.ledger) = (engine, ledger) }

    var threads: Int { engine.threads }

    func divided(among runs: Int) throws -> any InferenceEngine { NodeTotals(try engine.divided(among: runs), ledger: ledger) }

    func compile(key: String, precision: Precision, model: () throws -> ONNXModel) throws -> any CompiledNetwork {
        Timed(name: key, network: try engine.network(key: key, precision: precision, model: model), ledger: ledger)
    }

    /// Milliseconds and runs by network and kind of node, the largest first.
    var lines: [String] {
        let entries = ledger.entries
        let networks = Dictionary(grouping: entries, by: \.key.network)
        return networks.keys.sorted().flatMap { network -> [String] in
            let rows = (networks[network] ?? []).sorted { $0.value.seconds > $1.value.seconds }
            let total = rows.reduce(0) { $0 + $1.value.seconds }
            return [String(format: "%9.1f ms  ", 1000 * total) + network]
                + rows.map { String(format: "%9.1f ms  %6d x ", 1000 * $0.value.seconds, $0.value.count) + "    " + $0.key.node }
        }
    }

    private struct Key: Hashable {
        var network, node: String
    }

    private struct Spent {
        var seconds = 0.0
        var count = 0
    }

    /// Sendable because `lock` guards what is written.
    private final class Ledger: @unchecked Sendable {
        private let lock = NSLock()
        private var spent: [Key: Spent] = [:]

        var entries: [Key: Spent] { lock.withLock { spent } }

        func add(_ key: Key, _ more: Spent) {
            lock.withLock {
                spent[key, default: Spent()].seconds += more.seconds
                spent[key, default: Spent()].count += more.count
            }
        }
    }

    private struct Timed: CompiledNetwork {
        let name: String
        let network: OpenVINONetwork
        let ledger: Ledger

        func callAsFunction(_ inputs: [String: Tensor]) throws -> [String: Tensor] {
            for node in try network.profile(inputs) {
                ledger.add(
                    Key(network: name, node: "\(node.type) \(node.implementation)"), Spent(seconds: node.duration / .seconds(1), count: 1))
            }
            return try network(inputs)
        }
    }
}
