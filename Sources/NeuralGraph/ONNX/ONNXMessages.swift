import Foundation

// The messages of onnx.proto (https://github.com/onnx/onnx) under its names, with its field numbers.

struct ModelProto: ProtobufMessage {
    var irVersion: Int64 = 0
    var producerName: String?
    var graph = GraphProto()
    var opsetImport: [OperatorSetIdProto] = []

    func write(to writer: inout ProtobufWriter) { write(to: &writer, graph: graph) }

    /// - Parameter graph: nil: everything but the graph, which may follow.
    func write(to writer: inout ProtobufWriter, graph: GraphProto?) {
        writer.write(1, irVersion)
        if let producerName { writer.write(2, producerName) }
        if let graph { writer.write(7, graph) }
        for opset in opsetImport { writer.write(8, opset) }
    }

    mutating func read(_ field: Int, _ contents: ProtobufReader.Contents) throws -> Bool {
        switch field {
        case 1: irVersion = try contents.number()
        case 2: producerName = try contents.text()
        case 7: graph = try contents.message()
        case 8: opsetImport.append(try contents.message())
        default: return false
        }
        return true
    }
}

struct OperatorSetIdProto: ProtobufMessage {
    var version: Int64 = 0

    func write(to writer: inout ProtobufWriter) { writer.write(2, version) }

    mutating func read(_ field: Int, _ contents: ProtobufReader.Contents) throws -> Bool {
        guard field == 2 else { return false }
        version = try contents.number()
        return true
    }
}

struct GraphProto: ProtobufMessage {
    var node: [NodeProto] = []
    var name = ""
    var initializer: [TensorProto] = []
    var input: [ValueInfoProto] = []
    var output: [ValueInfoProto] = []

    func write(to writer: inout ProtobufWriter) {
        for node in node { writer.write(1, node) }
        writer.write(2, name)
        for tensor in initializer { writer.write(5, tensor) }
        for value in input { writer.write(11, value) }
        for value in output { writer.write(12, value) }
    }

    mutating func read(_ field: Int, _ contents: ProtobufReader.Contents) throws -> Bool {
        switch field {
        case 1: node.append(try contents.message())
        case 2: name = try contents.text()
        case 5: initializer.append(try contents.message())
        case 11: input.append(try contents.message())
        case 12: output.append(try contents.message())
        default: return false
        }
        return true
    }
}

struct NodeProto: ProtobufMessage {
    /// Empty names stand for optional inputs that are left out.
    var input: [String] = []
    var output: [String] = []
    var name: String?
    var opType = ""
    var attribute: [AttributeProto] = []

    func write(to writer: inout ProtobufWriter) {
        for value in input { writer.write(1, value) }
        for value in output { writer.write(2, value) }
        if let name { writer.write(3, name) }
        writer.write(4, opType)
        for attribute in attribute { writer.write(5, attribute) }
    }

    mutating func read(_ field: Int, _ contents: ProtobufReader.Contents) throws -> Bool {
        switch field {
        case 1: input.append(try contents.text())
        case 2: output.append(try contents.text())
        case 3: name = try contents.text()
        case 4: opType = try contents.text()
        case 5: attribute.append(try contents.message())
        default: return false
        }
        return true
    }
}

struct AttributeProto: ProtobufMessage {
    /// `AttributeProto.AttributeType`.
    enum Kind: Int64 {
        case float = 1, int = 2, string = 3, ints = 7
    }

    var name = ""
    var f: Float?
    var i: Int64?
    var s: Data?
    var ints: [Int64] = []
    var type: Kind = .int

    func write(to writer: inout ProtobufWriter) {
        writer.write(1, name)
        if let f { writer.write(2, f) }
        if let i { writer.write(3, i) }
        if let s { writer.write(4, s) }
        for number in ints { writer.write(8, number) }
        writer.write(20, type.rawValue)
    }

    mutating func read(_ field: Int, _ contents: ProtobufReader.Contents) throws -> Bool {
        switch field {
        case 1: name = try contents.text()
        case 2: f = try contents.float()
        case 3: i = try contents.number()
        case 4: s = Data(try contents.bytes())
        case 8: ints.append(try contents.number())
        case 20:
            guard let kind = Kind(rawValue: try contents.number()) else { return false }
            type = kind
        default: return false
        }
        return true
    }
}

