import NeuralGraph

/// Enlarging a flow of cells eightfold; its values, in cells, become pixels.
enum RAFTUpsampling {
    /// Every pixel blends the flows of the 3 x 3 cells around its own; outside of the map they are 0.
    /// - Parameters:
    ///   - flow: 1 x 2 x h x w.
    ///   - logits: of the weights, 1 x 576 x h x w: 9 cells x 8 x 8 pixels.
    /// - Returns: 1 x 2 x 8h x 8w.
    static func convex(_ flow: Value, logits: Value) -> Value {
        let (h, w) = (flow.shape[2], flow.shape[3])
        let weights = logits.reshaped([9, 1, 64, h * w]).softmax(axis: 0)
        let padded = (flow * Float(RAFTArchitecture.stride)).padded(Padding(1))
        let neighbours = (0..<9).map { index in
            padded.sliced(axis: 2, (index / 3)..<(index / 3 + h)).sliced(axis: 3, (index % 3)..<(index % 3 + w)).reshaped([1, 2, 1, h * w])
        }
        let blended = (weights * Value.concatenate(neighbours, axis: 0)).sum([0])
        return blended.reshaped([2, 8, 8, h, w]).transposed([0, 3, 1, 4, 2]).reshaped([1, 2, 8 * h, 8 * w])
    }

    /// Bilinear, the centres of the corner cells on those of the corner pixels.
    static func bilinear(_ flow: Value) -> Value {
        let stride = RAFTArchitecture.stride
        return flow.resized(height: stride * flow.shape[2], width: stride * flow.shape[3], alignment: .corners) * Float(stride)
    }
}
