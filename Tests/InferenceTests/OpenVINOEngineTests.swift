import Foundation
import NeuralGraph
import TensorFiles
import TestSupport
import Testing

@testable import Inference

struct OpenVINOEngineTests {
    /// y = 2 x + 1 on three numbers.
    private func model() throws -> ONNXModel {
        let graph = Graph("line")
        graph.output("y", graph.input("x", shape: [1, 3]) * 2 + 1)
        return try graph.model()
    }

    private let input = ["x": Tensor(shape: [1, 3], [1, 2, 3])]

    private func inFolder<R>(_ body: (URL) throws -> R) throws -> R {
        let folder = try Fixtures.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        return try body(folder)
    }

    @Test func runsANetwork() throws {
        let network = try OpenVINOEngine(.init(cacheFolder: nil)).compile(key: "line", precision: .float32, model: model)
        #expect(try network(input)["y"]?.values == [3, 5, 7])
    }

    @Test func wrongInputsAreNamed() throws {
        let network = try OpenVINOEngine(.init(cacheFolder: nil)).compile(key: "line", precision: .float32, model: model)
        #expect(throws: InferenceError.missingInput(name: "x", expected: ["x"])) { try network([:]) }
        #expect(throws: InferenceError.unknownInput(name: "z", expected: ["x"])) { try network(["z": Tensor(shape: [1], [1])]) }
        #expect(throws: InferenceError.shapeMismatch(input: "x", expected: [1, 3], given: [3])) {
            try network(["x": Tensor(shape: [3], [1, 2, 3])])
        }
    }

    @Test func brokenModelsAreRefused() throws {
        let engine = try OpenVINOEngine(.init(cacheFolder: nil))
        for data in [Data(), Data([1, 2, 3, 4]), Data(repeating: 0x41, count: 1000)] {
            #expect(throws: InferenceError.self) { _ = try engine.compile(key: "broken", precision: .float32) { ONNXModel(data: data) } }
        }
    }

    private struct MustNotBuild: Error {}

    @Test func aCachedNetworkIsNotBuiltAgain() throws {
        try inFolder { folder in
            let first = try OpenVINOEngine(.init(cacheFolder: folder)).compile(key: "line", precision: .float32, model: model)
            #expect(try network(first) == [3, 5, 7])
            let second = try OpenVINOEngine(.init(cacheFolder: folder)).compile(key: "line", precision: .float32) { throw MustNotBuild() }
            #expect(try network(second) == [3, 5, 7])
            #expect(throws: MustNotBuild.self) {
                _ = try OpenVINOEngine(.init(cacheFolder: folder)).compile(key: "other", precision: .float32) { throw MustNotBuild() }
            }
        }
    }

    private func network(_ network: any CompiledNetwork) throws -> [Float]? { try network(input)["y"]?.values }

    /// A loaded network must compute what the compiled one did: precision and weights survive the cache.
    @Test(arguments: [Precision.float32, .bfloat16]) func loadingChangesNoResult(precision: Precision) throws {
        try inFolder { folder in
            func build() throws -> ONNXModel {
                let graph = Graph("product")
                let weights = Tensor(shape: [64, 64], (0..<4096).map { Float($0 * 37 % 101) / 101 - 0.5 })
                graph.output("y", graph.input("x", shape: [8, 64]).matmul(graph.constant(weights)).relu())
                return try graph.model()
            }
            let x = ["x": Tensor(shape: [8, 64], (0..<512).map { Float($0 * 53 % 97) / 97 })]
            let compiled = try OpenVINOEngine(.init(cacheFolder: folder)).compile(key: "product", precision: precision, model: build)
            let fresh = try compiled(x)["y"]?.values
            let loaded = try OpenVINOEngine(.init(cacheFolder: folder)).compile(key: "product", precision: precision, model: build)
            for _ in 0..<3 { #expect(try loaded(x)["y"]?.values == fresh) }
        }
    }

    @Test func damagedCacheFilesAreIgnored() throws {
        try inFolder { folder in
            _ = try OpenVINOEngine(.init(cacheFolder: folder)).compile(key: "line", precision: .float32, model: model)
            let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            let file = try #require(files.first)
            #expect(files.count == 1 && file.pathExtension == "compiled")
            let whole = try Data(contentsOf: file)
            var flipped = whole
            flipped[flipped.count - 10] ^= 0xff
            for damaged in [Data(), whole.prefix(100), whole.dropLast(1), flipped] {
                try Data(damaged).write(to: file)
                let again = try OpenVINOEngine(.init(cacheFolder: folder)).compile(key: "line", precision: .float32, model: model)
                #expect(try network(again) == [3, 5, 7])
            }
        }
    }

    @Test func anUnwritableCacheIsNoObstacle() throws {
        let nowhere = URL(fileURLWithPath: "/proc/no/such/folder")
        let made = try OpenVINOEngine(.init(cacheFolder: nowhere)).compile(key: "line", precision: .float32, model: model)
        #expect(try network(made) == [3, 5, 7])
    }

    @Test func severalThreadsMayCall() async throws {
        let network = try OpenVINOEngine(.init(cacheFolder: nil)).compile(key: "line", precision: .float32, model: model)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for i in 0..<50 {
                group.addTask {
                    let x = Float(i)
                    return try network(["x": Tensor(shape: [1, 3], [x, x, x])])["y"]?.values == [2 * x + 1, 2 * x + 1, 2 * x + 1]
                }
            }
            for try await isRight in group { #expect(isRight) }
        }
    }
}
