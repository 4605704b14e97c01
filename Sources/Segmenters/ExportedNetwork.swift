import Media
import NeuralGraph

/// One of a segmenter's networks for other programs, with what they must know of it.
public struct ExportedNetwork: Sendable {
    /// `encoder` or `decoder`.
    public let name: String
    /// What it computes, and in which precision it must run, for people.
    public let purpose: String
    public let model: ONNXModel
    public let inputs: [Tensor]
    public let outputs: [Tensor]

    /// An input or an output; all are float32.
    public struct Tensor: Sendable, Equatable, Codable {
        public var name: String
        public var shape: [Int]
        public var meaning: String
    }

    /// - Parameter meanings: of every input and output, by its name.
    init(_ name: String, purpose: String, model: ONNXModel, meanings: [String: String]) throws {
        (self.name, self.purpose, self.model) = (name, purpose, model)
        let ports = try model.ports()
        func described(_ ports: [ONNXModel.Port]) -> [Tensor] {
            ports.map { Tensor(name: $0.name, shape: $0.shape, meaning: meanings[$0.name] ?? "") }
        }
        (inputs, outputs) = (described(ports.inputs), described(ports.outputs))
    }
}

/// A segmenter whose networks can be given to other programs.
public protocol ExportableSegmenter: PromptableSegmenter {
    /// The image encoder.
    /// - Parameter frame: the size of the frames, for segmenters whose networks depend on it.
    func exportedEncoder(frame: ImageSize) throws -> ExportedNetwork
    /// The decoder for a fixed number of objects, each with at most so many points.
    func exportedDecoder(frame: ImageSize, objects: Int, points: Int) throws -> ExportedNetwork
}
