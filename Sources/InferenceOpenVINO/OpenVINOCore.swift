import COpenVINO
import Inference

/// Throws OpenVINO's own words when a call did not succeed.
func check(_ status: copenvino_status, _ operation: @autoclosure () -> String) throws {
    guard status != COPENVINO_OK else { return }
    throw InferenceError.engine(OpenVINOLibrary.name, operation: operation(), reason: OpenVINOCore.reason(of: status))
}

/// Creates a handle with a function that writes it through a pointer. The caller frees it.
func makeHandle(
    _ operation: @autoclosure () -> String, _ create: (UnsafeMutablePointer<OpaquePointer?>) -> copenvino_status
) throws -> OpaquePointer {
    var handle: OpaquePointer?
    try check(create(&handle), operation())
    guard let handle else { throw InferenceError.engine(OpenVINOLibrary.name, operation: operation(), reason: "no object was returned") }
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
        try OpenVINOLibrary.load()
        do {
            handle = try makeHandle("start") { openVINO.core_create($0) }
        } catch InferenceError.engine(_, _, let reason) {
            throw OpenVINOLibrary.unavailable(reason)
        }
    }

    deinit { openVINO.core_free(handle) }

    /// A property of the CPU, for example its capabilities.
    func property(_ key: String) throws -> String {
        var value: UnsafeMutablePointer<CChar>?
        try check(openVINO.core_get_property(handle, Self.device, key, &value), "read the processor's property \(key)")
        defer { value.map { openVINO.free($0) } }
        return value.map { String(cString: $0) } ?? ""
    }

    /// Sets a property of what is compiled or imported later.
    func set(_ key: String, _ value: String) throws {
        try check(copenvino_core_set_property(OpenVINOLibrary.functions, handle, Self.device, key, value), "set \(key) to \(value)")
    }

    static let version: String = {
        var version = copenvino_version()
        guard openVINO.get_openvino_version(&version) == COPENVINO_OK else { return "unknown" }
        defer { openVINO.version_free(&version) }
        return version.buildNumber.map { String(cString: $0) } ?? "unknown"
    }()

    /// Why a call failed. OpenVINO keeps one last message per process, so that simultaneous failures may swap theirs.
    static func reason(of status: copenvino_status) -> String {
        let general = openVINO.get_error_info(status).map { String(cString: $0) } ?? "status \(status)"
        // These come from the C layer itself, which leaves an older message standing.
        if status == COPENVINO_INVALID_C_PARAM || status == COPENVINO_NOT_IMPLEMENT_C_METHOD { return general }
        guard let text = openVINO.get_last_err_msg() else { return general }
        defer { openVINO.free(text) }
        let lines = String(cString: text).split(whereSeparator: \.isNewline)
        // The places in OpenVINO's sources tell a user nothing.
        let message = lines.filter { !$0.hasPrefix("Exception from ") }.joined(separator: "\n")
        return message.isEmpty ? general : message
    }
}
