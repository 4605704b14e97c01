import COpenVINO
import Inference

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
