import Foundation
import Inference
import Media
import NeuralGraph
import TensorFiles
import TestSupport
import Testing

@testable import Segmenters

/// The operations that SAM's networks and their surroundings are made of, each by itself.
@Suite(.enabled(if: ParityCase.named("primitives") != nil, Comment(rawValue: ParityCase.missing)))
struct SAMPrimitivesParityTests {
    private let parity: ParityCase
    private let inputs, expected: SafetensorsFile

    init() throws {
        parity = try #require(ParityCase.named("primitives"))
        (inputs, expected) = (try parity.inputs(), try parity.expected())
    }

    private func check(_ name: String, _ result: Tensor) throws {
        #expect(try parity.difference(of: result, from: name, in: expected).share <= 1, "\(name)")
    }


    @Test(arguments: ["Up", "Wide", "Tall", "Same"]) func picturesAreResizedToTheBit(_ kind: String) throws {
        let pixels = try inputs.tensor("image\(kind)")
        let image = RGBImage(width: pixels.shape[1], height: pixels.shape[0], pixels: pixels.values.map { UInt8($0) })
        let resized = PillowResampler(from: image.size, to: SAMInputGrid(frame: image.size).resized).resized(image)
        let output = try #require(parity.outputs.first { $0.name == "longestSide.\(kind)" })
        let result = Tensor(shape: [resized.height, resized.width, 3], resized.pixels.map(Float.init))
        #expect(try output.elements(of: result) == expected.tensor(output.name).values)
    }

    @Test func positionsAreEncoded() throws {
        let frequencies = try inputs.tensor("gaussian")
        let codes = (0..<24).map { cell in
            PromptEncoder.encode(
                SIMD2((Float(cell % 6) + 0.5) / 6, (Float(cell / 6) + 0.5) / 4), frequencies: frequencies)
        }
        try check("embedding.random", Tensor(shape: [32, 4, 6], (0..<32).flatMap { i in codes.map { $0[i] } }))
    }

    @Test func relativePositionsAndWindows() throws {
        let table = try inputs.tensor("relPos").values
        try check("relPos.14", Tensor(shape: [14, 14, 4], ViTAttention.relativeRows(14).flatMap { table[(4 * $0)..<(4 * $0 + 4)] }))
        let tokens = try inputs.tensor("tokens")
        let outputs = try run(["tokens": tokens]) { graph, values in
            let windows = values["tokens"]!.cutIntoWindows(14)
            graph.output("windows", windows.reshaped([4, 14, 14, 4]))
            graph.output("joined", windows.joinedWindows(14, rows: 17, columns: 20))
        }
        try check("windows", #require(outputs["windows"]))
        #expect(outputs["joined"]?.values == tokens.values)
    }

    @Test func operationsOfGraphs() throws {
        let given = try ["field": inputs.tensor("field"), "transposed": inputs.tensor("transposed")]
        let points = try inputs.tensor("points").values
        let outputs = try run(given) { graph, values in
            let field = values["field"]!
            for (height, width) in [(14, 31), (5, 7), (9, 30), (36, 48), (4, 12)] {
                graph.output("interpolate.\(height)x\(width).ac0", field.resized(height: height, width: width))
                graph.output("interpolate.\(height)x\(width).ac1", field.resized(height: height, width: width, alignment: .corners))
            }
            for (suffix, alignment) in [("ac0", Value.GridAlignment.halfPixel), ("ac1", .corners)] {
                let grid = points.enumerated().map { index, value in
                    let size: Float = index % 2 == 0 ? 12 : 9
                    return alignment == .corners ? 2 * value / (size - 1) - 1 : (2 * value + 1) / size - 1
                }
                let positions = graph.constant(Tensor(shape: [2, 1, 40, 2], grid + grid))
                graph.output("gridSample.zeros.\(suffix)", field.sampled(at: positions, alignment: alignment))
                graph.output("gridSample.border.\(suffix)", field.sampled(at: positions, alignment: alignment, outside: .edge))
            }
            graph.output("gelu.erf", field.gelu())
            graph.output("gelu.tanh", field.geluApproximated())
            graph.output("instanceNorm", InstanceNorm2d()(field))
            graph.output("convTranspose", field.convolvedTransposed(with: values["transposed"]!, bias: nil, stride: 2))
        }
        for (name, result) in outputs { try check(name, result) }
        #expect(outputs.count == 18)
    }

    @Test func poolingAndNormalisation() throws {
        let outputs = try run(["field": inputs.tensor("field")]) { graph, values in
            let field = values["field"]!
            var pooled = field
            for level in 1...3 {
                pooled = pooled.averagePooled(2)
                graph.output("avgPool.\(level)", pooled)
            }
            graph.output("groupNorm1", field.standardized([1, 2, 3], epsilon: 1e-5))
        }
        for (name, result) in outputs { try check(name, result) }
        #expect(outputs.count == 4)
    }

    @Test func seriesAndTablesAreStretched() throws {
        let series = try inputs.tensor("series").reshaped([1, 6, 1, 60])
        let table = try inputs.tensor("relPos")
        let columns = Tensor(shape: [1, 4, 1, 27], (0..<4).flatMap { c in (0..<27).map { table.values[4 * $0 + c] } })
        let outputs = try run(["series": series, "table": columns]) { graph, values in
            for length in [11, 75] { graph.output("interpolate.linear.\(length)", values["series"]!.resized(height: 1, width: length)) }
            graph.output("table39", values["table"]!.resized(height: 1, width: 39))
        }
        for length in [11, 75] { try check("interpolate.linear.\(length)", #require(outputs["interpolate.linear.\(length)"])) }
        let stretched = try #require(outputs["table39"]).values
        try check(
            "relPos.resized", Tensor(shape: [20, 20, 4], ViTAttention.relativeRows(20).flatMap { row in (0..<4).map { stretched[39 * $0 + row] } }))
    }

    /// Runs a graph of the given tensors in float32.
    private func run(_ given: [String: Tensor], _ build: (Graph, [String: Value]) -> Void) throws -> [String: Tensor] {
        let network = try OpenVINOEngine(.init(cacheFolder: nil)).compile(key: "primitives", precision: .float32) {
            let graph = Graph("primitives")
            build(graph, Dictionary(uniqueKeysWithValues: given.map { ($0.key, graph.input($0.key, shape: $0.value.shape)) }))
            return try graph.model()
        }
        return try network(given)
    }
}
