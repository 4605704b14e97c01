import COpenVINO
import Foundation
import Inference
import NeuralGraph

/// Compiles networks for the CPU with OpenVINO.
///
/// Compiled networks are kept in a cache folder, so that a second start loads them instead of building and compiling.
public final class OpenVINOEngine: InferenceEngine {
    /// The threads of one run.
    public let threads: Int

    private let core: OpenVINOCore
    private let configuration: Configuration
    private let cache: CompiledModelCache?
    /// Whether the processor computes in bfloat16 at all, and whether that is faster than float32.
    private let supportsBFloat16, prefersBFloat16: Bool
    /// Everything but the network and its precision that a compiled form depends on.
    private let environment: [String]
    /// An imported network takes its precision from the core, so one network at a time sets it and is imported or compiled.
    private let precisionLock = NSLock()

    /// What tells apart kinds of processors on which the same network may give other numbers.
    package static var arithmetic: String { Processor.instructionSets }

    /// Loads OpenVINO and its plugin beside other work, so that an engine that is made later need not wait for that. Where they cannot be
    /// loaded, that engine says so.
    package static func preload() { _ = try? OpenVINOCore().property("OPTIMIZATION_CAPABILITIES") }

    /// - Throws: `InferenceError.unavailable` when OpenVINO or its plugin for this processor cannot be loaded, and
    ///   `InferenceError.invalidConfiguration`.
    public init(_ configuration: Configuration = .init()) throws {
        let threads = configuration.threads ?? Processor.availableCores
        guard threads >= 1 else { throw InferenceError.invalidConfiguration(reason: "threads is \(threads), less than 1") }
        guard configuration.concurrentRuns >= 1 else {
            throw InferenceError.invalidConfiguration(reason: "concurrentRuns is \(configuration.concurrentRuns), less than 1")
        }
        self.configuration = configuration
        self.threads = threads
        cache = configuration.cacheFolder.map {
            CompiledModelCache(folder: $0, limit: configuration.cacheLimit, diagnostics: configuration.diagnostics)
        }
        core = try OpenVINOCore()
        let capabilities: String
        do {
            capabilities = try core.property("OPTIMIZATION_CAPABILITIES")
        } catch InferenceError.engine(_, _, let reason) {
            throw OpenVINOLibrary.unavailable(reason)
        }
        supportsBFloat16 = capabilities.split(separator: " ").contains("BF16")
        prefersBFloat16 = supportsBFloat16 && Processor.hasBFloat16
        let streams = configuration.concurrentRuns
        environment = [
            OpenVINOCore.version, try core.property("FULL_DEVICE_NAME"), capabilities, Processor.instructionSets,
            "threads \(threads)", "streams \(streams)",
        ]
        for (key, value) in [
            ("PERFORMANCE_HINT", "LATENCY"),
            ("NUM_STREAMS", String(streams)),
            ("INFERENCE_NUM_THREADS", String(threads)),
            ("ENABLE_CPU_PINNING", configuration.pinsThreads ? "YES" : "NO"),
            ("PERF_COUNT", configuration.profiling ? "YES" : "NO"),
        ] { try core.set(key, value) }
    }

    public func divided(among runs: Int) throws -> OpenVINOEngine {
        var configuration = configuration
        configuration.threads = threads
        configuration.concurrentRuns = runs
        return try OpenVINOEngine(configuration)
    }

    /// The precision that `precision` stands for on this processor, where a graph does not ask for eight bits. `.automatic` is bfloat16
    /// where there are instructions for it (AVX512-BF16 or AMX); `.bfloat16` is float32 where the engine cannot compute in bfloat16.
    public func resolvedPrecision(_ precision: Precision) -> Precision {
        switch precision {
        case .automatic: prefersBFloat16 ? .bfloat16 : .float32
        case .bfloat16: supportsBFloat16 ? .bfloat16 : .float32
        case .float32: .float32
        }
    }

    public func compile(key: String, precision: Precision, model: () throws -> ONNXModel) throws -> any CompiledNetwork {
        try network(key: key, precision: precision, model: model)
    }

    public func ensure(_ key: String, _ check: () throws -> Void) throws {
        let note = cache?.note(for: key)
        if let note, note.isThere { return }
        try check()
        note?.leave()
    }

