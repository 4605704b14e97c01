import Foundation
import Inference
import TensorFiles
import TestSupport
import Testing

@testable import NeuralGraph

/// The table that ties the key of every compiled network to a hash of its graph: `Tests/OnnxTests/cache-keys.json`.
///
/// Compiled networks are cached under their keys. Who changes a graph and forgets its key has everybody's cache run the old network.
enum CacheKeyTable {
    private static let file = Fixtures.packageRoot.appendingPathComponent("Tests/OnnxTests/cache-keys.json")
    private static let writes = ProcessInfo.processInfo.environment["SAMPT_WRITE_CACHE_KEYS"] != nil

    /// Compares the graphs of some runs with the table; with `SAMPT_WRITE_CACHE_KEYS` in the environment, enters them.
    static func check(_ runs: [RecordingEngine.Run], of name: String) throws {
        var table = try JSONDecoder().decode([String: String].self, from: (try? Data(contentsOf: file)) ?? Data("{}".utf8))
        for run in runs {
            let key = "\(name): \(run.key.replacing(/[0-9a-f]{16,}/, with: "*"))"
            let hash = try hash(of: run.model)
            if writes {
                table[key] = hash
            } else {
                #expect(
                    table[key] == hash,
                    """
                    The graph of "\(key)" is not the one that the table has. If you changed the network, raise the number in its key where the key is made, so that \
                    no cache runs the old one. Then enter it: SAMPT_WRITE_CACHE_KEYS=1 make test-onnx
                    """)
            }
        }
        guard writes else { return }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try (encoder.encode(table) + Data("\n".utf8)).write(to: file, options: .atomic)
    }

    /// Of everything that the graph computes with: operators, attributes, shapes, and constants wherever they lie.
    static func hash(of model: ONNXModel) throws -> String {
        var proto = try ModelProto(serialized: model.data)
        // Addresses differ from run to run.
        for index in proto.graph.initializer.indices { proto.graph.initializer[index].externalData = [] }
        // Constants that lie elsewhere come in no order.
        let constants = model.constants.map { tensor in tensor.withUnsafeBuffer { fold($0.lazy.map(\.bitPattern)) } }.sorted()
        let graph = fold(proto.serialized().lazy.map(UInt32.init))
        return String(constants.reduce(graph) { ($0 ^ $1) &* 0x100_0000_01b3 }, radix: 16)
    }

    /// Fowler, Noll and Vo's hash.
    private static func fold(_ words: some Sequence<UInt32>) -> UInt64 {
        words.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
}
