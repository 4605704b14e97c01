import Foundation
import TensorFiles

extension Value {
    /// Rounded to one of 256 levels spread over `range`, 0 among them. Engines keep such values in eight bits and multiply them so.
    /// Sums that this value is a part of add the rounded one from here on: engines add it as they compute the other part.
    func inEightBits(_ range: ClosedRange<Float>) -> Value {
        if let known = graph.rounded(self) { return known }
        let (low, high) = (Swift.min(range.lowerBound, 0), Swift.max(range.upperBound, 0))
        let scale = Swift.max(high - low, .leastNormalMagnitude) / 255
        let zero = UInt8(Swift.max(0, Swift.min(255, (-low / scale).rounded())))
        let result = quantized(
            scale: graph.constant(scale), zero: graph.bytes([zero], .uint8, shape: [], name: "zero:\(zero)"), .uint8, axis: nil)
        graph.round(self, to: result)
        return result
    }

    /// Weights whose first axis is the output channels, each with levels of its own: 127 of the 255 that eight bits hold. Processors
    /// without instructions for dot products of bytes add pairs of products in 16 bits, which overflow beyond that; so results are the
    /// same on all.
    func weightsInEightBits(_ weights: Tensor) -> Value {
        let channels = weights.shape[0]
        let scales = weights.withUnsafeBuffer { all in
            (0..<channels).map { channel in
                let size = all.count / channels
                let largest = all[(channel * size)..<((channel + 1) * size)].reduce(0) { Swift.max($0, Swift.abs($1)) }
                return Swift.max(largest, .leastNormalMagnitude) / 63
            }
        }
        return quantized(
            scale: graph.constant(Tensor(shape: [channels], scales)),
            zero: graph.bytes([UInt8](repeating: 0, count: channels), .int8, shape: [channels], name: "zeros:\(channels)"), .int8, axis: 0)
    }

    private func quantized(scale: Value, zero: Value, _ type: ElementType, axis: Int?) -> Value {
        let attributes: [Attribute] = axis.map { [.int("axis", $0)] } ?? []
        let levels = graph.node("QuantizeLinear", [self, scale, zero], shape: shape, type: type, attributes: attributes)
        return graph.node("DequantizeLinear", [levels, scale, zero], shape: shape, attributes: attributes)
    }
}
