import NeuralGraph
import TensorFiles

/// A 3 x 3 convolution with zeros around of maps that are enlarged first, bilinearly, the centres of the corner cells laid on each other.
///
/// Both are linear, so the order may be changed: maps are enlarged in width, convolved in width while they are still as low as they were,
/// and the three rows of the kernel's results enlarged in height. That is the same up to rounding, with half the multiplications for maps
/// of half the height, and a quarter for those of a quarter. Meant for float32: where multiplications cost less, what is moved costs more.
struct EnlargedConvolution: Sendable {
    private let weight: Tensor
    private let key: String

    /// - Parameter weights: of the convolution, of which `callAsFunction` takes some input channels.
    init(_ weights: Weights, from inputs: Int, to outputs: Int) throws {
        weight = try weights.tensor("weight", shape: [outputs, inputs, 3, 3])
        key = weights.prefix
    }

    /// - Parameters:
    ///   - maps: 1 x channels x height x width, each with the first of the convolution's input channels that it takes.
    ///   - size: what they are enlarged to.
    /// - Returns: the sum of their convolutions, without the bias: 1 x outputs x height x width.
    func callAsFunction(_ maps: [(map: Value, firstInput: Int)], height: Int, width: Int) -> Value {
        precondition(!maps.isEmpty)
        let graph = maps[0].map.graph
        let outputs = weight.shape[0]
        // (kernel row, map row) x (column, output), and how much of each is in a row of the result.
        var parts: [Value] = []
        var blend: [[Float]] = Array(repeating: [], count: height)
        for (map, firstInput) in maps {
            let (channels, rows, columns) = (map.shape[1], map.shape[2], map.shape[3])
            let inWidth = Tensor(
                shape: [3 * width, columns],
                (0..<width).flatMap { x in (-1...1).flatMap { Self.blend(x + $0, of: width, from: columns) } })
            // map row x (column, kernel column) x channel
            let wide = graph.constant(inWidth, name: "enlarging:\(columns)-\(width)")
                .matmul(map.channelsLast().reshaped([rows, columns, channels]))
                .reshaped([rows * width, 3 * channels])
            let taken = firstInput..<(firstInput + channels)
            for kernelRow in 0..<3 {
                let kernel = graph.constant(kernel(row: kernelRow, inputs: taken), name: "\(key)\(taken).row\(kernelRow)")
                parts.append(wide.matmul(kernel.transposed()).reshaped([rows, width * outputs]))
                for y in 0..<height { blend[y] += Self.blend(y + kernelRow - 1, of: height, from: rows) }
            }
        }
        let all = Value.concatenate(parts, axis: 0)
        let inHeight = graph.constant(Tensor(shape: [height, all.shape[0]], blend.flatMap { $0 }))
        return inHeight.matmul(all).reshaped([1, height, width, outputs]).channelsFirst()
    }

    /// Outputs x (kernel column, input).
    private func kernel(row: Int, inputs range: Range<Int>) -> Tensor {
        let (outputs, inputs) = (weight.shape[0], weight.shape[1])
        return Tensor(shape: [outputs, 3 * range.count]) { target in
            weight.withUnsafeBuffer { weight in
                var next = 0
                for output in 0..<outputs {
                    for column in 0..<3 {
                        for input in range {
                            target[next] = weight[(output * inputs + input) * 9 + row * 3 + column]
                            next += 1
                        }
                    }
                }
            }
        }
    }

    /// How much of each of `count` cells is in the cell `index` of `length` that they are enlarged to; all 0 for one outside. Rounded as in
    /// the reference.
    private static func blend(_ index: Int, of length: Int, from count: Int) -> [Float] {
        var shares = [Float](repeating: 0, count: count)
        guard (0..<length).contains(index) else { return shares }
        let place = length > 1 ? Float(count - 1) / Float(length - 1) * Float(index) : 0
        let low = min(Int(place), count - 1)
        let fraction = place - Float(low)
        shares[low] += 1 - fraction
        shares[min(low + 1, count - 1)] += fraction
        return shares
    }
}
