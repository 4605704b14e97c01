import COpenVINO

/// Throws OpenVINO's own words when a call did not succeed.
func check(_ status: ov_status_e, _ operation: @autoclosure () -> String) throws {
    guard status != OK else { return }
    let reason = ov_get_last_err_msg().map { String(cString: $0) } ?? ""
    throw InferenceError.engine(
        operation: operation(), reason: reason.isEmpty ? String(cString: ov_get_error_info(status)) : reason)
}

/// Creates a handle with a function that writes it through a pointer.
func makeHandle(_ operation: String, _ create: (UnsafeMutablePointer<OpaquePointer?>) -> ov_status_e) throws -> OpaquePointer {
    var handle: OpaquePointer?
    try check(create(&handle), operation)
    guard let handle else { throw InferenceError.engine(operation: operation, reason: "no object was returned") }
    return handle
}

/// OpenVINO's entry point, one per process. Its functions may be called from several threads.
final class OpenVINOCore: @unchecked Sendable {
    let handle: OpaquePointer

    init() throws {
        handle = try makeHandle("start (is `make setup` done, and are its libraries where they were when this was built?)") {
            ov_core_create($0)
        }
    }

    deinit { ov_core_free(handle) }

    /// A property of the CPU device, for example its capabilities.
    func property(_ key: String) throws -> String {
        var value: UnsafeMutablePointer<CChar>?
        try check(ov_core_get_property(handle, "CPU", key, &value), "read the processor's property \(key)")
        defer { value.map { ov_free($0) } }
        return value.map { String(cString: $0) } ?? ""
    }

    static let version: String = {
        var version = ov_version_t()
        guard ov_get_openvino_version(&version) == OK else { return "unknown" }
        defer { ov_version_free(&version) }
        return String(cString: version.buildNumber)
    }()
}

/// A name and shape of a network's input or output.
struct Port: Sendable {
    var name: String
    /// nil where the size may vary.
    var shape: [Int?]

    var isStatic: Bool { !shape.contains(nil) }

    init(_ handle: OpaquePointer) throws {
        var text: UnsafeMutablePointer<CChar>?
        try check(ov_port_get_any_name(handle, &text), "read a tensor's name")
        defer { text.map { ov_free($0) } }
        name = text.map { String(cString: $0) } ?? ""
        var type = ov_element_type_e(0)
        try check(ov_port_get_element_type(handle, &type), "read a tensor's type")
        guard type == F32 else { throw InferenceError.unsupportedElementType(name: name) }
        var partial = ov_partial_shape_t()
        try check(ov_port_get_partial_shape(handle, &partial), "read a tensor's shape")
        defer { ov_partial_shape_free(&partial) }
        shape = (0..<Int(max(0, partial.rank.min))).map { i in
            let dimension = partial.dims[i]
            return dimension.min == dimension.max ? Int(dimension.min) : nil
        }
    }

    func accepts(_ given: [Int]) -> Bool {
        given.count == shape.count && zip(given, shape).allSatisfy { $1 == nil || $0 == $1 }
    }
}
