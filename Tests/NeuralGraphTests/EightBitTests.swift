import Inference
import InferenceOpenVINO
import TensorFiles
import TestSupport
import Testing

@testable import NeuralGraph

/// Convolutions that multiply in eight bits.
struct EightBitTests {
    private let engine: OpenVINOEngine

    init() throws { engine = try OpenVINOEngine(.init(cacheFolder: nil)) }

    /// Tensors in memory.
    private struct Layer: TensorSource {
        let tensors: [String: Tensor]
        var name: String { "layer" }
        var fingerprint: String { "layer" }
        var tensorNames: [String] { tensors.keys.sorted() }
        func shape(of tensor: String) -> [Int]? { tensors[tensor]?.shape }
        func tensor(_ name: String) throws -> Tensor {
            guard let tensor = tensors[name] else { throw TensorFileError.missingTensor(file: self.name, tensor: name) }
            return tensor
        }
    }

    /// 8 to 8 channels, 3 x 3; channel 0 has weights a hundred times those of the others.
    private func convolution(range: [Float]?) throws -> Conv2d {
        var random = SplitMix64(seed: 7)
        func number() -> Float { Float.random(in: -1...1, using: &random) }
        var tensors = [
            "weight": Tensor(shape: [8, 8, 3, 3], (0..<576).map { number() * ($0 < 72 ? 10 : 0.1) }),
            "bias": Tensor(shape: [8], (0..<8).map { _ in number() }),
        ]
        if let range { tensors["input_range"] = Tensor(shape: [2, 8], range) }
        return try Conv2d(Weights(Layer(tensors: tensors)), from: 8, to: 8, kernel: 3)
    }

    private func input(_ range: ClosedRange<Float>) -> Tensor {
        var random = SplitMix64(seed: 9)
        return Tensor(shape: [1, 8, 12, 16], (0..<1536).map { _ in Float.random(in: range, using: &random) })
    }

    private func run(_ x: Tensor, inEightBits: Bool, _ build: (Value) throws -> Value) throws -> [Float] {
        let graph = Graph("test", multipliesInEightBits: inEightBits)
        let result = try build(graph.input("x", shape: x.shape))
        graph.output("result", result)
        let network = try engine.compile(key: "test", precision: .float32) { try graph.model() }
        return try #require(try network(["x": x])["result"]).values
    }

    private func extremes(_ range: ClosedRange<Float>) -> [Float] {
        [Float](repeating: range.lowerBound, count: 8) + [Float](repeating: range.upperBound, count: 8)
    }

    /// Also ranges without 0, ones of one sign, and values beyond the range, which are taken for its ends.
    @Test(arguments: [-1...1, 0...6, -3...0.5, 0.5...2] as [ClosedRange<Float>])
    func resultsAreNearTheExactOnes(range: ClosedRange<Float>) throws {
        let layer = try convolution(range: extremes(range))
        let x = input(range)
        let exact = try run(x, inEightBits: false) { layer($0) }
        let quick = try run(x, inEightBits: true) { layer($0) }
        let error = relativeL2(quick, exact)
        // Levels are 1/63 of a channel's largest weight and 1/255 of the range apart.
        #expect(error > 1e-4 && error < 0.015, "\(error)")
        // Channels of small weights have levels of their own.
        #expect(relativeL2(Array(quick[192...]), Array(exact[192...])) < 0.015)
        let beyond = Tensor(shape: x.shape, x.values.map { $0 * 2 })
        let ends = Tensor(shape: x.shape, x.values.map { min(max($0 * 2, min(range.lowerBound, 0)), range.upperBound) })
        #expect(try relativeL2(run(beyond, inEightBits: true) { layer($0) }, run(ends, inEightBits: false) { layer($0) }) < 0.015)
    }

    /// Where sums of pairs of products would overflow 16 bits, if levels were twice as fine.
    @Test func largestProductsDoNotOverflow() throws {
        let layer = try Conv2d(
            Weights(
                Layer(tensors: [
                    "weight": Tensor(shape: [8, 8, 3, 3], repeating: 1), "bias": Tensor(shape: [8]),
                    "input_range": Tensor(shape: [2, 8], extremes(0...1)),
                ])), from: 8, to: 8, kernel: 3)
        let x = Tensor(shape: [1, 8, 12, 16], repeating: 1)
        #expect(try relativeL2(run(x, inEightBits: true) { layer($0) }, run(x, inEightBits: false) { layer($0) }) < 1e-4)
    }

    @Test func sumsAndFollowersReadOneForm() throws {
        let (a, b) = (try convolution(range: extremes(0...1)), try convolution(range: extremes(0...40)))
        func block(_ x: Value) -> Value { (x + b(a(x).relu())).relu() }
        let x = input(0...1)
        #expect(try relativeL2(run(x, inEightBits: true, block), run(x, inEightBits: false, block)) < 0.03)
    }

    @Test func layersWithoutARangeStayAsTheyAre() throws {
        let layer = try convolution(range: nil)
        let x = input(-1...1)
        #expect(try run(x, inEightBits: true) { layer($0) } == run(x, inEightBits: false) { layer($0) })
    }

    /// A part of a convolution reads a part of its channels, multiplied: their range goes along.
    @Test func partsHaveRangesOfTheirOwn() throws {
        let layer = try convolution(range: [0, 0, 0, 0, -100, -100, -100, -100, 1, 1, 1, 1, 100, 100, 100, 100])
        let part = layer.part(inputs: 0..<4, scale: 0.1, withBias: true)
        let x = Tensor(shape: [1, 4, 12, 16], input(0...1).values.prefix(768).map { $0 * 10 })
        #expect(try relativeL2(run(x, inEightBits: true) { part($0) }, run(x, inEightBits: false) { part($0) }) < 0.015)
    }

    @Test func rangesOfAnotherShapeAreRefused() {
        #expect(throws: TensorFileError.self) {
            let tensors = [
                "weight": Tensor(shape: [8, 8, 3, 3]), "bias": Tensor(shape: [8]), "input_range": Tensor(shape: [2, 4]),
            ]
            _ = try Conv2d(Weights(Layer(tensors: tensors)), from: 8, to: 8, kernel: 3)
        }
    }
}
