import COpenVINO
import Foundation
import NeuralGraph

/// Compiles networks for the CPU with OpenVINO.
///
/// Compiled networks are kept in a cache folder, so that a second start loads them instead of building and compiling.
public final class OpenVINOEngine: InferenceEngine {
    public struct Configuration: Sendable {
        /// Threads for one network; nil: all cores.
        public var threads: Int?
        /// Where compiled networks are kept; nil: nowhere.
        public var cacheFolder: URL?

        public init(threads: Int? = nil, cacheFolder: URL? = CompiledModelCache.defaultFolder) {
            self.threads = threads
            self.cacheFolder = cacheFolder
        }
    }

    private let core: OpenVINOCore
    private let configuration: Configuration
    private let cache: CompiledModelCache?
    private let supportsBFloat16: Bool
    /// Loading a compiled network takes its settings from the core, so one network at a time sets them and loads or compiles.
    private let lock = NSLock()

    /// - Throws: `InferenceError` when OpenVINO's libraries cannot be loaded.
    public init(_ configuration: Configuration = .init()) throws {
        core = try OpenVINOCore()
        self.configuration = configuration
        cache = configuration.cacheFolder.map(CompiledModelCache.init)
        supportsBFloat16 = try core.property("OPTIMIZATION_CAPABILITIES").contains("BF16")
    }

    /// The precision that `precision` stands for on this processor.
    public func resolved(_ precision: Precision) -> Precision {
        precision == .automatic ? (supportsBFloat16 ? .bfloat16 : .float32) : precision
    }

    public func compile(key: String, precision: Precision, model: () throws -> ONNXModel) throws -> any CompiledNetwork {
        let precision = resolved(precision)
        let entry = cache?.entry(for: [key, precision.rawValue, "\(configuration.threads ?? 0)", OpenVINOCore.version, try processor()])
        lock.lock()
        defer { lock.unlock() }
        try withProperties(precision) { properties in
            try check(ov_core_set_properties(core.handle, "CPU", properties.count, properties.baseAddress), "take its settings")
        }
        if let blob = entry?.load(), let handle = try? importModel(blob) {
            return try OpenVINONetwork(handle, core: core, blob: blob)
        }
        let handle = try compile(model())
        let network = try OpenVINONetwork(handle, core: core)
        entry?.store { path in ov_compiled_model_export_model(handle, path) == OK }
        return network
    }

    /// Compiled code fits only the kind of processor it was made for.
    private func processor() throws -> String {
        try core.property("FULL_DEVICE_NAME") + " " + core.property("OPTIMIZATION_CAPABILITIES")
    }

    private func compile(_ model: ONNXModel) throws -> OpaquePointer {
        let network = try model.data.withUnsafeBytes { bytes in
            try makeHandle("read the network") {
                ov_core_read_model_from_memory_buffer(
                    core.handle, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count, nil, $0)
            }
        }
        defer { ov_model_free(network) }
        return try makeHandle("compile the network") { ov_core_compile_model_props(core.handle, network, "CPU", 0, nil, $0) }
    }

    private func importModel(_ blob: Data) throws -> OpaquePointer {
        try blob.withUnsafeBytes { bytes in
            try makeHandle("load a compiled network") {
                ov_core_import_model(core.handle, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count, "CPU", $0)
            }
        }
    }

    private func withProperties<R>(_ precision: Precision, _ body: (UnsafeBufferPointer<ov_property_t>) throws -> R) rethrows -> R {
        var settings = [
            ("INFERENCE_PRECISION_HINT", precision == .bfloat16 ? "bf16" : "f32"),
            ("PERFORMANCE_HINT", "LATENCY"),
            ("NUM_STREAMS", "1"),
            // Decoding and writing video run beside the network; pinned threads would wait for them.
            ("ENABLE_CPU_PINNING", "NO"),
        ]
        if let threads = configuration.threads { settings.append(("INFERENCE_NUM_THREADS", String(threads))) }
        let strings = settings.map { (strdup($0.0), strdup($0.1)) }
        defer { strings.forEach { free($0.0); free($0.1) } }
        let properties = strings.map { ov_property_t(key: $0.0, value: $0.1) }
        return try properties.withUnsafeBufferPointer(body)
    }
}