    /// `compile` with the type that tells the network's inputs, outputs and timings.
    /// - Throws: `InferenceError`, and what `model` throws.
    public func network(key: String, precision: Precision = .automatic, model: () throws -> ONNXModel) throws -> OpenVINONetwork {
        let precision = resolvedPrecision(precision)
        let entry = cache?.entry(for: [key, precision.rawValue] + environment)
        if let entry, let network = load(entry, precision) { return network }
        // Not under the lock: building a graph may take long and may compile other networks.
        let source = try model()
        if source.constantBytes > Self.smallestReloaded, let entry {
            // The stored form has the weights once, in pages that the system can drop; the network just compiled needs the graph's
            // constants beside its own. It is gone before the stored one is checked and read.
            entry.store { try export(source, precision, to: $0) }
            source.dropMappedPages()
            if let stored = load(entry, precision) { return stored }
        }
        let (compiled, names) = try withPrecision(precision) { try compile(source) }
        let network = try makeNetwork(compiled, names, memory: .constants(source.constants), precision)
        entry?.store {
            try network.export(to: $0)
            return try JSONEncoder().encode(names)
        }
        return network
    }

    /// Networks with more bytes of weights are read back from the cache as soon as they are in it.
    private static let smallestReloaded = 256 << 20

    /// Compiles a network and writes its compiled form only.
    /// - Returns: the details that belong to it.
    private func export(_ source: ONNXModel, _ precision: Precision, to path: String) throws -> Data {
        let (compiled, names) = try withPrecision(precision) { try compile(source) }
        defer { openVINO.compiled_model_free(compiled) }
        try check(openVINO.compiled_model_export_model(compiled, path), "write the compiled network")
        return try JSONEncoder().encode(names)
    }

    /// The cached network; nil when there is none or it is of no use.
    private func load(_ entry: CompiledModelCache.Entry, _ precision: Precision) -> OpenVINONetwork? {
        guard let stored = entry.load() else { return nil }
        do {
            let names = try JSONDecoder().decode(TensorNames.self, from: stored.details)
            let compiled = try withPrecision(precision) { try importModel(stored.blob) }
            stored.blob.dropMappedPages()
            return try makeNetwork(compiled, names, memory: .blob(stored.blob), precision)
        } catch {
            configuration.diagnostics?("The compiled network \(entry.url.path) is of no use and is made anew: \(error)")
            return nil
        }
    }

    private func withPrecision<R>(_ precision: Precision, _ body: () throws -> R) throws -> R {
        precisionLock.lock()
        defer { precisionLock.unlock() }
        try core.set("INFERENCE_PRECISION_HINT", precision == .bfloat16 ? "bf16" : "f32")
        return try body()
    }

    private func compile(_ source: ONNXModel) throws -> (OpaquePointer, TensorNames) {
        let model = try source.data.withUnsafeBytes { bytes in
            guard let start = bytes.bindMemory(to: CChar.self).baseAddress else {
                throw InferenceError.engine(OpenVINOLibrary.name, operation: "read the network", reason: "it is empty")
            }
            return try makeHandle("read the network") {
                openVINO.core_read_model_from_memory_buffer(core.handle, start, bytes.count, nil, $0)
            }
        }
        defer { openVINO.model_free(model) }
        // Building the graph has read the whole checkpoint to compare its checksums; compiling reads what it needs again.
        source.dropMappedPages()
        let names = try TensorNames(model: model)
        // An imported network has what it needs of this in its stored form. Engines that do not know it do without.
        try? core.set("SNIPPETS_MODE", source.loadsSooner ? "DISABLE" : "ENABLE")
        let compiled = try makeHandle("compile the network") {
            copenvino_core_compile_model(OpenVINOLibrary.functions, core.handle, model, OpenVINOCore.device, $0)
        }
        return (compiled, names)
    }

    private func importModel(_ blob: Data) throws -> OpaquePointer {
        try blob.withUnsafeBytes { bytes in
            try makeHandle("load a compiled network") {
                openVINO.core_import_model(
                    core.handle, bytes.bindMemory(to: CChar.self).baseAddress, bytes.count, OpenVINOCore.device, $0)
            }
        }
    }

    private func makeNetwork(
        _ compiled: OpaquePointer, _ names: TensorNames, memory: OpenVINONetwork.Memory, _ precision: Precision
    ) throws -> OpenVINONetwork {
        try OpenVINONetwork(
            compiled, names: names, core: core, memory: memory, precision: precision,
            concurrentRuns: configuration.concurrentRuns, profiling: configuration.profiling)
    }
}
