import Foundation
import TensorFiles

/// A network being traced: calling layers on `Value`s records ONNX nodes here.
///
///     let graph = Graph("example")
///     let x = graph.input("x", shape: [1, 3, 64, 64])
///     graph.output("y", try Conv2d(weights["conv"], from: 3, to: 8, kernel: 3)(x).relu())
///     let model = try graph.model()
///
/// Shapes are static: one graph serves one input size. Combining values whose shapes do not fit is a programming error and
/// stops with a message; shapes that come from a file are checked where weights are read, and throw.
public final class Graph {
    private var proto = GraphProto()
    private var counter = 0
    /// Final names of values that are outputs.
    private var renamed: [String: String] = [:]
    private var constants: [String: Value] = [:]
    /// Large constants, by their place among the initializers: the model refers to their memory.
    private var large: [Int: Tensor] = [:]
    /// Whether convolutions that know the range of what they read multiply in eight bits.
    public let multipliesInEightBits: Bool
    /// See `ONNXModel.loadsSooner`.
    private let loadsSooner: Bool
    /// Values in eight bits, by the names of those they stand for.
    private var roundedValues: [String: Value] = [:]

    public init(_ name: String, multipliesInEightBits: Bool = false, loadsSooner: Bool = false) {
        proto.name = name
        self.loadsSooner = loadsSooner
        self.multipliesInEightBits = multipliesInEightBits
    }

    /// Declares a float32 input.
    public func input(_ name: String, shape: [Int]) -> Value {
        proto.input.append(.init(name: name, shape: shape, type: .float32))
        return Value(graph: self, name: name, shape: shape, type: .float32)
    }

    /// Declares `value` as the output `name`.
    public func output(_ name: String, _ value: Value) {
        // The node's own result takes the name: a copy under the name would leave engines two names to choose from.
        precondition(renamed[value.name] == nil && !proto.input.contains { $0.name == value.name }, "\(name) is an output or input already")
        renamed[value.name] = name
        proto.output.append(.init(name: name, shape: value.shape, type: value.type))
    }

    /// A float32 constant, for example a layer's weights. Equal names must mean equal contents: a known name gives the earlier constant.
    public func constant(_ tensor: Tensor, name: String? = nil) -> Value {
        if let name, let known = constants[name] {
            // Two layers of one name with different weights would otherwise silently share the first one's.
            precondition(known.shape == tensor.shape, "two constants are called \(name): \(known.shape) and \(tensor.shape)")
            return known
        }
        let unique = name ?? fresh("constant")
        var initializer = TensorProto()
        initializer.name = unique
        initializer.dims = tensor.shape.map(Int64.init)
        initializer.dataType = .float
        if tensor.count < Self.smallestReferred {
            initializer.rawData = tensor.withUnsafeBuffer { Data(buffer: $0) }
        } else {
            large[proto.initializer.count] = tensor
        }
        proto.initializer.append(initializer)
        let value = Value(graph: self, name: unique, shape: tensor.shape, type: .float32)
        constants[unique] = value
        return value
    }

    /// A float32 scalar.
    public func constant(_ number: Float) -> Value {
        constant(Tensor(shape: [], [number]), name: "scalar:\(number)")
    }

    /// A constant vector of integers, as shapes, axes and indices are given to ONNX operators.
    func integers(_ numbers: [Int], shape: [Int]? = nil) -> Value {
        let shape = shape ?? [numbers.count]
        let name = "integers:\(shape):\(numbers)"
        if let known = constants[name] { return known }
        var initializer = TensorProto()
        initializer.name = name
        initializer.dims = shape.map(Int64.init)
        initializer.dataType = .int64
        initializer.rawData = numbers.map { Int64($0).littleEndian }.withUnsafeBufferPointer { Data(buffer: $0) }
        proto.initializer.append(initializer)
        let value = Value(graph: self, name: name, shape: shape, type: .int64)
        constants[name] = value
        return value
    }

    /// A constant of bytes, as zero points are given to ONNX operators. Equal names mean equal contents.
    func bytes(_ bytes: [UInt8], _ type: ElementType, shape: [Int], name: String) -> Value {
        let name = "\(name):\(type)"
        if let known = constants[name] { return known }
        var initializer = TensorProto()
        initializer.name = name
        initializer.dims = shape.map(Int64.init)
        initializer.dataType = type.dataType
        initializer.rawData = Data(bytes)
        proto.initializer.append(initializer)
        let value = Value(graph: self, name: name, shape: shape, type: type)
        constants[name] = value
        return value
    }

    /// The value in eight bits that stands for `value`, if there is one.
    func rounded(_ value: Value) -> Value? { roundedValues[value.name] }

    /// From here on sums that `value` is a part of read `result`.
    func round(_ value: Value, to result: Value) { roundedValues[value.name] = result }

    /// Records one ONNX operator with one output.
    func node(
        _ operation: String, _ inputs: [Value?], shape: [Int], type: ElementType = .float32, attributes: [Attribute] = []
    ) -> Value {
        let name = fresh(operation)
        var node = NodeProto()
        node.opType = operation
        node.name = name
        node.input = inputs.map { $0.map { (operation == "Add" ? rounded($0) ?? $0 : $0).name } ?? "" }
        node.output = [name]
        node.attribute = attributes.map(\.proto)
        proto.node.append(node)
        return Value(graph: self, name: name, shape: shape, type: type)
    }

