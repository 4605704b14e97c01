import Foundation
import Inference
import TensorFiles
import TestSupport
import Testing

@testable import InferenceOpenVINO
@testable import NeuralGraph

/// Running compiled networks.
struct OpenVINONetworkTests {
    private func network(
        _ model: ONNXModel, _ configuration: OpenVINOEngine.Configuration = .init(cacheFolder: nil)
    ) throws -> OpenVINONetwork {
        var configuration = configuration
        configuration.cacheFolder = nil
        return try OpenVINOEngine(configuration).network(key: "test", precision: .float32) { model }
    }

    @Test func staticShapes() throws {
        let network = try network(TinyModels.affine())
        #expect(network.inputs == [TensorDescription(name: "x", shape: [2, 3])])
        #expect(network.outputs == [TensorDescription(name: "y", shape: [2, 3])])
        let x = Tensor(shape: [2, 3], [0, 1, 2, 3, 4, 5])
        let y = try #require(network(["x": x])["y"])
        #expect(y.shape == [2, 3])
        #expect(y.values == [1, 3, 5, 7, 9, 11])
        #expect(x.values == [0, 1, 2, 3, 4, 5])
    }

    @Test func dynamicShapes() throws {
        let network = try network(TinyModels.affine(rows: nil))
        #expect(network.inputs == [TensorDescription(name: "x", shape: [nil, 3])])
        #expect(network.outputs.map(\.staticShape) == [nil])
        for rows in [1, 4, 2, 0, 3] {
            let x = TinyModels.noise([rows, 3], seed: UInt64(rows))
            let y = try #require(network(["x": x])["y"])
            #expect(y.shape == [rows, 3])
            #expect(y.values == x.values.map { 2 * $0 + 1 })
        }
    }

    @Test func severalOutputsAndScalars() throws {
        let network = try network(TinyModels.copies())
        let outputs = try network(["x": Tensor(shape: [2], [-1, 5]), "s": Tensor(shape: [], [3])])
        #expect(Set(outputs.keys) == ["y", "z", "t"])
        #expect(outputs["y"]?.values == [-1, 5])
        #expect(outputs["z"]?.values == [0, 5])
        #expect(outputs["t"]?.shape == [])
        #expect(outputs["t"]?.values == [-3])
    }

    @Test(arguments: [2, nil]) func resultsOutliveTheNextRun(rows: Int?) throws {
        let network = try network(TinyModels.affine(rows: rows))
        let first = try network(["x": Tensor(shape: [2, 3], repeating: 1)])
        _ = try network(["x": Tensor(shape: [2, 3], repeating: 9)])
        #expect(first["y"]?.values == [Float](repeating: 3, count: 6))
    }

