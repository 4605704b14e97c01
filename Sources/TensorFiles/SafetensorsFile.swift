import Foundation

/// A `.safetensors` file, memory-mapped: an 8-byte header length, a JSON header, and the tensors' bytes.
///
/// The header is checked completely on opening: a tensor whose bytes lie outside the file, overlap another's or do not fit its
/// shape is refused, so that reading a tensor later cannot go astray.
public struct SafetensorsFile: TensorSource {
    public var name: String { table.contents.name }
    public let fingerprint: String
    /// The header's free-form strings.
    public let metadata: [String: String]
    private let table: TensorTable

    /// - Throws: `TensorFileError` when the file is absent, truncated or malformed.
    public init(url: URL) throws {
        try self.init(FileContents(url: url))
    }

    /// - Parameter name: for messages.
    public init(data: Data, name: String) throws {
        try self.init(FileContents(data: data, name: name))
    }

    init(_ contents: FileContents) throws {
        let (data, name) = (contents.data, contents.name)
        func malformed(_ reason: String) -> TensorFileError { .malformed(file: name, reason: reason) }
        guard data.count >= 8 else { throw malformed("it is shorter than a header") }
        let length = data.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
        guard length <= UInt64(data.count - 8), length <= 100_000_000 else { throw malformed("the header is longer than the file") }
        let start = 8 + Int(length)
        let header = data.subdata(in: 8..<start)
        let fields: Header
        do {
            fields = try JSONDecoder().decode(Header.self, from: header)
        } catch DecodingError.dataCorrupted {
            throw malformed("the header is not JSON")
        } catch DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context),
            DecodingError.keyNotFound(_, let context)
        {
            let place = context.codingPath.map(\.stringValue).joined(separator: ".")
            throw malformed("header \(place.isEmpty ? "" : "at \(place)"): \(context.debugDescription)")
        }
        var entries: [String: StoredTensor] = [:]
        var places: [(tensor: String, bytes: Range<Int>)] = []
        for (key, value) in fields.tensors {
            let (entry, bytes) = try Self.entry(key, value, start: start, size: data.count, file: name)
            entries[key] = entry
            places.append((key, bytes))
        }
        places.sort { ($0.bytes.lowerBound, $0.bytes.upperBound) < ($1.bytes.lowerBound, $1.bytes.upperBound) }
        for (a, b) in zip(places, places.dropFirst()) where a.bytes.upperBound > b.bytes.lowerBound {
            throw malformed("the tensors \(a.tensor) and \(b.tensor) overlap")
        }
        metadata = fields.metadata
        fingerprint = Fingerprint.ofUnchecked(contents, header: 0..<start)
        table = TensorTable(contents: contents, entries: entries)
    }

    private static func entry(
        _ key: String, _ fields: Header.Tensor, start: Int, size: Int, file: String
    ) throws -> (StoredTensor, bytes: Range<Int>) {
        func damaged(_ reason: String) -> TensorFileError { .damagedTensor(file: file, tensor: key, reason: reason) }
        let (typeName, shape, offsets) = (fields.dtype, fields.shape, fields.data_offsets)
        guard let type = TensorElementType(safetensorsCode: typeName) else {
            throw TensorFileError.unsupportedType(file: file, tensor: key, type: typeName)
        }
        guard offsets.count == 2, offsets[0] >= 0, offsets[1] >= offsets[0], offsets[1] <= size - start else {
            throw damaged("its bytes lie outside the file")
        }
        let bytes = (start + offsets[0])..<(start + offsets[1])
        var problem = ""
        let entry = StoredTensor(
            type: type, shape: shape, strides: nil, offset: 0, storage: .file(bytes), storageCount: bytes.count / type.byteCount,
            problem: &problem)
        guard let entry else { throw damaged(problem) }
        guard entry.count * type.byteCount == bytes.count else { throw damaged("its bytes do not fit the shape \(shape)") }
        return (entry, bytes)
    }

    public var tensorNames: [String] { table.names }
    public func shape(of tensor: String) -> [Int]? { table.entries[tensor]?.shape }
    public func elementType(of tensor: String) -> TensorElementType? { table.entries[tensor]?.type }
    public func tensor(_ tensor: String) throws -> Tensor { try table.tensor(tensor) }
    public func bytes(of tensor: String) throws -> Data { try table.bytes(of: tensor) }
    public func fileLocation(of tensor: String) throws -> FileLocation? { try table.location(of: tensor) }
}

extension TensorElementType {
    init?(safetensorsCode code: String) {
        switch code {
        case "F64": self = .float64
        case "F32": self = .float32
        case "F16": self = .float16
        case "BF16": self = .bfloat16
        case "I64": self = .int64
        case "I32": self = .int32
        case "I16": self = .int16
        case "I8": self = .int8
        case "U8": self = .uint8
        case "BOOL": self = .bool
        default: return nil
        }
    }
}

/// The JSON header. Decoded by type, so that neither fractions nor booleans pass for sizes.
private struct Header: Decodable {
    struct Tensor: Decodable {
        var dtype: String
        var shape: [Int]
        var data_offsets: [Int]
    }

    private struct Key: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    var tensors: [String: Tensor] = [:]
    var metadata: [String: String] = [:]

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        for key in container.allKeys {
            if key.stringValue == "__metadata__" {
                metadata = try container.decode([String: String].self, forKey: key)
            } else {
                tensors[key.stringValue] = try container.decode(Tensor.self, forKey: key)
            }
        }
    }
}
