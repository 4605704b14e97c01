import Foundation

/// A message of ONNX's protobuf, as far as `Graph` makes it.
///
/// The few messages that a traced graph consists of are written and read here, rather than by a protobuf library and generated code: those
/// take
/// three times as long to compile as the rest of this target. Optional members are left out where they are nil, so that a 0 can be told
/// from nothing.
protocol ProtobufMessage {
    init()
    func write(to writer: inout ProtobufWriter)
    /// Takes a field.
    /// - Returns: false for a field that the type does not have.
    mutating func read(_ field: Int, _ contents: ProtobufReader.Contents) throws -> Bool
}

extension ProtobufMessage {
    func serialized() -> Data {
        var writer = ProtobufWriter()
        write(to: &writer)
        return writer.bytes
    }

    /// - Throws: `ONNXFileError.malformed`, also for fields that the type does not have: writing the message again would lose them.
    init(serialized data: Data) throws { try self.init(Array(data)[...]) }

    init(_ bytes: ArraySlice<UInt8>) throws {
        self.init()
        var reader = ProtobufReader(bytes)
        while let (field, contents) = try reader.next() {
            guard try read(field, contents) else { throw ONNXFileError.malformed(reason: "\(Self.self) has an unknown field \(field)") }
        }
    }
}
