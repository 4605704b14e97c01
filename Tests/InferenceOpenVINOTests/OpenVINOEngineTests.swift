import Foundation
import Inference
import TensorFiles
import Testing

@testable import InferenceOpenVINO
@testable import NeuralGraph

/// Compiling: precision, configuration, and networks that cannot be compiled.
struct OpenVINOEngineTests {
    private let engine: OpenVINOEngine

    init() throws {
        engine = try OpenVINOEngine(.init(cacheFolder: nil))
    }

    private static let computesInBFloat16 =
        (try? OpenVINOEngine(.init(cacheFolder: nil)).resolvedPrecision(.bfloat16)) == .bfloat16

    @Test(.enabled(if: computesInBFloat16, "this processor does not compute in bfloat16"))
    func precisionIsWhatWasAskedFor() throws {
        let size = 512
        let model = try TinyModels.dense(size: size)
        let x = TinyModels.noise([1, size], seed: 3)
        let weights = TinyModels.noise([size, size], seed: 7).values, values = x.values
        let expected = (0..<size).map { column in
            (0..<size).reduce(0.0) { $0 + Double(values[$1]) * Double(weights[$1 * size + column]) }
        }
        /// The largest error as a share of the largest value.
        func error(_ precision: Precision) throws -> Double {
            let network = try engine.network(key: "dense", precision: precision) { model }
            #expect(network.precision == precision)
            let y = try #require(network(["x": x])["y"]).values
            return zip(y, expected).map { abs(Double($0) - $1) }.max()! / expected.map(abs).max()!
        }
        // Both orders, since the engine's core keeps the last setting.
        #expect(try error(.float32) < 1e-5)
        let reduced = try error(.bfloat16)
        #expect(reduced > 1e-4 && reduced < 2e-2)
        #expect(try error(.float32) < 1e-5)
    }

    @Test func automaticPrecisionIsResolved() throws {
        let network = try engine.network(key: "affine", precision: .automatic) { try TinyModels.affine() }
        #expect(network.precision == engine.resolvedPrecision(.automatic))
        #expect(network.precision == (Processor.hasBFloat16 ? .bfloat16 : .float32))
        #expect(engine.resolvedPrecision(.float32) == .float32)
    }

    @Test func brokenModels() throws {
        let model = try TinyModels.affine().data
        let random = Data(TinyModels.noise([4096], seed: 5).values.map { UInt8(128 + 127 * $0) })
        for data in [Data(), random, Data(count: 100), model.prefix(model.count / 2), random + model] {
            #expect {
                try engine.compile(key: "broken", precision: .float32) { ONNXModel(data: data) }
            } throws: { error in
                guard case InferenceError.engine(_, _, let reason) = error else { return false }
                return !reason.isEmpty
            }
        }
    }

    @Test func unknownOperatorIsNamed() throws {
        let model = try TinyModels.model(inputs: [("x", [2])], outputs: [("y", [2])], nodes: [("Frobnicate", ["x"], "y")])
        #expect {
            try engine.compile(key: "unknown", precision: .float32) { model }
        } throws: { "\($0)".contains("Frobnicate") }
    }

    @Test func integersAreRefused() throws {
        #expect(throws: InferenceError.unsupportedElementType(name: "y")) {
            try engine.compile(key: "integers", precision: .float32) { try TinyModels.integerOutput() }
        }
    }

    @Test func errorsOfTheModelPassThrough() throws {
        struct NoWeights: Error {}
        #expect(throws: NoWeights.self) { try engine.compile(key: "none", precision: .float32) { throw NoWeights() } }
    }

    /// Building one network may need another. On a thread of its own: a lock held too long would hang, and a limit on the test's own time
    /// counts what it waits for other tests.
    @Test func modelMayCompileAnother() throws {
        let (engine, done) = (engine, DispatchSemaphore(value: 0))
        nonisolated(unsafe) var values: [Float]?  // Read after the thread has signalled.
        Thread {
            let outer = try? engine.network(key: "outer", precision: .float32) {
                _ = try engine.network(key: "inner", precision: .float32) { try TinyModels.affine() }
                return try TinyModels.affine(5, 0)
            }
            let y = try? outer?(["x": Tensor(shape: [2, 3], repeating: 1)])["y"]
            values = y?.values
            done.signal()
        }.start()
        try #require(done.wait(timeout: .now() + 120) == .success)
        #expect(values == [Float](repeating: 5, count: 6))
    }

    @Test func configurationIsChecked() throws {
        for configuration in [OpenVINOEngine.Configuration(threads: 0), .init(threads: -3), .init(concurrentRuns: 0)] {
            #expect(throws: InferenceError.self) { try OpenVINOEngine(configuration) }
        }
        #expect(try OpenVINOEngine(.init(threads: 1, cacheFolder: nil)).threads == 1)
        #expect((1...ProcessInfo.processInfo.processorCount).contains(engine.threads))
    }
}