    @Test func namesAreChecked() throws {
        let network = try network(TinyModels.sumAndDifference())
        let vector = Tensor(shape: [2], [1, 2])
        #expect(throws: InferenceError.missingInput(name: "y", expected: ["x", "y"])) { try network(["x": vector]) }
        #expect(throws: InferenceError.unknownInput(name: "why", expected: ["x", "y"])) {
            try network(["x": vector, "why": vector])
        }
        #expect(throws: InferenceError.unknownInput(name: "z", expected: ["x", "y"])) {
            try network(["x": vector, "y": vector, "z": vector])
        }
    }

    @Test func shapesAreChecked() throws {
        let fixed = try network(TinyModels.affine())
        for given in [[3, 2], [6], [1, 2, 3], [], [2, 0]] {
            #expect(throws: InferenceError.shapeMismatch(input: "x", expected: [2, 3], given: given)) {
                try fixed(["x": Tensor(shape: given)])
            }
        }
        let varying = try network(TinyModels.affine(rows: nil))
        #expect(throws: InferenceError.shapeMismatch(input: "x", expected: [nil, 3], given: [5, 4])) {
            try varying(["x": Tensor(shape: [5, 4])])
        }
    }

    /// Only the engine notices that these lengths do not go together; the network works on afterwards.
    @Test func aFailedRunIsAnErrorAndLeavesTheNetworkUsable() throws {
        let network = try network(TinyModels.sumAndDifference())
        #expect {
            try network(["x": Tensor(shape: [2], [1, 2]), "y": Tensor(shape: [3], [1, 2, 3])])
        } throws: { error in
            guard case InferenceError.engine(_, let operation, let reason) = error else { return false }
            return operation == "run the network" && !reason.isEmpty && !reason.contains("Exception from")
        }
        let outputs = try network(["x": Tensor(shape: [2], [1, 2]), "y": Tensor(shape: [2], [10, 20])])
        #expect(outputs["sum"]?.values == [11, 22])
        #expect(outputs["difference"]?.values == [-9, -18])
    }

    @Test(arguments: [1, 3]) func manyThreadsMayCall(concurrentRuns: Int) async throws {
        let network = try network(TinyModels.affine(rows: nil), .init(threads: 1, concurrentRuns: concurrentRuns))
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for worker in 0..<8 {
                group.addTask {
                    try (0..<50).allSatisfy { run in
                        let x = Tensor(shape: [1 + (worker + run) % 4, 3], repeating: Float(100 * worker + run))
                        return try network(["x": x])["y"]?.values == x.values.map { 2 * $0 + 1 }
                    }
                }
            }
            for try await correct in group { #expect(correct) }
        }
    }

    @Test func profileTimesNodes() throws {
        let network = try network(TinyModels.dense(size: 256), .init(profiling: true))
        let timings = try network.profile(["x": TinyModels.noise([1, 256], seed: 1)])
        #expect(timings.contains { $0.type.contains("MatMul") || $0.type.contains("FullyConnected") })
        #expect(timings.allSatisfy { $0.duration >= .zero && !$0.name.isEmpty && !$0.implementation.isEmpty })
    }

    /// Small operators are one node of the engine or stay apart, in a network that is compiled and in one that is loaded.
    @Test func whatLoadsSoonerComputesTheSame() throws {
        let folder = try Fixtures.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        var results: [[Float]] = []
        for loadsSooner in [false, true] {
            for _ in ["compiled", "loaded"] {
                let engine = try OpenVINOEngine(.init(cacheFolder: folder, profiling: true))
                let network = try engine.network(key: "\(loadsSooner)", precision: .float32) {
                    var model = try TinyModels.model(
                        inputs: [("x", [64, 64])], outputs: [("y", [64, 64])],
                        nodes: [("Sigmoid", ["x"], "s"), ("Mul", ["x", "s"], "p"), ("Tanh", ["p"], "t"), ("Sub", ["t", "s"], "y")])
                    model.loadsSooner = loadsSooner
                    return model
                }
                let x = TinyModels.noise([64, 64], seed: 3)
                let timings = try network.profile(["x": x])
                #expect(timings.contains { $0.type == "Subgraph" } == !loadsSooner, "\(timings.map(\.type))")
                results.append(try #require(try network(["x": x])["y"]).values)
            }
        }
        for other in results.dropFirst() { #expect(relativeL2(other, results[0]) < 1e-6) }
    }

    @Test func profileNeedsItsConfiguration() throws {
        let network = try network(TinyModels.affine())
        #expect(throws: InferenceError.self) { try network.profile(["x": Tensor(shape: [2, 3])]) }
    }

    /// Each run takes and returns a megabyte; leaking any of it would cost a gigabyte or more.
    @Test func memoryStaysOverRuns() async {
        await #expect(processExitsWith: .success) { try expectSteadyMemory(overRunsOf: 262_144 / 3) }
        await #expect(processExitsWith: .success) { try expectSteadyMemory(overRunsOf: nil) }
    }

    /// Each network has 9 MB of weights.
    @Test func memoryStaysOverCompilations() async {
        await #expect(processExitsWith: .success) {
            let model = try TinyModels.dense(size: 1500)
            let engine = try OpenVINOEngine(.init(cacheFolder: nil))
            try expectSteadyMemory(warmUp: 5, runs: 60) {
                _ = try engine.network(key: "dense", precision: .float32) { model }(["x": Tensor(shape: [1, 1500])])
            }
        }
    }
}

private func expectSteadyMemory(overRunsOf rows: Int?) throws {
    let model = try TinyModels.affine(rows: rows)
    let network = try OpenVINOEngine(.init(cacheFolder: nil)).network(key: "affine", precision: .float32) { model }
    try expectSteadyMemory(warmUp: 20, runs: 1000) { _ = try network(["x": Tensor(shape: [262_144 / 3, 3])]) }
}

/// For a process of its own: what other tests of this process occupy meanwhile would count too.
private func expectSteadyMemory(warmUp: Int, runs: Int, of run: () throws -> Void) throws {
    for _ in 0..<warmUp { try run() }
    let before = try residentMegabytes()
    for _ in 0..<runs { try run() }
    #expect(try residentMegabytes() - before < 300)
}

/// The memory that this process occupies: now on Linux, at most so far elsewhere. Either grows with a leak.
private func residentMegabytes() throws -> Int {
    #if os(Linux)
        let pages = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ").dropFirst().first
        return try #require(pages.flatMap { Int($0) }) * Int(sysconf(Int32(_SC_PAGESIZE))) / 1_048_576
    #else
        var usage = rusage()
        try #require(getrusage(RUSAGE_SELF, &usage) == 0)
        return usage.ru_maxrss / 1_048_576
    #endif
}
