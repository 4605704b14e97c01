import Foundation
import InferenceOpenVINO
import Support
import TensorFiles
import TestSupport
import Testing

@testable import Inference

/// Weights that are no numbers are looked for once for each content.
struct FiniteWeightsTests {
    /// Counts the tensors that are read.
    private struct Counted: TensorSource {
        let base: any TensorSource
        let reads = Protected(0)

        var name: String { base.name }
        var fingerprint: String { base.fingerprint }
        var tensorNames: [String] { base.tensorNames }
        func shape(of tensor: String) -> [Int]? { base.shape(of: tensor) }
        func tensor(_ name: String) throws -> Tensor {
            reads.withLock { $0 += 1 }
            return try base.tensor(name)
        }
    }

    @Test func aWarmStartReadsNothing() throws {
        let folder = try Fixtures.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("weights.safetensors")
        /// - Returns: how many tensors a new start reads.
        func start(_ value: Float, prefix: String = "") throws -> Int {
            try SafetensorsFile.write(["a.x": Tensor(shape: [2], [1, 2]), "b.x": Tensor(shape: [1], [value])], to: file)
            let source = Counted(base: try TensorFile.open(file))
            let engine = try OpenVINOEngine(.init(threads: 1, cacheFolder: folder.appendingPathComponent("cache")))
            try Weights(source, prefix: prefix).checkFinite(engine)
            return source.reads.withLock { $0 }
        }
        #expect(try start(1) == 2)
        #expect(try start(1) == 0)
        // Other contents, or another part of them.
        #expect(try start(2) == 2)
        #expect(throws: TensorFileError.notFinite(file: file.path, tensor: "b.x")) { try start(.nan) }
        #expect(throws: TensorFileError.notFinite(file: file.path, tensor: "b.x")) { try start(.nan) }
        #expect(try start(.nan, prefix: "a.") == 1)
        #expect(throws: TensorFileError.notFinite(file: file.path, tensor: "b.x")) { try start(.nan, prefix: "b.") }
        #expect(try start(1) == 0)
    }
}
