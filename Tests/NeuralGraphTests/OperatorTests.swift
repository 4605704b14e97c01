import Inference
import InferenceOpenVINO
import TensorFiles
import Testing

@testable import NeuralGraph

/// Each operator, run through the engine on small numbers.
struct OperatorTests {
    private let engine: OpenVINOEngine

    init() throws { engine = try OpenVINOEngine(.init(cacheFolder: nil)) }

    private func run(_ inputs: [String: Tensor], _ build: (Graph, [String: Value]) -> Value) throws -> Tensor {
        let graph = Graph("test")
        var values: [String: Value] = [:]
        for (name, tensor) in inputs { values[name] = graph.input(name, shape: tensor.shape) }
        let result = build(graph, values)
        graph.output("result", result)
        let network = try engine.compile(key: "test", precision: .float32) { try graph.model() }
        let output = try #require(try network(inputs)["result"])
        #expect(output.shape == result.shape, "the traced shape")
        return output
    }

    private func run(_ input: Tensor, _ build: (Value) -> Value) throws -> [Float] {
        try run(["x": input]) { build($1["x"]!) }.values
    }

    private func isClose(_ a: [Float], _ b: [Float]) -> Bool { a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) < 1e-5 } }

    private let x = Tensor(shape: [2, 3], [1, -2, 3, 4, 5, -6])

    @Test func arithmeticBroadcasts() throws {
        #expect(try run(x) { ($0 + 1) * 2 - $0 / 2 } == [3.5, -1, 6.5, 8, 9.5, -7])
        #expect(try run(x) { 10 - $0 } == [9, 12, 7, 6, 5, 16])
        #expect(try run(x) { -$0 } == [-1, 2, -3, -4, -5, 6])
        let row = Tensor(shape: [1, 3], [10, 20, 30])
        #expect(try run(["x": x, "row": row]) { $1["x"]! + $1["row"]! }.values == [11, 18, 33, 14, 25, 24])
    }

    @Test func functionsOfOneValue() throws {
        #expect(try run(x) { $0.relu() } == [1, 0, 3, 4, 5, 0])
        #expect(try run(x) { $0.relu6() } == [1, 0, 3, 4, 5, 0])
        #expect(try run(x) { $0.clamped(min: -1, max: 3) } == [1, -1, 3, 3, 3, -1])
        #expect(try run(x) { $0.abs() } == [1, 2, 3, 4, 5, 6])
        #expect(try run(x) { ($0 / 2).floor() } == [0, -1, 1, 2, 2, -3])
        #expect(isClose(try run(x) { $0.sigmoid() + $0.tanh() - $0.tanh() }, [1, -2, 3, 4, 5, -6].map { 1 / (1 + Float.exp(-$0)) }))
        #expect(
            isClose(try run(x) { ($0.squared() + 1).sqrt().log().exp() }, [1, -2, 3, 4, 5, -6].map { ($0 * $0 + 1 as Float).squareRoot() }))
        #expect(isClose(try run(x) { $0.softmax(axis: -1).sum([1]) }, [1, 1]))
        #expect(isClose(try run(x) { $0.normalized(axis: 1).squared().sum([1]) }, [1, 1]))
        #expect(try run(x) { ($0 > 0).asFloat() } == [1, 0, 1, 1, 1, 0])
        #expect(try run(x) { ($0 < 4).asFloat() } == [1, 1, 1, 0, 0, 1])
        #expect(isClose(try run(Tensor(shape: [1], [1])) { $0.gelu() }, [0.841345]))
    }

    @Test func reductions() throws {
        #expect(try run(x) { $0.sum([1]) } == [2, 3])
        #expect(try run(x) { $0.mean([0, 1], keepingDimensions: false).reshaped([1]) } == [5.0 / 6])
        #expect(try run(x) { $0.max([0]) } == [4, 5, 3])
        #expect(try run(x) { $0.argMax(axis: 1).asFloat() } == [2, 1])
    }

    @Test func shapes() throws {
        #expect(try run(x) { $0.transposed() } == [1, 4, -2, 5, 3, -6])
        #expect(try run(x) { $0.reshaped([3, -1]).sliced(axis: 0, 1..<2) } == [3, 4])
        #expect(try run(x) { Value.concatenate([$0, $0.sliced(axis: 1, 0..<1)], axis: 1) } == [1, -2, 3, 1, 4, 5, -6, 4])
        #expect(try run(x) { $0.sliced(axis: 0, 0..<1).expanded([2, 3]) } == [1, -2, 3, 1, -2, 3])
        let indices = Tensor(shape: [2], [1, 0])
        #expect(try run(["x": x, "i": indices]) { $1["x"]!.gathered($1["i"]!.asIndices()) }.values == [4, 5, -6, 1, -2, 3])
        let columns = Tensor(shape: [2, 1], [2, 0])
        #expect(try run(["x": x, "i": columns]) { $1["x"]!.gatheredElements($1["i"]!.asIndices(), axis: 1) }.values == [3, 4])
        #expect(try run(x) { $0.matmul($0.transposed()) } == [14, -24, -24, 77])
    }

    @Test func spatialOperators() throws {
        let image = Tensor(shape: [1, 1, 2, 2], [1, 2, 3, 4])
        #expect(try run(image) { $0.averagePooled(2) } == [2.5])
        #expect(try run(image) { $0.upsampled(2) }.prefix(4) == [1, 1.25, 1.75, 2])
        let kernel = Tensor(shape: [1, 1, 3, 3], [0, 0, 0, 0, 1, 0, 0, 0, 2])
        let convolved = try run(image) { x in
            x.convolved(with: x.graph.constant(kernel), bias: x.graph.constant(Tensor(shape: [1], [10])), padding: Padding(1))
        }
        #expect(convolved == [19, 12, 13, 14])
        let strided = try run(image) { x in
            x.convolved(with: x.graph.constant(kernel), bias: nil, stride: 2, padding: Padding(top: 0, left: 0, bottom: 1, right: 1))
        }
        #expect(strided == [4])
    }

    @Test func layersFoldNormalisation() throws {
        struct Constant: TensorSource {
            let name = "test"
            let fingerprint = "0"
            let tensorNames = ["weight", "bias"]
            func shape(of tensor: String) -> [Int]? { tensor == "weight" ? [1, 1, 1, 1] : tensor == "bias" ? [1] : nil }
            func tensor(_ name: String) throws -> Tensor { Tensor(shape: shape(of: name) ?? [], [name == "weight" ? 2 : 1]) }
        }
        let convolution = try Conv2d(Weights(Constant()), from: 1, to: 1, kernel: 1)
            .folding(mean: Tensor(shape: [1], [3]), variance: Tensor(shape: [1], [4]), epsilon: 0)
        // (2 x + 1 - 3) / 2
        #expect(try run(Tensor(shape: [1, 1, 1, 2], [5, -1])) { convolution($0) } == [4, -2])
        #expect(throws: TensorFileError.self) { _ = try Conv2d(Weights(Constant()), from: 2, to: 1, kernel: 1) }
    }
}

extension Float {
    fileprivate static func exp(_ x: Float) -> Float {
        var (term, sum): (Double, Double) = (1, 1)
        for n in 1..<60 {
            term *= Double(x) / Double(n)
            sum += term
        }
        return Float(sum)
    }
}
