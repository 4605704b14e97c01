import Inference
import InferenceOpenVINO
import TensorFiles
import Testing

@testable import NeuralGraph

/// Selection, resampling, normalisation and tables, run through the engine on small numbers. Expected values are PyTorch's.
struct FurtherOperatorTests {
    private let engine: OpenVINOEngine
    private let x = Tensor(shape: [2, 3], [1, -2, 3, 4, 5, -6])
    private let image = Tensor(shape: [1, 1, 3, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9])

    init() throws { engine = try OpenVINOEngine(.init(cacheFolder: nil)) }

    /// Runs what `build` traces on one input; also checks the traced shape.
    private func run(_ input: Tensor, _ build: (Value) throws -> Value) throws -> [Float] {
        let graph = Graph("test")
        let result = try build(graph.input("x", shape: input.shape))
        graph.output("result", result)
        let network = try engine.compile(key: "test", precision: .float32) { try graph.model() }
        let output = try #require(try network(["x": input])["result"])
        #expect(output.shape == result.shape, "the traced shape")
        return output.values
    }

    private func isClose(_ a: [Float], _ b: [Float], _ tolerance: Float = 1e-5) -> Bool {
        a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= tolerance }
    }

    @Test func comparisons() throws {
        let y = Tensor(shape: [1, 3], [1, 0, 4])
        func compared(_ compare: (Value, Value) -> Value) throws -> [Float] { try run(x) { compare($0, $0.graph.constant(y)).asFloat() } }
        #expect(try compared { $0 > $1 } == [0, 0, 0, 1, 1, 0])
        #expect(try compared { $0 < $1 } == [0, 1, 1, 0, 0, 1])
        #expect(try compared { $0 >= $1 } == [1, 0, 0, 1, 1, 0])
        #expect(try compared { $0 <= $1 } == [1, 1, 1, 0, 0, 1])
        #expect(try compared { $0.isEqual(to: $1) } == [1, 0, 0, 0, 0, 0])
        #expect(try compared { ($0 > $1).or($0.isEqual(to: $1)).not() } == [0, 1, 1, 0, 0, 1])
        #expect(try compared { ($0 > $1).and($0 > 4) } == [0, 0, 0, 0, 1, 0])
        #expect(try run(x) { ($0 > 0).choose($0, else: $0 * 10) } == [1, -20, 3, 4, 5, -60])
        #expect(try run(x) { $0.minimum($0.graph.constant(y)) } == [1, -2, 3, 1, 0, -6])
        #expect(try run(x) { $0.maximum($0.graph.constant(y)) } == [1, 0, 4, 4, 5, 4])
    }

    @Test func parts() throws {
        #expect(try run(x) { Value.concatenate($0.split(axis: 1, sizes: [1, 2]).reversed(), axis: 1) } == [-2, 3, 1, 5, -6, 4])
        #expect(try run(x) { Value.stack([$0, $0 * 2], axis: -1) } == [1, 2, -2, -4, 3, 6, 4, 8, 5, 10, -6, -12])
        #expect(try run(x) { $0.top(2, axis: 1).values } == [3, 1, 5, 4])
        #expect(try run(x) { $0.top(2, axis: 1).indices.asFloat() } == [2, 0, 1, 0])
        #expect(try run(x) { $0.top(1, axis: 0, largest: false).values } == [1, -2, -6])
        #expect(try run(x) { $0.gatheredTuples($0.graph.integers([1, 2, 0, 1], shape: [2, 2])) } == [-6, -2])
        #expect(try run(x) { $0.gatheredTuples($0.graph.integers([2, 0], shape: [2, 1]), batchAxes: 1) } == [3, 4])
    }

    @Test func functions() throws {
        let y = Tensor(shape: [4], [-2, -0.5, 0.5, 1.5])
        #expect(isClose(try run(y) { $0.sin() }, [-0.9092974, -0.4794255, 0.4794255, 0.9974950]))
        #expect(isClose(try run(y) { $0.cos() }, [-0.4161468, 0.8775826, 0.8775826, 0.0707372]))
        #expect(isClose(try run(y) { $0.erf() }, [-0.9953223, -0.5204999, 0.5204999, 0.9661052]))
        #expect(isClose(try run(y) { $0.softplus() }, [0.1269280, 0.4740770, 0.9740770, 1.7014132]))
        #expect(try run(y) { $0.rounded() } == [-2, 0, 0, 2])
        #expect(try run(y) { $0.sign() } == [-1, -1, 1, 1])
        #expect(isClose(try run(y) { $0.leakyRelu(0.1) }, [-0.2, -0.05, 0.5, 1.5]))
        #expect(isClose(try run(y) { $0.silu() }, [-0.2384058, -0.1887703, 0.3112297, 1.2263618]))
        #expect(isClose(try run(y) { $0.hardSwish() }, [-0.3333333, -0.2083333, 0.2916667, 1.125]))
        #expect(isClose(try run(y) { $0.geluApproximated() }, [-0.0454023, -0.1542860, 0.3457140, 1.3995717]))
        #expect(isClose(try run(y) { $0.geluBySigmoid() }, [-0.0454023, -0.1542860, 0.3457140, 1.3995717]))
        #expect(isClose(try run(y) { $0.logSoftmax(axis: 0) }, [-3.9274955, -2.4274955, -1.4274954, -0.4274954]))
        #expect(try run(x) { $0.min([1]) } == [-2, -6])
    }

    @Test func resampling() throws {
        #expect(try run(image) { $0.maxPooled(2, stride: 1) } == [5, 6, 8, 9])
        #expect(try run(image * -1) { $0.maxPooled(3, stride: 2, padding: 1) } == [-1, -2, -4, -5])
        #expect(isClose(try run(image) { $0.resized(height: 2, width: 2) }, [2, 3.5, 6.5, 8]))
        #expect(isClose(try run(image) { $0.resized(height: 2, width: 5, alignment: .corners) }, [1, 1.5, 2, 2.5, 3, 7, 7.5, 8, 8.5, 9]))
        let sides = Padding(top: 0, left: 1, bottom: 0, right: 2)
        #expect(try run(image) { $0.padded(sides, value: 7) }.prefix(6) == [7, 1, 2, 3, 7, 7])
        #expect(try run(image) { $0.padded(sides, mode: .edge) }.prefix(6) == [1, 1, 2, 3, 3, 3])
        #expect(try run(image) { $0.padded(sides, mode: .reflect) }.prefix(6) == [2, 1, 2, 3, 2, 1])
    }

    @Test func gridSampling() throws {
        let places = Tensor(shape: [1, 1, 4, 2], [0, 0, -1, -1, 0.5, 0.25, 1.5, 0])
        func sampled(_ alignment: Value.GridAlignment, _ outside: Value.PaddingMode) throws -> [Float] {
            try run(image) { $0.sampled(at: $0.graph.constant(places), alignment: alignment, outside: outside) }
        }
        #expect(isClose(try sampled(.halfPixel, .constant), [5, 0.25, 6.875, 0]))
        #expect(isClose(try sampled(.halfPixel, .edge), [5, 1, 6.875, 6]))
        #expect(isClose(try sampled(.corners, .constant), [5, 1, 6.25, 3]))
    }

    @Test func transposedConvolution() throws {
        let kernel = Tensor(shape: [1, 1, 2, 2], [1, 10, 100, 1000])
        let small = Tensor(shape: [1, 1, 1, 2], [1, 2])
        let bias = Tensor(shape: [1], [0.5])
        #expect(
            try run(small) { $0.convolvedTransposed(with: $0.graph.constant(kernel), bias: $0.graph.constant(bias), stride: 2) }
                == [1.5, 10.5, 2.5, 20.5, 100.5, 1000.5, 200.5, 2000.5])
        #expect(
            try run(small) { $0.convolvedTransposed(with: $0.graph.constant(kernel), bias: nil, stride: 2, padding: 1, outputPadding: 1) }
                == [1000, 200, 2000])
    }

    private func weights(_ tensors: [String: Tensor]) throws -> Weights {
        Weights(try SafetensorsFile(data: SafetensorsFile.data(tensors), name: "test"))
    }

    @Test func normalisations() throws {
        let w = try weights(["n.weight": Tensor(shape: [3], [1, 2, 3]), "n.bias": Tensor(shape: [3], [0, 1, 0])])
        let normalised = try run(x) { try LayerNorm(w["n"], size: 3)($0) }
        let channels = Tensor(shape: [2, 3, 1, 1], x.values)
        #expect(isClose(try run(channels) { try LayerNorm2d(w["n"], channels: 3, epsilon: 1e-5)($0) }, normalised))
        // By hand: mean 2/3, variance 38/9.
        let deviation = Float(38.0 / 9 + 1e-5).squareRoot()
        let first: [Float] = [0.33333334 / deviation, -5.3333335 / deviation + 1, 7 / deviation]
        #expect(isClose(Array(normalised[0..<3]), first))
        let spread = Float(60.0 / 9 + 1e-5).squareRoot()
        let centered: [Float] = [-4, -3, -2, -1, 0, 1, 2, 3, 4]
        #expect(isClose(try run(image) { InstanceNorm2d()($0) }, centered.map { $0 / spread }))
        #expect(throws: TensorFileError.self) { try LayerNorm(w["n"], size: 4) }
        #expect(throws: TensorFileError.self) { try LayerNorm(w["m"], size: 3) }
    }

    @Test func tables() throws {
        let w = try weights(["rel": Tensor(shape: [3, 2], [1, 2, 3, 4, 5, 6])])
        let table = try Table(w, "rel", shape: [3, 2])
        #expect(try run(Tensor(shape: [1], [10])) { $0 + table(rows: [2, 0, 2], in: $0.graph) } == [15, 16, 11, 12, 15, 16])
    }

    @Test func convolutionsInOtherForms() throws {
        let w = try weights([
            "c.weight": Tensor(shape: [1, 2, 3, 3], (0..<18).map { Float($0) - 7 }), "c.bias": Tensor(shape: [1], [0.5]),
        ])
        let convolution = try Conv2d(w["c"], from: 2, to: 1, kernel: 3)
        let maps = Tensor(shape: [1, 2, 3, 3], (0..<18).map { Float($0 * $0 % 7) })
        let expected = try run(maps) { convolution($0) }
        #expect(isClose(try run(maps) { convolution.summingDepthwise($0) }, expected, 1e-3))
        let halved = try run(maps) { x in
            convolution.part(inputs: 0..<1, withBias: true)(x.sliced(axis: 1, 0..<1))
                + convolution.part(inputs: 1..<2, scale: 0.5, withBias: false)(x.sliced(axis: 1, 1..<2) * 2)
        }
        #expect(isClose(halved, expected, 1e-3))
    }
}

private func * (tensor: Tensor, factor: Float) -> Tensor { Tensor(shape: tensor.shape, tensor.values.map { $0 * factor }) }
