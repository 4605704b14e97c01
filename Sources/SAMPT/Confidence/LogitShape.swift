import Segmenters

/// A mask on the segmenter's own grid, for comparing it with that of another frame at little cost.
struct LogitShape: Sendable {
    private let width: Int
    private let height: Int
    /// 1 where the logit is above 0.
    private let cells: [UInt8]
    private let area: Int
    private let center: SIMD2<Int>
    /// The intersection over union of the masks at logits above 1 and above -1 (SAM's stability score); 0 where both are empty.
    let stability: Float

    init(_ logits: MaskLogits) {
        let (width, height) = (logits.width, logits.height)
        var cells = [UInt8](repeating: 0, count: logits.values.count)
        var (area, columns, rows, sure, possible) = (0, 0, 0, 0, 0)
        logits.values.withUnsafeBufferPointer { values in
            cells.withUnsafeMutableBufferPointer { cells in
                for y in 0..<height {
                    var (count, sum) = (0, 0)
                    for x in 0..<width {
                        let value = values[y * width + x]
                        let cell = value > 0 ? 1 : 0
                        cells[y * width + x] = UInt8(truncatingIfNeeded: cell)
                        count &+= cell
                        sum &+= cell &* x
                        sure &+= value > 1 ? 1 : 0
                        possible &+= value > -1 ? 1 : 0
                    }
                    area += count
                    columns += sum
                    rows += count * y
                }
            }
        }
        (self.width, self.height, self.cells, self.area) = (width, height, cells, area)
        center = area > 0 ? SIMD2(columns / area, rows / area) : .zero
        stability = possible > 0 ? Float(sure) / Float(possible) : 0
    }

    /// The intersection over union with another shape after both are moved to one centre; nil where grids differ or one is empty.
    func overlap(_ other: LogitShape) -> Float? {
        guard width == other.width, height == other.height, area > 0, other.area > 0 else { return nil }
        let shift = other.center &- center
        let (rows, columns) = (max(0, -shift.y)..<min(height, height - shift.y), max(0, -shift.x)..<min(width, width - shift.x))
        guard !rows.isEmpty, !columns.isEmpty else { return 0 }
        var common = 0
        cells.withUnsafeBufferPointer { a in
            other.cells.withUnsafeBufferPointer { b in
                for y in rows {
                    let (row, otherRow) = (y * width, (y + shift.y) * width + shift.x)
                    for x in columns { common &+= Int(a[row + x] & b[otherRow + x]) }
                }
            }
        }
        return Float(common) / Float(area + other.area - common)
    }
}
