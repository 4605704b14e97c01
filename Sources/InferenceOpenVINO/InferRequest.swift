import COpenVINO
import Foundation
import Inference
import TensorFiles

/// One place to run a compiled network in: the tensors of one run. Used by one thread at a time.
final class InferRequest {
    private let handle: OpaquePointer
    private let inputs: [TensorDescription]
    private let outputs: [TensorDescription]

    init(_ compiled: OpaquePointer, inputs: [TensorDescription], outputs: [TensorDescription]) throws {
        handle = try makeHandle("prepare the network for running") { openVINO.compiled_model_create_infer_request(compiled, $0) }
        self.inputs = inputs
        self.outputs = outputs
    }

    deinit { openVINO.infer_request_free(handle) }

    /// Runs on validated inputs. The engine reads them, and writes outputs of static shape, where they lie. Every run replaces
    /// every wrapped tensor, so that the memory of an earlier run is never touched again.
    func run(_ given: [String: Tensor]) throws -> [String: Tensor] {
        var results: [String: Tensor] = [:]
        try bindInputs(from: 0, given) {
            try bindOutputs(from: 0, &results) {
                try check(openVINO.infer_request_infer(handle), "run the network")
            }
        }
        for (index, output) in outputs.enumerated() where output.staticShape == nil {
            results[output.name] = try copyOutput(index)
        }
        return results
    }

    private func bindInputs(from index: Int, _ given: [String: Tensor], then body: () throws -> Void) throws {
        guard index < inputs.count else { return try body() }
        let name = inputs[index].name
        guard let tensor = given[name] else { throw InferenceError.missingInput(name: name, expected: inputs.map(\.name)) }
        try tensor.withUnsafeBuffer { buffer in
            // The engine only reads inputs.
            let wrapped = try wrap(UnsafeMutableRawPointer(mutating: buffer.baseAddress), shape: tensor.shape)
            defer { openVINO.tensor_free(wrapped) }
            try check(openVINO.infer_request_set_input_tensor_by_index(handle, index, wrapped), "set the input \(name)")
            try bindInputs(from: index + 1, given, then: body)
        }
    }

    private func bindOutputs(from index: Int, _ results: inout [String: Tensor], then body: () throws -> Void) throws {
        guard index < outputs.count else { return try body() }
        guard let shape = outputs[index].staticShape else { return try bindOutputs(from: index + 1, &results, then: body) }
        let name = outputs[index].name
        let tensor = try Tensor(shape: shape) { buffer in
            let wrapped = try wrap(buffer.baseAddress, shape: shape)
            defer { openVINO.tensor_free(wrapped) }
            try check(openVINO.infer_request_set_output_tensor_by_index(handle, index, wrapped), "set the output \(name)")
            try bindOutputs(from: index + 1, &results, then: body)
        }
        results[name] = tensor
    }

    private func wrap(_ memory: UnsafeMutableRawPointer?, shape: [Int]) throws -> OpaquePointer {
        var sizes = shape.map(Int64.init)
        return try sizes.withUnsafeMutableBufferPointer { buffer in
            let shape = copenvino_shape(rank: Int64(buffer.count), dims: buffer.baseAddress)
            return try makeHandle("wrap a tensor") { openVINO.tensor_create_from_host_ptr(COPENVINO_F32, shape, memory, $0) }
        }
    }

    private func copyOutput(_ index: Int) throws -> Tensor {
        let output = try makeHandle("read an output") { openVINO.infer_request_get_output_tensor_by_index(handle, index, $0) }
        defer { openVINO.tensor_free(output) }
        var shape = copenvino_shape()
        try check(openVINO.tensor_get_shape(output, &shape), "read an output's shape")
        defer { _ = openVINO.shape_free(&shape) }
        let sizes = (0..<Int(shape.rank)).map { Int(shape.dims[$0]) }
        var data: UnsafeMutableRawPointer?
        try check(openVINO.tensor_data(output, &data), "read an output")
        return Tensor(shape: sizes) { buffer in
            guard let data, let target = buffer.baseAddress else { return }
            UnsafeMutableRawPointer(target).copyMemory(from: data, byteCount: buffer.count * MemoryLayout<Float>.stride)
        }
    }

    /// What the nodes took in the last run, in the order of execution.
    func timings() throws -> [NodeTiming] {
        var list = copenvino_profiling_info_list()
        try check(openVINO.infer_request_get_profiling_info(handle, &list), "read how long the nodes took")
        defer { openVINO.profiling_info_list_free(&list) }
        func text(_ pointer: UnsafePointer<CChar>?) -> String { pointer.map { String(cString: $0) } ?? "" }
        var timings: [NodeTiming] = []
        for node in UnsafeBufferPointer(start: list.profiling_infos, count: list.size) where node.status == COPENVINO_EXECUTED {
            timings.append(
                NodeTiming(
                    name: text(node.node_name), type: text(node.node_type), implementation: text(node.exec_type),
                    duration: .microseconds(node.real_time)))
        }
        return timings
    }
}