struct TensorProto: ProtobufMessage {
    /// `TensorProto.DataType`.
    enum DataType: Int64 {
        case float = 1, uint8 = 2, int8 = 3, int64 = 7, bool = 9
    }

    /// `StringStringEntryProto`.
    struct Entry: ProtobufMessage {
        var key = ""
        var value = ""

        func write(to writer: inout ProtobufWriter) {
            writer.write(1, key)
            writer.write(2, value)
        }

        mutating func read(_ field: Int, _ contents: ProtobufReader.Contents) throws -> Bool {
            switch field {
            case 1: key = try contents.text()
            case 2: value = try contents.text()
            default: return false
            }
            return true
        }
    }

    var dims: [Int64] = []
    var dataType: DataType = .float
    var name = ""
    var rawData: Data?
    var externalData: [Entry] = []
    var isExternal = false

    func write(to writer: inout ProtobufWriter) {
        for size in dims { writer.write(1, size) }
        writer.write(2, dataType.rawValue)
        writer.write(8, name)
        if let rawData { writer.write(9, rawData) }
        for entry in externalData { writer.write(13, entry) }
        if isExternal { writer.write(14, 1 as Int64) }
    }

    mutating func read(_ field: Int, _ contents: ProtobufReader.Contents) throws -> Bool {
        switch field {
        case 1: dims.append(try contents.number())
        case 2:
            guard let type = DataType(rawValue: try contents.number()) else { return false }
            dataType = type
        case 8: name = try contents.text()
        case 9: rawData = Data(try contents.bytes())
        case 13: externalData.append(try contents.message())
        case 14: isExternal = try contents.number() == 1
        default: return false
        }
        return true
    }
}

/// A named tensor; what `TypeProto`, its `Tensor` and `TensorShapeProto` say of it is flattened.
struct ValueInfoProto: ProtobufMessage {
    /// `TensorShapeProto.Dimension`.
    enum Dimension: Equatable {
        case size(Int64)
        /// A size that varies, by its name.
        case named(String)
    }

    var name = ""
    var elementType: TensorProto.DataType = .float
    var shape: [Dimension] = []

    func write(to writer: inout ProtobufWriter) {
        writer.write(1, name)
        writer.write(2) { type in
            type.write(1) { tensor in
                tensor.write(1, elementType.rawValue)
                tensor.write(2) { for dimension in shape { $0.write(1, nested: dimension.write) } }
            }
        }
    }

    mutating func read(_ field: Int, _ contents: ProtobufReader.Contents) throws -> Bool {
        switch field {
        case 1: name = try contents.text()
        case 2:
            var type = ProtobufReader(try contents.bytes())
            while let (field, contents) = try type.next() {
                guard field == 1, try readTensor(ProtobufReader(contents.bytes())) else { return false }
            }
        default: return false
        }
        return true
    }

    private mutating func readTensor(_ reader: ProtobufReader) throws -> Bool {
        var tensor = reader
        while let (field, contents) = try tensor.next() {
            switch field {
            case 1:
                guard let type = TensorProto.DataType(rawValue: try contents.number()) else { return false }
                elementType = type
            case 2:
                var dimensions = ProtobufReader(try contents.bytes())
                while let (field, contents) = try dimensions.next() {
                    guard field == 1, let dimension = try Dimension(ProtobufReader(contents.bytes())) else { return false }
                    shape.append(dimension)
                }
            default: return false
            }
        }
        return true
    }
}

extension ValueInfoProto.Dimension {
    /// 0 where the size varies.
    var count: Int {
        switch self {
        case .size(let size): Int(size)
        case .named: 0
        }
    }

    func write(to writer: inout ProtobufWriter) {
        switch self {
        case .size(let size): writer.write(1, size)
        case .named(let name): writer.write(2, name)
        }
    }

    fileprivate init?(_ reader: ProtobufReader) throws {
        var (reader, found): (ProtobufReader, Self?) = (reader, nil)
        while let (field, contents) = try reader.next() {
            switch field {
            case 1: found = .size(try contents.number())
            case 2: found = .named(try contents.text())
            default: return nil
            }
        }
        guard let found else { return nil }
        self = found
    }
}
