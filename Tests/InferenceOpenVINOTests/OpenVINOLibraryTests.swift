import Foundation
import Inference
import TestSupport
import Testing

@testable import InferenceOpenVINO

@Suite("OpenVINO is opened when the program runs")
struct OpenVINOLibraryTests {
    private static let headers = Fixtures.packageRoot.appendingPathComponent(".deps/openvino/include")
    private static let hasHeaders = FileManager.default.fileExists(atPath: headers.path) && clang != nil
    private static let clang = ["/usr/bin/clang"].first(where: FileManager.default.isExecutableFile) ?? fromPath("clang")

    private static func fromPath(_ name: String) -> String? {
        (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { "\($0)/\(name)" }
            .first(where: FileManager.default.isExecutableFile)
    }

    private func compile(_ source: String) throws -> (status: Int32, errors: String) {
        let folder = try Fixtures.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("declarations.c")
        try Data(source.utf8).write(to: file)
        let (process, pipe) = (Process(), Pipe())
        process.executableURL = URL(fileURLWithPath: try #require(Self.clang))
        process.arguments = ["-fsyntax-only", "-std=c11", "-Werror", "-I", Self.headers.path, file.path]
        process.standardError = pipe
        try process.run()
        let errors = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, errors)
    }

    /// Functions must agree but for the names of types, numbers in value, structures in their layout.
    private func source(tensorSize: String = "sizeof(ov_shape_t)") -> String {
        let shim = Fixtures.packageRoot.appendingPathComponent("Sources/COpenVINO/shim.h").path
        let structures = [
            ("copenvino_version", "ov_version_t", ["buildNumber", "description"]), ("copenvino_shape", "ov_shape_t", ["rank", "dims"]),
            ("copenvino_dimension", "ov_dimension_t", ["min", "max"]), ("copenvino_partial_shape", "ov_partial_shape_t", ["rank", "dims"]),
            (
                "copenvino_profiling_info", "ov_profiling_info_t",
                ["status", "real_time", "cpu_time", "node_name", "exec_type", "node_type"]
            ),
            ("copenvino_profiling_info_list", "ov_profiling_info_list_t", ["profiling_infos", "size"]),
        ]
        let layouts = structures.flatMap { own, theirs, fields in
            ["_Static_assert(sizeof(\(own)) == sizeof(\(theirs)), \"\(own)\");"]
                + fields.map { "_Static_assert(offsetof(\(own), \($0)) == offsetof(\(theirs), \($0)), \"\(own).\($0)\");" }
        }
        let renamed = [
            ("status", "status_e"), ("element_type", "element_type_e"), ("core_t", "core_t"), ("model_t", "model_t"),
            ("compiled_t", "compiled_model_t"), ("request_t", "infer_request_t"), ("tensor_t", "tensor_t"),
            ("port_t", "output_const_port_t"),
            ("version", "version_t"), ("shape", "shape_t"), ("partial_shape", "partial_shape_t"),
            ("profiling_info_list", "profiling_info_list_t"),
        ]
        return """
            #include <openvino/c/openvino.h>
            #include "\(shim)"
            \(layouts.joined(separator: "\n"))
            _Static_assert(sizeof(copenvino_shape) == \(tensorSize), "shape");
            _Static_assert(sizeof(copenvino_status) == sizeof(ov_status_e) && sizeof(copenvino_element_type) == sizeof(ov_element_type_e), "enums");
            _Static_assert(OK == COPENVINO_OK && INVALID_C_PARAM == COPENVINO_INVALID_C_PARAM && F32 == COPENVINO_F32, "numbers");
            _Static_assert(NOT_IMPLEMENT_C_METHOD == COPENVINO_NOT_IMPLEMENT_C_METHOD && EXECUTED == COPENVINO_EXECUTED, "numbers");
            \(renamed.map { "#define copenvino_\($0) ov_\($1)" }.joined(separator: "\n"))
            #define DECLARE(RESULT, NAME, PARAMETERS) RESULT ov_##NAME PARAMETERS;
            COPENVINO_FUNCTIONS(DECLARE)

            """
    }

    @Test("Its functions are declared as in its headers", .enabled(if: hasHeaders, "needs clang and .deps/openvino (make setup)"))
    func declarations() throws {
        let outcome = try compile(source())
        #expect(outcome.status == 0, "\(outcome.errors)")
        // And the comparison can fail.
        #expect(try compile(source(tensorSize: "3")).status != 0)
        let wrong = source().replacingOccurrences(of: "RESULT ov_##NAME PARAMETERS", with: "int ov_##NAME PARAMETERS")
        #expect(try compile(wrong).status != 0)
    }

    @Test("What SAMPT_OPENVINO names is looked at alone; otherwise the program's surroundings come before the system's")
    func places() {
        let chosen = OpenVINOLibrary.candidates(environment: ["SAMPT_OPENVINO": "/opt/ov"], program: URL(fileURLWithPath: "/usr/bin/sampt"))
        #expect(chosen.allSatisfy { $0.hasPrefix("/opt/ov/") })
        #expect(chosen.contains { $0.hasPrefix("/opt/ov/lib/libopenvino_c.") })
        let found = OpenVINOLibrary.candidates(environment: [:], program: URL(fileURLWithPath: "/nowhere/bin/sampt"))
        #expect(found.first?.hasPrefix("/nowhere/bin/libopenvino_c.") == true)
        #expect(found.contains { $0.hasPrefix("/nowhere/lib/sampt/libopenvino_c.") })
        #expect(found.contains { $0.hasPrefix(Fixtures.packageRoot.path + "/.deps/openvino/lib/") })
        #expect(found.last?.contains("/") == false)
    }

    @Test("What cannot be opened is said, with every reason")
    func reasons() throws {
        let folder = try Fixtures.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("libopenvino_c.so").path
        try Data("no library".utf8).write(to: URL(fileURLWithPath: file))
        let damaged = try #require(OpenVINOLibrary.open([file]))
        #expect(damaged.contains(file))
        let absent = try #require(OpenVINOLibrary.open(["/nowhere/libopenvino_c.so"]))
        #expect(absent.contains("/nowhere/libopenvino_c.so"))
    }

    @Test("A library of another kind is refused by the first function that it lacks")
    func otherLibrary() throws {
        #if os(Linux)
            #expect(try #require(OpenVINOLibrary.open(["libm.so.6"])).contains("ov_get_openvino_version"))
        #endif
    }
}
