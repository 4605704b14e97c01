import Foundation

extension SafetensorsFile {
    /// Element types that can be written.
    public enum WrittenType: String, Sendable {
        case float32 = "F32"
        case bfloat16 = "BF16"
    }

    /// The bytes of a safetensors file with these tensors, in the order of their names; equal contents give equal bytes.
    /// - Parameters:
    ///   - type: how elements are stored; bfloat16 rounds to the nearest, halves to even.
    /// - Throws: `TensorFileError.malformed` when a name is reserved or metadata cannot be written as JSON.
    public static func data(
        _ tensors: [String: Tensor], metadata: [String: String] = [:], as type: WrittenType = .float32
    ) throws -> Data {
        var header: [String: Any] = [:]
        if !metadata.isEmpty { header["__metadata__"] = metadata }
        var body = Data()
        for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
            guard name != "__metadata__" else {
                throw TensorFileError.malformed(file: "new file", reason: "a tensor cannot be called __metadata__")
            }
            let start = body.count
            tensor.withUnsafeBuffer { values in
                switch type {
                case .float32: body.append(Data(buffer: values))
                case .bfloat16: values.map(Self.bfloat16Bits).withUnsafeBufferPointer { body.append(Data(buffer: $0)) }
                }
            }
            header[name] = ["dtype": type.rawValue, "shape": tensor.shape, "data_offsets": [start, body.count]] as [String: Any]
        }
        var json: Data
        do {
            json = try JSONSerialization.data(withJSONObject: header, options: [.sortedKeys, .withoutEscapingSlashes])
        } catch {
            throw TensorFileError.malformed(file: "new file", reason: "its header cannot be written: \(error)")
        }
        // Tensors start at a multiple of 8 bytes; the format pads the header with spaces.
        json.append(Data(repeating: UInt8(ascii: " "), count: (8 - json.count % 8) % 8))
        return withUnsafeBytes(of: UInt64(json.count).littleEndian) { Data($0) } + json + body
    }

    /// Writes a file; it appears under its name only when it is complete.
    public static func write(
        _ tensors: [String: Tensor], metadata: [String: String] = [:], as type: WrittenType = .float32, to url: URL
    ) throws {
        try data(tensors, metadata: metadata, as: type).write(to: url, options: .atomic)
    }

    private static func bfloat16Bits(_ value: Float) -> UInt16 {
        let bits = value.bitPattern
        // Adding could carry a NaN's fraction away.
        if value.isNaN { return UInt16(bits >> 16) | 0x40 }
        return UInt16((UInt64(bits) + 0x7fff + UInt64(bits >> 16 & 1)) >> 16)
    }
}
