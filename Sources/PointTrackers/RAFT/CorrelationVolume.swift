import Media
import TensorFiles

/// Correlations of every cell of one frame with every cell of another, in levels whose grids halve.
///
/// At 1024 x 576 pixels it takes 450 MB, for as long as one flow is computed. Products made anew for every window would need a hundredth of
/// that; measured, a look-up then takes 6 times as long, and a flow of the large form a tenth longer altogether.
struct CorrelationVolume {
    private struct Level {
        let values: Tensor
        let width, height: Int
    }

    private let levels: [Level]
    private let cells: ImageSize
    private let radius: Int

    /// - Parameters:
    ///   - levels: cells of the first frame x cells of the second at that level.
    ///   - cells: the size of the maps at level 0.
    init(levels: [Tensor], cells: ImageSize, radius: Int) {
        self.levels = levels.enumerated().map { Level(values: $1, width: cells.width >> $0, height: cells.height >> $0) }
        self.cells = cells
        self.radius = radius
    }

    /// Bilinear samples in a window around where each cell of the first frame has moved to; outside of the map they are 0.
    /// - Parameter flow: 1 x 2 x h x w, in cells.
    /// - Returns: cells x (levels, x offset, y offset).
    func windows(flow: Tensor) -> Tensor {
        let side = 2 * radius + 1
        let width = levels.count * side * side
        return Tensor(shape: [cells.pixelCount, width]) { target in
            guard let target = target.baseAddress else { return }
            flow.withUnsafeBuffer { flow in
                inParallelChunks(cells.pixelCount, smallest: 256) { range in
                    withUnsafeTemporaryAllocation(of: Float.self, capacity: (side + 1) * (side + 1)) { block in
                        for cell in range {
                            let x = Float(cell % cells.width) + flow[cell]
                            let y = Float(cell / cells.width) + flow[cells.pixelCount + cell]
                            for (index, level) in levels.enumerated() {
                                let scale = 1 / Float(1 << index)
                                sample(
                                    level, cell, x: x * scale, y: y * scale, block: block, to: target + cell * width + index * side * side)
                            }
                        }
                    }
                }
            }
        }
    }

    /// The window of one cell at one level.
    /// - Parameter block: room for the cells that the samples blend.
    private func sample(
        _ level: Level, _ cell: Int, x: Float, y: Float, block: UnsafeMutableBufferPointer<Float>, to target: UnsafeMutablePointer<Float>
    ) {
        let side = 2 * radius + 1
        // Also where a flow is no number.
        guard abs(x) < 1e6, abs(y) < 1e6 else { return target.initialize(repeating: 0, count: side * side) }
        let (floorX, floorY) = (x.rounded(.down), y.rounded(.down))
        let (fractionX, fractionY) = (x - floorX, y - floorY)
        let (firstX, firstY) = (Int(floorX) - radius, Int(floorY) - radius)
        let columns = max(0, -firstX)..<max(max(0, -firstX), min(side + 1, level.width - firstX))
        level.values.withUnsafeBuffer { values in
            let map = UnsafeBufferPointer(rebasing: values[(cell * level.width * level.height)...].prefix(level.width * level.height))
            for row in 0...side {
                let line = row * (side + 1)
                guard (0..<level.height).contains(firstY + row), !columns.isEmpty else {
                    for column in 0...side { block[line + column] = 0 }
                    continue
                }
                let from = (firstY + row) * level.width + firstX
                for column in 0..<columns.lowerBound { block[line + column] = 0 }
                for column in columns { block[line + column] = map[from + column] }
                for column in columns.upperBound..<(side + 1) { block[line + column] = 0 }
            }
        }
        for row in 0...side {
            for column in 0..<side {
                let i = row * (side + 1) + column
                block[i] += fractionX * (block[i + 1] - block[i])
            }
        }
        for column in 0..<side {
            for row in 0..<side {
                let i = row * (side + 1) + column
                target[column * side + row] = block[i] + fractionY * (block[i + side + 1] - block[i])
            }
        }
    }
}
