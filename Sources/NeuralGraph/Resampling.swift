import TensorFiles

// Pooling, padding, and sampling of the two spatial axes of N x C x H x W.
extension Value {
    /// The largest value of each window; positions outside count as minus infinity.
    public func maxPooled(_ size: Int, stride: Int? = nil, padding: Int = 0) -> Value {
        let stride = stride ?? size
        precondition(
            rank == 4 && size > 0 && stride > 0 && padding < size && shape[2] + 2 * padding >= size && shape[3] + 2 * padding >= size,
            "max pooling of \(shape): size \(size), stride \(stride), padding \(padding)")
        func length(_ n: Int) -> Int { (n + 2 * padding - size) / stride + 1 }
        return graph.node(
            "MaxPool", [self], shape: [shape[0], shape[1], length(shape[2]), length(shape[3])],
            attributes: [
                .ints("kernel_shape", [size, size]), .ints("strides", [stride, stride]),
                .ints("pads", [padding, padding, padding, padding]),
            ])
    }

    /// Transposed convolution with weights C x O/groups x k x k and the same padding on all sides.
    public func convolvedTransposed(
        with weight: Value, bias: Value?, stride: Int = 1, padding: Int = 0, outputPadding: Int = 0, groups: Int = 1
    ) -> Value {
        precondition(
            rank == 4 && weight.rank == 4 && weight.shape[0] == shape[1] && shape[1] % groups == 0
                && (outputPadding == 0 || outputPadding < stride),
            "transposed convolution of \(shape) with \(weight.shape), \(groups) groups")
        func length(_ n: Int, _ kernel: Int) -> Int { (n - 1) * stride - 2 * padding + kernel + outputPadding }
        return graph.node(
            "ConvTranspose", [self, weight] + (bias.map { [$0] } ?? []),
            shape: [shape[0], weight.shape[1] * groups, length(shape[2], weight.shape[2]), length(shape[3], weight.shape[3])],
            attributes: [
                .ints("kernel_shape", Array(weight.shape[2...])), .ints("strides", [stride, stride]),
                .ints("pads", [padding, padding, padding, padding]), .ints("output_padding", [outputPadding, outputPadding]),
                .int("group", groups),
            ])
    }

    /// How positions of an enlarged or reduced grid map to the original's.
    public enum GridAlignment: Sendable {
        /// Pixel centres at +0.5 (`align_corners=False`).
        case halfPixel
        /// The centres of the corner pixels coincide (`align_corners=True`).
        case corners
    }

    /// Bilinear resizing to a given size, without smoothing when it gets smaller.
    public func resized(height: Int, width: Int, alignment: GridAlignment = .halfPixel) -> Value {
        precondition(rank == 4 && height > 0 && width > 0, "resize \(shape) to \(height) x \(width)")
        let result = [shape[0], shape[1], height, width]
        let transformation = alignment == .halfPixel ? "half_pixel" : "align_corners"
        return graph.node(
            "Resize", [self, nil, nil, graph.integers(result)], shape: result,
            attributes: [.string("mode", "linear"), .string("coordinate_transformation_mode", transformation)])
    }

    /// What lies outside of the grid.
    public enum PaddingMode: String, Sendable {
        case constant
        case edge
        case reflect
    }

    /// Padding of the two spatial axes.
    public func padded(_ padding: Padding, mode: PaddingMode = .constant, value: Float = 0) -> Value {
        precondition(
            rank == 4 && [padding.top, padding.left, padding.bottom, padding.right].allSatisfy { $0 >= 0 }
                && (mode != .reflect
                    || Swift.max(padding.top, padding.bottom) < shape[2] && Swift.max(padding.left, padding.right) < shape[3]),
            "pad \(shape) by \(padding)")
        return graph.node(
            "Pad",
            [self, graph.integers([0, 0, padding.top, padding.left, 0, 0, padding.bottom, padding.right])]
                + (mode == .constant ? [graph.constant(value)] : []),
            shape: [shape[0], shape[1], shape[2] + padding.top + padding.bottom, shape[3] + padding.left + padding.right],
            attributes: [.string("mode", mode.rawValue)])
    }

    /// Zeros after the last elements of each axis: `counts` of them.
    public func paddedAtEnd(_ counts: [Int]) -> Value {
        precondition(counts.count == rank && counts.allSatisfy { $0 >= 0 }, "pad \(shape) by \(counts)")
        guard counts.contains(where: { $0 > 0 }) else { return self }
        return graph.node(
            "Pad", [self, graph.integers([Int](repeating: 0, count: rank) + counts), graph.constant(0)],
            shape: zip(shape, counts).map { $0 + $1 })
    }

    /// Bilinear samples at `grid` (N x h x w x 2 = (x, y), -1 to 1 across the map): N x C x h x w.
    /// - Parameter outside: `.constant` samples zeros outside, `.edge` the nearest border value.
    public func sampled(at grid: Value, alignment: GridAlignment = .halfPixel, outside: PaddingMode = .constant) -> Value {
        precondition(
            rank == 4 && grid.rank == 4 && grid.shape[0] == shape[0] && grid.shape[3] == 2, "sample \(shape) at a grid \(grid.shape)")
        let mode =
            switch outside {
            case .constant: "zeros"
            case .edge: "border"
            case .reflect: "reflection"
            }
        return graph.node(
            "GridSample", [self, grid], shape: [shape[0], shape[1], grid.shape[1], grid.shape[2]],
            attributes: [
                .string("mode", "linear"), .string("padding_mode", mode), .int("align_corners", alignment == .corners ? 1 : 0),
            ])
    }
}

/// A transposed convolution with bias; reads `weight` (in x out/groups x k x k) and `bias`.
public struct ConvTranspose2d: Sendable {
    private let weight: Tensor
    private let bias: Tensor
    private let key: String
    private let stride: Int
    private let padding: Int

    public init(_ weights: Weights, from inputs: Int, to outputs: Int, kernel: Int, stride: Int, padding: Int = 0) throws {
        weight = try weights.tensor("weight", shape: [inputs, outputs, kernel, kernel])
        bias = try weights.tensor("bias", shape: [outputs])
        key = weights.prefix
        self.stride = stride
        self.padding = padding
    }

    public func callAsFunction(_ x: Value) -> Value {
        x.convolvedTransposed(
            with: x.graph.constant(weight, name: key + "weight"), bias: x.graph.constant(bias, name: key + "bias"), stride: stride,
            padding: padding)
    }
}
