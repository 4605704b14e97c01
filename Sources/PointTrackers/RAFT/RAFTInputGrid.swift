import Media
import TensorFiles

/// How a frame lies in RAFT's input: repeated at its borders to a multiple of 8 pixels, the smaller half of them at the left and at the
/// top; and to at least 64, so that every level of the correlations has a cell.
struct RAFTInputGrid: Sendable, Equatable {
    let frame: ImageSize
    /// The size of the maps.
    let cells: ImageSize
    /// Where the frame's first pixel lies in the input.
    let left, top: Int

    var input: ImageSize { ImageSize(width: cells.width * RAFTArchitecture.stride, height: cells.height * RAFTArchitecture.stride) }

    /// - Parameter leastCells: the least width and height of the maps.
    init(frame: ImageSize, leastCells: Int = 1 << (RAFTArchitecture.levels - 1)) {
        self.frame = frame
        func count(_ length: Int) -> Int { max(leastCells, (length + RAFTArchitecture.stride - 1) / RAFTArchitecture.stride) }
        cells = ImageSize(width: count(frame.width), height: count(frame.height))
        left = (cells.width * RAFTArchitecture.stride - frame.width) / 2
        top = (cells.height * RAFTArchitecture.stride - frame.height) / 2
    }

    /// The frame's column that a column of the input repeats.
    func column(_ x: Int) -> Int { min(max(x - left, 0), frame.width - 1) }
    /// The frame's row that a row of the input repeats.
    func row(_ y: Int) -> Int { min(max(y - top, 0), frame.height - 1) }

    /// The network's input of a frame: 1 x 3 x height x width.
    /// - Parameter planes: the frame, 1 x 3 x its height x its width, -1 to 1.
    func padded(_ planes: Tensor) -> Tensor {
        let (width, height) = (input.width, input.height)
        return Tensor(shape: [1, 3, height, width]) { target in
            planes.withUnsafeBuffer { planes in
                for channel in 0..<3 {
                    for y in 0..<height {
                        let from = (channel * frame.height + row(y)) * frame.width
                        let to = (channel * height + y) * width
                        for x in 0..<width { target[to + x] = planes[from + column(x)] }
                    }
                }
            }
        }
    }
}
