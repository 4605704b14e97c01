import Foundation
import Inference
import InferenceOpenVINO
import Media
import NeuralGraph
import TensorFiles
import TestSupport
import Testing

@testable import Segmenters

/// The operations that SAM's networks and their surroundings are made of, each by itself.
@Suite(.enabled(if: !ParityCase.cases(of: "primitives").isEmpty, Comment(rawValue: ParityCase.missing)))
struct SAMPrimitivesParityTests {
    private let parity: ParityCase
    private let inputs, expected: SafetensorsFile

    init() throws {
        parity = try #require(ParityCase.cases(of: "primitives").first)
        (inputs, expected) = (try parity.inputs(), try parity.expected())
    }

    private func check(_ name: String, _ result: Tensor) throws {
        #expect(try parity.difference(of: result, from: name, in: expected).share <= 1, "\(name)")
    }

    @Test func picturesAreResizedToTheBit() throws {
        let stored = parity.outputs.filter { $0.name.hasPrefix("longestSide.") }
        #expect(!stored.isEmpty)
        for output in stored {
            let pixels = try inputs.tensor("image\(output.name.dropFirst(12))")
            let image = RGBImage(width: pixels.shape[1], height: pixels.shape[0], pixels: pixels.values.map { UInt8($0) })
            let resized = PillowResampler(from: image.size, to: SAMInputGrid(frame: image.size).resized).resized(image)
            let result = Tensor(shape: [resized.height, resized.width, 3], resized.pixels.map(Float.init))
            #expect(try output.elements(of: result) == expected.tensor(output.name).values, "\(output.name)")
        }
    }

    @Test func positionsAreEncoded() throws {
        let frequencies = try inputs.tensor("gaussian")
        let shape = try parity.shape(of: "embedding.random")
        let (numbers, height, width) = (shape[0], shape[1], shape[2])
        let codes = (0..<(height * width)).map { cell in
            PromptEncoder.encode(
                SIMD2((Float(cell % width) + 0.5) / Float(width), (Float(cell / width) + 0.5) / Float(height)), frequencies: frequencies)
        }
        try check("embedding.random", Tensor(shape: shape, (0..<numbers).flatMap { i in codes.map { $0[i] } }))
    }

    @Test func relativePositionsAndWindows() throws {
        let table = try inputs.tensor("relPos")
        let (side, width) = ((table.shape[0] + 1) / 2, table.shape[1])
        try check(
            "relPos.\(side)",
            Tensor(shape: [side, side, width], ViTAttention.relativeRows(side).flatMap { table.values[(width * $0)..<(width * ($0 + 1))] }))
        let tokens = try inputs.tensor("tokens")
        let shape = try parity.shape(of: "windows")
        let outputs = try run(["tokens": tokens]) { graph, values in
            let windows = values["tokens"]!.cutIntoWindows(shape[1])
            graph.output("windows", windows.reshaped(shape))
            graph.output("joined", windows.joinedWindows(shape[1], rows: tokens.shape[1], columns: tokens.shape[2]))
        }
        try check("windows", #require(outputs["windows"]))
        #expect(outputs["joined"]?.values == tokens.values)
    }

    @Test func operationsOfGraphs() throws {
        let given = try ["field": inputs.tensor("field"), "transposed": inputs.tensor("transposed")]
        let shape = try inputs.tensor("field").shape
        let points = try inputs.tensor("points").values
        let sizes = parity.sizes(in: "interpolate", suffix: "ac0")
        #expect(!sizes.isEmpty)
        let outputs = try run(given) { graph, values in
            let field = values["field"]!
            for (height, width) in sizes {
                graph.output("interpolate.\(height)x\(width).ac0", field.resized(height: height, width: width))
                graph.output("interpolate.\(height)x\(width).ac1", field.resized(height: height, width: width, alignment: .corners))
            }
            for (suffix, alignment) in [("ac0", Value.GridAlignment.halfPixel), ("ac1", .corners)] {
                let grid = points.enumerated().map { index, value in
                    let size = Float(shape[index % 2 == 0 ? 3 : 2])
                    return alignment == .corners ? 2 * value / (size - 1) - 1 : (2 * value + 1) / size - 1
                }
                let positions = graph.constant(Tensor(shape: [shape[0], 1, points.count / 2, 2], (0..<shape[0]).flatMap { _ in grid }))
                graph.output("gridSample.zeros.\(suffix)", field.sampled(at: positions, alignment: alignment))
                graph.output("gridSample.border.\(suffix)", field.sampled(at: positions, alignment: alignment, outside: .edge))
            }
            graph.output("gelu.erf", field.gelu())
            graph.output("gelu.tanh", field.geluApproximated())
            graph.output("instanceNorm", InstanceNorm2d()(field))
            graph.output("convTranspose", field.convolvedTransposed(with: values["transposed"]!, bias: nil, stride: 2))
        }
        for (name, result) in outputs { try check(name, result) }
        #expect(outputs.count == 2 * sizes.count + 8)
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
        let given = try inputs.tensor("series")
        let series = given.reshaped([1, given.shape[1], 1, given.shape[2]])
        let table = try inputs.tensor("relPos")
        let (rows, width) = (table.shape[0], table.shape[1])
        let columns = Tensor(shape: [1, width, 1, rows], (0..<width).flatMap { c in (0..<rows).map { table.values[width * $0 + c] } })
        let stored = parity.outputs.map(\.name).filter { $0.hasPrefix("interpolate.linear.") }
        #expect(!stored.isEmpty)
        let side = try parity.shape(of: "relPos.resized")[0]
        let outputs = try run(["series": series, "table": columns]) { graph, values in
            for name in stored { graph.output(name, values["series"]!.resized(height: 1, width: Int(name.dropFirst(19)) ?? 1)) }
            graph.output("stretched", values["table"]!.resized(height: 1, width: 2 * side - 1))
        }
        for name in stored { try check(name, #require(outputs[name])) }
        let stretched = try #require(outputs["stretched"]).values
        try check(
            "relPos.resized",
            Tensor(
                shape: [side, side, width],
                ViTAttention.relativeRows(side).flatMap { row in (0..<width).map { stretched[(2 * side - 1) * $0 + row] } }))
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
