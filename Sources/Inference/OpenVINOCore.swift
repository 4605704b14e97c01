import COpenVINO

/// Throws OpenVINO's own words when a call did not succeed.
func check(_ status: ov_status_e, _ operation: @autoclosure () -> String) throws {
    guard status != OK else { return }
    throw InferenceError.engine(operation: operation(), reason: OpenVINOCore.reason(of: status))
}

/// Creates a handle with a function that writes it through a pointer. The caller frees it.
func makeHandle(
    _ operation: @autoclosure () -> String, _ create: (UnsafeMutablePointer<OpaquePointer?>) -> ov_status_e
) throws -> OpaquePointer {
    var handle: OpaquePointer?
    try check(create(&handle), operation())
    guard let handle else { throw InferenceError.engine(operation: operation(), reason: "no object was returned") }
    return handle
}

/// OpenVINO's entry point, with its own properties for later compilations.
///
/// Sendable because `ov_core_t` may be used from several threads and the handle never changes.
final class OpenVINOCore: @unchecked Sendable {
    /// The one device that networks are compiled for.
    static let device = "CPU"

    let handle: OpaquePointer

    init() throws {
        do {
            handle = try makeHandle("start") { ov_core_create($0) }
        } catch InferenceError.engine(_, let reason) {
            throw InferenceError.unavailable(reason: reason)
        }
    }

    deinit { ov_core_free(handle) }

    /// A property of the CPU, for example its capabilities.
    func property(_ key: String) throws -> String {
        var value: UnsafeMutablePointer<CChar>?
        try check(ov_core_get_property(handle, Self.device, key, &value), "read the processor's property \(key)")
        defer { value.map { ov_free($0) } }
        return value.map { String(cString: $0) } ?? ""
    }

    /// Sets a property of what is compiled or imported later.
    func set(_ key: String, _ value: String) throws {
        try check(copenvino_core_set_property(handle, Self.device, key, value), "set \(key) to \(value)")
    }

    static let version: String = {
        var version = ov_version_t()
        guard ov_get_openvino_version(&version) == OK else { return "unknown" }
        defer { ov_version_free(&version) }
        return version.buildNumber.map { String(cString: $0) } ?? "unknown"
    }()

    /// Why a call failed. OpenVINO keeps one last message per process, so that simultaneous failures may swap theirs.
    static func reason(of status: ov_status_e) -> String {
        let general = ov_get_error_info(status).map { String(cString: $0) } ?? "status \(status.rawValue)"
        // These come from the C layer itself, which leaves an older message standing.
        if status == INVALID_C_PARAM || status == NOT_IMPLEMENT_C_METHOD { return general }
        guard let text = ov_get_last_err_msg() else { return general }
        defer { ov_free(text) }
        let lines = String(cString: text).split(whereSeparator: \.isNewline)
        // The places in OpenVINO's sources tell a user nothing.
        let message = lines.filter { !$0.hasPrefix("Exception from ") }.joined(separator: "\n")
        return message.isEmpty ? general : message
    }
}