    /// Records one ONNX operator with several outputs of one type.
    func nodes(
        _ operation: String, _ inputs: [Value?], shapes: [[Int]], type: ElementType = .float32, attributes: [Attribute] = []
    ) -> [Value] {
        nodes(operation, inputs, shapes: shapes, types: shapes.map { _ in type }, attributes: attributes)
    }

    /// Records one ONNX operator with several outputs.
    func nodes(
        _ operation: String, _ inputs: [Value?], shapes: [[Int]], types: [ElementType], attributes: [Attribute] = []
    ) -> [Value] {
        let name = fresh(operation)
        var node = NodeProto()
        node.opType = operation
        node.name = name
        node.input = inputs.map { $0?.name ?? "" }
        node.output = shapes.indices.map { "\(name).\($0)" }
        node.attribute = attributes.map(\.proto)
        proto.node.append(node)
        return zip(shapes, types).enumerated().map { Value(graph: self, name: "\(name).\($0)", shape: $1.0, type: $1.1) }
    }

    private func fresh(_ stem: String) -> String {
        counter += 1
        return "\(stem)_\(counter)"
    }

    /// Constants of fewer elements are written into the protobuf.
    private static let smallestReferred = 4096

    /// The traced network as ONNX, opset 20.
    public func model() throws -> ONNXModel {
        var model = ModelProto()
        model.irVersion = 9
        model.producerName = "sam-pt-swift"
        model.opsetImport = [OperatorSetIdProto(version: 20)]
        var graph = proto
        for index in graph.node.indices {
            graph.node[index].input = graph.node[index].input.map { renamed[$0] ?? $0 }
            graph.node[index].output = graph.node[index].output.map { renamed[$0] ?? $0 }
        }
        for (index, tensor) in large { graph.initializer[index].refer(to: tensor) }
        model.graph = graph
        return ONNXModel(data: model.serialized(), constants: Array(large.values), loadsSooner: loadsSooner)
    }
}

/// A traced network as a serialised ONNX model.
public struct ONNXModel: Sendable {
    /// The protobuf's bytes. They give large constants by the address of their memory (a convention of ONNX Runtime that OpenVINO
    /// reads): a protobuf must stay below 2 GB, and weights need not be copied. The bytes mean something only in this process, while
    /// `constants` exist.
    public var data: Data
    /// The constants that `data` refers to. Whoever reads `data` keeps them as long as what was made from it may use them.
    public var constants: [Tensor]
    /// Whether loading it in a third of the time is worth running it a little longer: for networks of many small operators. The engine then
    /// does not make code for groups of them.
    public var loadsSooner: Bool

    /// The size of `constants`.
    public var constantBytes: Int { constants.reduce(0) { $0 + $1.count * MemoryLayout<Float>.stride } }

    /// See `Tensor.dropMappedPages`, for all constants.
    public func dropMappedPages() {
        for constant in constants { constant.dropMappedPages() }
    }

    public init(data: Data, constants: [Tensor] = [], loadsSooner: Bool = false) {
        (self.data, self.constants, self.loadsSooner) = (data, constants, loadsSooner)
    }
}

extension TensorProto {
    /// The name of this process's memory in place of a file's.
    static let memoryLocation = "*/_ORT_MEM_ADDR_/*"

    /// Takes the contents from the memory of `tensor`, which must outlive every use of this protobuf.
    fileprivate mutating func refer(to tensor: Tensor) {
        let (address, length) = tensor.withUnsafeBuffer { (Int(bitPattern: $0.baseAddress), $0.count * MemoryLayout<Float>.stride) }
        refer(to: Self.memoryLocation, offset: address, length: length)
    }

    /// Takes the contents from a file, named relative to the model's folder.
    mutating func refer(to location: String, offset: Int, length: Int) {
        isExternal = true
        externalData = [
            Entry(key: "location", value: location), Entry(key: "offset", value: String(offset)),
            Entry(key: "length", value: String(length)),
        ]
    }
}

/// Element types of values inside a graph.
public enum ElementType: Sendable {
    case float32
    case int64
    case bool
    case uint8
    case int8

    var dataType: TensorProto.DataType {
        switch self {
        case .float32: .float
        case .int64: .int64
        case .bool: .bool
        case .uint8: .uint8
        case .int8: .int8
        }
    }
}

/// A named attribute of an ONNX operator.
enum Attribute {
    case int(String, Int)
    case ints(String, [Int])
    case float(String, Float)
    case string(String, String)

    var proto: AttributeProto {
        var attribute = AttributeProto()
        switch self {
        case .int(let name, let value):
            (attribute.name, attribute.type, attribute.i) = (name, .int, Int64(value))
        case .ints(let name, let values):
            (attribute.name, attribute.type, attribute.ints) = (name, .ints, values.map(Int64.init))
        case .float(let name, let value):
            (attribute.name, attribute.type, attribute.f) = (name, .float, value)
        case .string(let name, let value):
            (attribute.name, attribute.type, attribute.s) = (name, .string, Data(value.utf8))
        }
        return attribute
    }
}

extension ValueInfoProto {
    fileprivate init(name: String, shape: [Int], type: ElementType) {
        self.init(name: name, elementType: type.dataType, shape: shape.map { .size(Int64($0)) })
    }
}
