import Media
import TensorFiles

/// Where each pixel of one frame lies in another, as a displacement in pixels.
struct FlowField: Sendable {
    /// 1 x 2 x height x width of the network's input, around the frame's pixels.
    let values: Tensor
    let grid: RAFTInputGrid

    /// The displacement at a position with pixel centres at whole numbers, bilinear. Beyond the frame's border the outermost pixels are
    /// continued, with the weights of the position itself, as in <https://github.com/aharley/pips>.
    func sample(at position: SIMD2<Float>) -> SIMD2<Float> {
        guard abs(position.x) < 1e6, abs(position.y) < 1e6 else { return SIMD2(repeating: .nan) }
        let floor = position.rounded(.down)
        let fraction = position - floor
        let (x0, y0) = (Int(floor.x), Int(floor.y))
        func column(_ x: Int) -> Int { min(max(x, 0), grid.frame.width - 1) + grid.left }
        func row(_ y: Int) -> Int { (min(max(y, 0), grid.frame.height - 1) + grid.top) * grid.input.width }
        let plane = grid.input.pixelCount
        return values.withUnsafeBuffer { values in
            func pixel(_ x: Int, _ y: Int) -> SIMD2<Float> {
                let i = row(y) + column(x)
                return SIMD2(values[i], values[plane + i])
            }
            let (topLeft, topRight) = (pixel(x0, y0) * (1 - fraction.x), pixel(x0 + 1, y0) * fraction.x)
            let (bottomLeft, bottomRight) = (pixel(x0, y0 + 1) * (1 - fraction.x), pixel(x0 + 1, y0 + 1) * fraction.x)
            return (topLeft + topRight) * (1 - fraction.y) + (bottomLeft + bottomRight) * fraction.y
        }
    }

    /// The displacements of the frame's own pixels: 1 x 2 x height x width.
    var cropped: Tensor {
        let (frame, width) = (grid.frame, grid.input.width)
        return Tensor(shape: [1, 2, frame.height, frame.width]) { target in
            values.withUnsafeBuffer { values in
                for plane in 0..<2 {
                    for y in 0..<frame.height {
                        let from = plane * grid.input.pixelCount + (y + grid.top) * width + grid.left
                        for x in 0..<frame.width { target[(plane * frame.height + y) * frame.width + x] = values[from + x] }
                    }
                }
            }
        }
    }
}
