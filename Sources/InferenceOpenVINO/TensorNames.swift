import COpenVINO

/// The names of a network's inputs and outputs, in the engine's order.
///
/// They are read from the network as it is given: compiling removes nodes that do nothing, such as an addition of zero, and
/// leaves the names of both its sides on one tensor, so that a compiled network no longer tells which one is meant.
struct TensorNames: Codable, Equatable {
    var inputs: [String]
    var outputs: [String]

    init(model: OpaquePointer) throws {
        inputs = try Self.names(count: { openVINO.model_inputs_size(model, $0) }) { openVINO.model_const_input_by_index(model, $0, $1) }
        outputs = try Self.names(count: { openVINO.model_outputs_size(model, $0) }) { openVINO.model_const_output_by_index(model, $0, $1) }
    }

    private static func names(
        count: (UnsafeMutablePointer<Int>) -> copenvino_status, port: (Int, UnsafeMutablePointer<OpaquePointer?>) -> copenvino_status
    ) throws -> [String] {
        var size = 0
        try check(count(&size), "count the network's tensors")
        return try (0..<size).map { index in
            let handle = try makeHandle("read the network's tensors") { port(index, $0) }
            defer { openVINO.output_const_port_free(handle) }
            var text: UnsafeMutablePointer<CChar>?
            try check(openVINO.port_get_any_name(handle, &text), "read a tensor's name")
            defer { text.map { openVINO.free($0) } }
            return text.map { String(cString: $0) } ?? ""
        }
    }
}
