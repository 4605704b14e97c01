import TensorFiles

/// Zero padding of the two spatial axes, in pixels.
public struct Padding: Sendable {
    public var top: Int
    public var left: Int
    public var bottom: Int
    public var right: Int

    public init(top: Int, left: Int, bottom: Int, right: Int) {
        (self.top, self.left, self.bottom, self.right) = (top, left, bottom, right)
    }

    /// The same on all sides.
    public init(_ all: Int) {
        self.init(top: all, left: all, bottom: all, right: all)
    }
}

extension Value {
    /// Two-dimensional convolution of N x C x H x W with weights O x C/groups x k x k.
    public func convolved(
        with weight: Value, bias: Value?, stride: Int = 1, padding: Padding = Padding(0), groups: Int = 1, dilation: Int = 1
    ) -> Value {
        precondition(rank == 4 && weight.rank == 4 && weight.shape[1] * groups == shape[1], "convolve \(shape) with \(weight.shape)")
        func size(_ length: Int, _ kernel: Int, _ pads: Int) -> Int { (length + pads - dilation * (kernel - 1) - 1) / stride + 1 }
        let height = size(shape[2], weight.shape[2], padding.top + padding.bottom)
        let width = size(shape[3], weight.shape[3], padding.left + padding.right)
        return graph.node(
            "Conv", [self, weight] + (bias.map { [$0] } ?? []), shape: [shape[0], weight.shape[0], height, width],
            attributes: [
                .ints("kernel_shape", Array(weight.shape[2...])), .ints("strides", [stride, stride]), .int("group", groups),
                .ints("dilations", [dilation, dilation]), .ints("pads", [padding.top, padding.left, padding.bottom, padding.right]),
            ])
    }

    /// Mean over `size` x `size` blocks.
    public func averagePooled(_ size: Int) -> Value {
        precondition(rank == 4, "average pooling of \(shape)")
        return graph.node(
            "AveragePool", [self], shape: [shape[0], shape[1], shape[2] / size, shape[3] / size],
            attributes: [.ints("kernel_shape", [size, size]), .ints("strides", [size, size])])
    }

    /// Bilinear enlargement of the two spatial axes with half-pixel centres (`align_corners=False`).
    public func upsampled(_ factor: Int) -> Value {
        precondition(rank == 4, "resize of \(shape)")
        let scales = graph.constant(Tensor(shape: [4], [1, 1, Float(factor), Float(factor)]), name: "scales:\(factor)")
        return graph.node(
            "Resize", [self, nil, scales], shape: [shape[0], shape[1], shape[2] * factor, shape[3] * factor],
            attributes: [.string("mode", "linear"), .string("coordinate_transformation_mode", "half_pixel")])
    }
}
