import COpenVINO
import Foundation
import Inference
import TensorFiles

/// A network compiled by OpenVINO. Tensors go in, and come out where shapes are static, without being copied.
///
/// Any number of threads may call it; calls beyond `concurrentRuns` of the engine's configuration wait for their turn.
///
/// Sendable because the compiled model never changes, and `turn` guards the list of requests.
public final class OpenVINONetwork: CompiledNetwork, @unchecked Sendable {
    public let inputs: [TensorDescription]
    public let outputs: [TensorDescription]
    /// The arithmetic's precision: never `.automatic`.
    public let precision: Precision
    /// Whether `profile` works.
    private let profiling: Bool

    private let core: OpenVINOCore
    private let memory: Memory
    private let compiled: OpaquePointer

    private let turn = NSCondition()
    private var idleRequests: [InferRequest]
    private var requestsLeft: Int

    /// What the engine reads weights from, in place, as long as the network lives.
    enum Memory {
        /// The mapped file that an imported network came from.
        case blob(Data)
        /// The constants of the graph that was compiled.
        case constants([Tensor])
    }

    /// Takes ownership of `compiled`.
    init(
        _ compiled: OpaquePointer, names: TensorNames, core: OpenVINOCore, memory: Memory, precision: Precision, concurrentRuns: Int,
        profiling: Bool
    ) throws {
        self.core = core
        self.memory = memory
        self.compiled = compiled
        self.precision = precision
        self.profiling = profiling
        do {
            inputs = try Self.descriptions(names.inputs, count: { openVINO.compiled_model_inputs_size(compiled, $0) }) {
                openVINO.compiled_model_input_by_index(compiled, $0, $1)
            }
            outputs = try Self.descriptions(names.outputs, count: { openVINO.compiled_model_outputs_size(compiled, $0) }) {
                openVINO.compiled_model_output_by_index(compiled, $0, $1)
            }
            idleRequests = [try InferRequest(compiled, inputs: inputs, outputs: outputs)]
            requestsLeft = concurrentRuns - 1
        } catch {
            openVINO.compiled_model_free(compiled)
            throw error
        }
    }

    deinit {
        idleRequests = []
        openVINO.compiled_model_free(compiled)
    }

    private static func descriptions(
        _ names: [String], count: (UnsafeMutablePointer<Int>) -> copenvino_status,
        port: (Int, UnsafeMutablePointer<OpaquePointer?>) -> copenvino_status
    ) throws -> [TensorDescription] {
        var size = 0
        try check(count(&size), "count the network's tensors")
        guard size == names.count else {
            throw InferenceError.engine(
                OpenVINOLibrary.name, operation: "match the network's tensors", reason: "it has \(size), \(names.count) are named")
        }
        return try names.enumerated().map { index, name in
            let handle = try makeHandle("read the network's tensors") { port(index, $0) }
            defer { openVINO.output_const_port_free(handle) }
            return try TensorDescription(port: handle, name: name)
        }
    }

    public func callAsFunction(_ inputs: [String: Tensor]) throws -> [String: Tensor] {
        try validate(inputs)
        return try withRequest { try $0.run(inputs) }
    }

    /// Runs the network once and returns what each node took, in the order of execution.
    /// - Throws: `InferenceError.invalidConfiguration` unless the engine was configured with `profiling`.
    public func profile(_ inputs: [String: Tensor]) throws -> [NodeTiming] {
        guard profiling else {
            throw InferenceError.invalidConfiguration(reason: "nodes are timed only by an engine whose configuration has `profiling`")
        }
        try validate(inputs)
        return try withRequest { request in
            _ = try request.run(inputs)
            return try request.timings()
        }
    }

    /// Writes the compiled form, which `ov_core_import_model` reads, to a new file.
    func export(to path: String) throws {
        try check(openVINO.compiled_model_export_model(compiled, path), "write the compiled network")
    }

    private func withRequest<R>(_ body: (InferRequest) throws -> R) throws -> R {
        let request = try takeRequest()
        defer {
            turn.withLock { idleRequests.append(request) }
            turn.signal()
        }
        return try body(request)
    }

    private func takeRequest() throws -> InferRequest {
        turn.lock()
        defer { turn.unlock() }
        while true {
            if let request = idleRequests.popLast() { return request }
            if requestsLeft > 0 {
                let request = try InferRequest(compiled, inputs: inputs, outputs: outputs)
                requestsLeft -= 1
                return request
            }
            turn.wait()
        }
    }

    private func validate(_ given: [String: Tensor]) throws {
        if let unknown = given.keys.sorted().first(where: { name in !inputs.contains { $0.name == name } }) {
            throw InferenceError.unknownInput(name: unknown, expected: inputs.map(\.name))
        }
        for input in inputs {
            guard let tensor = given[input.name] else {
                throw InferenceError.missingInput(name: input.name, expected: inputs.map(\.name))
            }
            guard input.accepts(tensor.shape) else {
                throw InferenceError.shapeMismatch(input: input.name, expected: input.shape ?? [], given: tensor.shape)
            }
        }
    }
}
