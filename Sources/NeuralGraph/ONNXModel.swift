import Foundation

/// A traced network as a serialised ONNX model.
public struct ONNXModel: Sendable {
    /// The protobuf bytes.
    public var data: Data
    public init(data: Data) { self.data = data }
}
