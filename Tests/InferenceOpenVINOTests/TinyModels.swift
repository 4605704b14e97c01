import Foundation
import TensorFiles

@testable import NeuralGraph

/// Networks small enough to check by hand, some with sizes that vary.
enum TinyModels {
    /// y = a x + b elementwise on [rows, 3]; nil: any number of rows.
    static func affine(_ a: Float = 2, _ b: Float = 1, rows: Int? = 2) throws -> ONNXModel {
        try model(
            inputs: [("x", [rows, 3])], outputs: [("y", [rows, 3])],
            nodes: [("Mul", ["x", "a"], "ax"), ("Add", ["ax", "b"], "y")],
            constants: [("a", Tensor(shape: [], [a])), ("b", Tensor(shape: [], [b]))])
    }

    /// sum = x + y, difference = x - y on vectors of any, not necessarily equal, length.
    static func sumAndDifference() throws -> ONNXModel {
        try model(
            inputs: [("x", [nil]), ("y", [nil])], outputs: [("sum", [nil]), ("difference", [nil])],
            nodes: [("Add", ["x", "y"], "sum"), ("Sub", ["x", "y"], "difference")])
    }

    /// y = x W with x [1, size] and W [size, size] of made-up weights: large enough for precision and memory to show.
    static func dense(size: Int) throws -> ONNXModel {
        try model(
            inputs: [("x", [1, size])], outputs: [("y", [1, size])], nodes: [("MatMul", ["x", "w"], "y")],
            constants: [("w", noise([size, size], seed: 7))])
    }

    /// The input twice, under two names, and a scalar.
    static func copies() throws -> ONNXModel {
        try model(
            inputs: [("x", [2]), ("s", [])], outputs: [("y", [2]), ("z", [2]), ("t", [])],
            nodes: [("Identity", ["x"], "y"), ("Relu", ["x"], "z"), ("Neg", ["s"], "t")])
    }

    /// Its output is an integer: the shape of x.
    static func integerOutput() throws -> ONNXModel {
        try model(inputs: [("x", [2])], outputs: [("y", [1])], nodes: [("Shape", ["x"], "y")], outputType: .int64)
    }

    static func model(
        inputs: [(String, [Int?])], outputs: [(String, [Int?])], nodes: [(String, [String], String)],
        constants: [(String, Tensor)] = [], outputType: TensorProto.DataType = .float
    ) throws -> ONNXModel {
        func value(_ name: String, _ shape: [Int?], _ type: TensorProto.DataType) -> ValueInfoProto {
            ValueInfoProto(
                name: name, elementType: type,
                shape: shape.enumerated().map { index, size in
                    size.map { .size(Int64($0)) } ?? .named("\(name)_\(index)")
                })
        }
        var model = ModelProto()
        model.irVersion = 10
        model.opsetImport = [OperatorSetIdProto(version: 20)]
        model.graph.name = "tiny"
        model.graph.input = inputs.map { value($0, $1, .float) }
        model.graph.output = outputs.map { value($0, $1, outputType) }
        model.graph.node = nodes.map { NodeProto(input: $1, output: [$2], opType: $0) }
        model.graph.initializer = constants.map { name, tensor in
            TensorProto(dims: tensor.shape.map(Int64.init), name: name, rawData: tensor.withUnsafeBuffer { Data(buffer: $0) })
        }
        return ONNXModel(data: model.serialized())
    }

    /// Reproducible values in -1 ..< 1.
    static func noise(_ shape: [Int], seed: UInt64) -> Tensor {
        var state = seed
        return Tensor(
            shape: shape,
            (0..<shape.reduce(1, *)).map { _ in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return Float(state >> 40) / Float(1 << 23) - 1
            })
    }
}
