import COpenVINO
import Foundation
import TensorFiles

/// A compiled network. Tensors are handed to OpenVINO and back without copying where shapes are static.
///
/// Runs are serialised by a lock: the network uses all its threads for one run anyway.
final class OpenVINONetwork: CompiledNetwork, @unchecked Sendable {
    private let core: OpenVINOCore
    /// An imported network reads its weights from the file it came from.
    private let blob: Data?
    private let compiled: OpaquePointer
    private let request: OpaquePointer
    private let lock = NSLock()
    let inputs: [Port]
    let outputs: [Port]

    /// Takes ownership of `compiled`.
    init(_ compiled: OpaquePointer, core: OpenVINOCore, blob: Data? = nil) throws {
        self.core = core
        self.blob = blob
        self.compiled = compiled
        do {
            inputs = try Self.ports(count: { ov_compiled_model_inputs_size(compiled, $0) }) {
                ov_compiled_model_input_by_index(compiled, $0, $1)
            }
            outputs = try Self.ports(count: { ov_compiled_model_outputs_size(compiled, $0) }) {
                ov_compiled_model_output_by_index(compiled, $0, $1)
            }
            request = try makeHandle("prepare the network") { ov_compiled_model_create_infer_request(compiled, $0) }
        } catch {
            ov_compiled_model_free(compiled)
            throw error
        }
    }

    deinit {
        ov_infer_request_free(request)
        ov_compiled_model_free(compiled)
    }

    private static func ports(
        count: (UnsafeMutablePointer<Int>) -> ov_status_e, port: (Int, UnsafeMutablePointer<OpaquePointer?>) -> ov_status_e
    ) throws -> [Port] {
        var size = 0
        try check(count(&size), "count the network's tensors")
        return try (0..<size).map { index in
            let handle = try makeHandle("read the network's tensors") { port(index, $0) }
            defer { ov_output_const_port_free(handle) }
            return try Port(handle)
        }
    }

    func callAsFunction(_ given: [String: Tensor]) throws -> [String: Tensor] {
        try validate(given)
        lock.lock()
        defer { lock.unlock() }
        var handles: [OpaquePointer] = []
        defer { handles.forEach { ov_tensor_free($0) } }

        // The wrapped memory stays alive through `given` and `results` until the run is over.
        for (index, port) in inputs.enumerated() {
            guard let tensor = given[port.name] else { continue }
            let handle = try tensor.withUnsafeBuffer { try wrap(UnsafeMutableRawPointer(mutating: $0.baseAddress), shape: tensor.shape) }
            handles.append(handle)
            try check(ov_infer_request_set_input_tensor_by_index(request, index, handle), "set the input \(port.name)")
        }
        var results: [String: Tensor] = [:]
        for (index, port) in outputs.enumerated() where port.isStatic {
            let shape = port.shape.compactMap { $0 }
            let tensor = Tensor(shape: shape) { _ in }
            let handle = try tensor.withUnsafeBuffer { try wrap(UnsafeMutableRawPointer(mutating: $0.baseAddress), shape: shape) }
            handles.append(handle)
            try check(ov_infer_request_set_output_tensor_by_index(request, index, handle), "set the output \(port.name)")
            results[port.name] = tensor
        }
        try check(ov_infer_request_infer(request), "run the network")
        for (index, port) in outputs.enumerated() where !port.isStatic {
            results[port.name] = try copyOutput(index)
        }
        withExtendedLifetime(given) {}
        return results
    }

    private func validate(_ given: [String: Tensor]) throws {
        let names = inputs.map(\.name)
        if let unknown = given.keys.sorted().first(where: { !names.contains($0) }) {
            throw InferenceError.unknownInput(name: unknown, expected: names)
        }
        for port in inputs {
            guard let tensor = given[port.name] else { throw InferenceError.missingInput(name: port.name, expected: names) }
            guard port.accepts(tensor.shape) else {
                throw InferenceError.shapeMismatch(input: port.name, expected: port.shape, given: tensor.shape)
            }
        }
    }

    private func wrap(_ memory: UnsafeMutableRawPointer?, shape: [Int]) throws -> OpaquePointer {
        var dimensions = shape.map(Int64.init)
        return try dimensions.withUnsafeMutableBufferPointer { buffer in
            let shape = ov_shape_t(rank: Int64(buffer.count), dims: buffer.baseAddress)
            return try makeHandle("wrap a tensor") { ov_tensor_create_from_host_ptr(F32, shape, memory, $0) }
        }
    }

    private func copyOutput(_ index: Int) throws -> Tensor {
        let handle = try makeHandle("read an output") { ov_infer_request_get_output_tensor_by_index(request, index, $0) }
        defer { ov_tensor_free(handle) }
        var shape = ov_shape_t()
        try check(ov_tensor_get_shape(handle, &shape), "read an output's shape")
        defer { ov_shape_free(&shape) }
        var data: UnsafeMutableRawPointer?
        try check(ov_tensor_data(handle, &data), "read an output")
        let dimensions = (0..<Int(shape.rank)).map { Int(shape.dims[$0]) }
        return Tensor(shape: dimensions) { buffer in
            guard let data, let target = buffer.baseAddress else { return }
            UnsafeMutableRawPointer(target).copyMemory(from: data, byteCount: buffer.count * 4)
        }
    }
}
