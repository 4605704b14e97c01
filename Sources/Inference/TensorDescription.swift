import COpenVINO

/// Name and shape of an input or output of a compiled network. Its elements are 32-bit floats.
public struct TensorDescription: Sendable, Hashable {
    public let name: String
    /// The size of each dimension, nil where it may vary; nil as a whole when even the rank may vary.
    public let shape: [Int?]?

    /// The shape when nothing in it varies.
    public let staticShape: [Int]?

    init(name: String, shape: [Int?]?) {
        self.name = name
        self.shape = shape
        staticShape = shape.flatMap { sizes in sizes.contains(nil) ? nil : sizes.compactMap { $0 } }
    }

    func accepts(_ given: [Int]) -> Bool {
        guard let shape else { return true }
        return given.count == shape.count && zip(given, shape).allSatisfy { $1 == nil || $0 == $1 }
    }
}

extension TensorDescription {
    /// Reads an `ov_output_const_port_t`.
    /// - Throws: `InferenceError.unsupportedElementType` for other elements than 32-bit floats: converting integers silently
    ///   would hide values that floats cannot hold, so the graph has to say how it wants them converted.
    init(port: OpaquePointer, name: String) throws {
        var type = copenvino_element_type(0)
        try check(openVINO.port_get_element_type(port, &type), "read the type of \(name)")
        guard type == COPENVINO_F32 else { throw InferenceError.unsupportedElementType(name: name) }

        var partial = copenvino_partial_shape()
        try check(openVINO.port_get_partial_shape(port, &partial), "read the shape of \(name)")
        defer { openVINO.partial_shape_free(&partial) }
        guard partial.rank.min == partial.rank.max else {
            self.init(name: name, shape: nil)
            return
        }
        self.init(
            name: name,
            shape: UnsafeBufferPointer(start: partial.dims, count: Int(partial.rank.max)).map { size in
                size.min == size.max ? Int(size.min) : nil
            })
    }
}
