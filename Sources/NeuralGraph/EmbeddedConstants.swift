import Foundation
import SwiftProtobuf
import TensorFiles

extension ONNXModel {
    /// The same network with every constant inside the protobuf: what programs other than this process can read. Below 2 GB only.
    /// - Throws: when the protobuf cannot be read or serialised.
    package func embeddingConstants() throws -> ONNXModel {
        var model = try Onnx_ModelProto(serializedBytes: data)
        // Constants that lie in a mapped file may begin at one place and differ in length.
        func place(_ address: Int, _ length: Int) -> String { "\(address):\(length)" }
        let known = Dictionary(constants.map { tensor in
            (tensor.withUnsafeBuffer { place(Int(bitPattern: $0.baseAddress), $0.count * MemoryLayout<Float>.stride) }, tensor)
        }) { first, _ in first }
        for index in model.graph.initializer.indices where model.graph.initializer[index].dataLocation == .external {
            let entries = model.graph.initializer[index].externalData
            func number(_ key: String) -> Int { entries.first { $0.key == key }.flatMap { Int($0.value) } ?? 0 }
            guard let tensor = known[place(number("offset"), number("length"))] else { continue }
            model.graph.initializer[index].rawData = tensor.withUnsafeBuffer { Data(buffer: $0) }
            model.graph.initializer[index].externalData = []
            model.graph.initializer[index].dataLocation = .default
        }
        return ONNXModel(data: try model.serializedData())
    }
}
