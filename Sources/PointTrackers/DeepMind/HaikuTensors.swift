import TensorFiles

/// A Haiku checkpoint (`.npy`) under PyTorch's names and in PyTorch's layouts, so that a network is written once for both.
///
/// The root module and `~` are left out, the rest is joined by dots; `w` and `scale` are called `weight`, `b` and `offset` `bias`.
/// Convolutions are turned from height x width x in x out to out x in x height x width (a third kernel axis of size 1 before them is
/// dropped), one-dimensional ones from width x in x out to out x in x width, and linear layers from in x out to out x in.
struct HaikuTensors: TensorSource {
    private let source: any TensorSource
    /// The file's names by PyTorch's.
    private let originals: [String: String]

    /// - Parameters:
    ///   - root: the root module's name; tensors elsewhere are left out.
    ///   - rename: further changes of a name.
    init(_ source: any TensorSource, root: String, rename: (String) -> String = { $0 }) {
        self.source = source
        var originals: [String: String] = [:]
        for name in source.tensorNames {
            guard let plain = Self.plainName(name, root: root) else { continue }
            originals[rename(plain)] = name
        }
        self.originals = originals
    }

    private static let parameters = ["w": "weight", "scale": "weight", "b": "bias", "offset": "bias"]

    private static func plainName(_ name: String, root: String) -> String? {
        var parts = name.split(separator: "/").filter { $0 != "~" }.map(String.init)
        guard parts.count > 1, parts.removeFirst() == root, let last = parts.popLast() else { return nil }
        return (parts + [parameters[last] ?? last]).joined(separator: ".")
    }

    var name: String { source.name }
    var fingerprint: String { source.fingerprint }
    var tensorNames: [String] { originals.keys.sorted() }

    func shape(of tensor: String) -> [Int]? {
        guard let original = originals[tensor], let shape = source.shape(of: original) else { return nil }
        return Self.isWeight(original) ? Self.order(shape).map { shape[$0] } : shape
    }

    func tensor(_ name: String) throws -> Tensor {
        guard let original = originals[name] else { throw TensorFileError.missingTensor(file: source.name, tensor: name) }
        let tensor = try source.tensor(original)
        return Self.isWeight(original) ? Self.transposed(tensor, Self.order(tensor.shape)) : tensor
    }

    private static func isWeight(_ original: String) -> Bool { original.hasSuffix("/w") }

    /// PyTorch's axes in terms of Haiku's.
    private static func order(_ shape: [Int]) -> [Int] {
        let rank = shape.count
        guard rank >= 2 else { return Array(0..<rank) }
        // The kernel of a three-dimensional convolution of single frames.
        let first = rank == 5 && shape[0] == 1 ? 1 : 0
        return [rank - 1, rank - 2] + Array(first..<(rank - 2))
    }

    private static func transposed(_ tensor: Tensor, _ order: [Int]) -> Tensor {
        let from = tensor.shape
        guard order.count >= 2 else { return tensor }
        var strides = [Int](repeating: 1, count: from.count)
        for axis in from.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * from[axis + 1] }
        let shape = order.map { from[$0] }
        let (outputs, inputs) = (shape[0], shape[1])
        // The kernel's axes keep their order: one axis.
        let area = shape.dropFirst(2).reduce(1, *)
        let (outputStride, inputStride, areaStride) = (strides[order[0]], strides[order[1]], inputs * outputs)
        return Tensor(shape: shape) { target in
            tensor.withUnsafeBuffer { values in
                var next = 0
                for o in 0..<outputs {
                    for i in 0..<inputs {
                        var position = o * outputStride + i * inputStride
                        for _ in 0..<area {
                            target[next] = values[position]
                            next += 1
                            position += areaStride
                        }
                    }
                }
            }
        }
    }
}
