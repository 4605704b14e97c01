/// Brings low-resolution mask logits to a frame's size in the two steps of the built-in segmenter's card: bilinear x4, cropped to the
/// resized frame, then bilinear to the frame (half-pixel centres). Row by row, without the image in between.
public struct LogitUpsampler: Sendable {
    private let low: ImageSize
    private let resized: ImageSize
    private let frame: ImageSize
    private let columns: [Int32]
    private let columnFractions: [Float]

    /// - Parameters:
    ///   - low: the logits' grid, stride 4 of the padded input.
    ///   - resized: the frame's size in the input, without padding.
    public init(low: ImageSize, resized: ImageSize, frame: ImageSize) {
        self.low = low
        self.resized = resized
        self.frame = frame
        let positions = (0..<frame.width).map { Self.position($0, frame.width, resized.width) }
        columns = positions.map { Int32($0.index) }
        columnFractions = positions.map(\.fraction)
    }

    private static func position(_ i: Int, _ target: Int, _ source: Int) -> (index: Int, fraction: Float) {
        let exact = max(0, (Float(i) + 0.5) * (Float(source) / Float(target)) - 0.5)
        let index = min(Int(exact), source - 1)
        return (index, index == source - 1 ? 0 : exact - Float(index))
    }

    /// Logits of all pixels of the frame.
    public func logits(_ values: [Float]) -> [Float] {
        [Float](unsafeUninitializedCapacity: frame.pixelCount) { target, count in
            forEachRow(values) { y, row in
                for x in 0..<frame.width { target[y * frame.width + x] = row[x] }
            }
            count = frame.pixelCount
        }
    }

    /// The pixels of the frame with a logit above 0.
    public func mask(_ values: [Float]) -> Mask {
        let bits = [UInt8](unsafeUninitializedCapacity: frame.pixelCount) { target, count in
            forEachRow(values) { y, row in
                for x in 0..<frame.width { target[y * frame.width + x] = row[x] > 0 ? 1 : 0 }
            }
            count = frame.pixelCount
        }
        return Mask(width: frame.width, height: frame.height, values: bits)
    }

    /// The box around the pixels of the frame with a logit above 0, and how many they are; nil when there are none.
    public func bounds(_ values: [Float]) -> (box: Box, pixels: Int)? {
        var (left, right, top, bottom, pixels) = (frame.width, -1, -1, -1, 0)
        // An interpolated value lies between those it comes from, so most rows of a small mask need no look.
        forEachRow(values, skippingRowsWithoutPositives: true) { y, row in
            var count = 0
            for x in 0..<frame.width { count += row[x] > 0 ? 1 : 0 }
            guard count > 0 else { return }
            if top < 0 { top = y }
            bottom = y
            pixels += count
            var x = 0
            while x < left, !(row[x] > 0) { x += 1 }
            left = min(left, x)
            x = frame.width - 1
            while x > right, !(row[x] > 0) { x -= 1 }
            right = max(right, x)
        }
        guard pixels > 0 else { return nil }
        return (Box(x0: Float(left), y0: Float(top), x1: Float(right + 1), y1: Float(bottom + 1)), pixels)
    }

    /// For each row of the logits, whether it has any above 0.
    private func positiveRows(_ values: [Float]) -> [Bool] {
        (0..<low.height).map { y in
            values.withUnsafeBufferPointer { values in
                var count = 0
                for x in 0..<low.width { count += values[y * low.width + x] > 0 ? 1 : 0 }
                return count > 0
            }
        }
    }

    private func forEachRow(
        _ values: [Float], skippingRowsWithoutPositives skips: Bool = false, _ body: (Int, UnsafeMutableBufferPointer<Float>) -> Void
    ) {
        precondition(values.count == low.pixelCount, "logits do not fit their grid")
        let positiveRows = skips ? positiveRows(values) : []
        let middleWidth = resized.width
        values.withUnsafeBufferPointer { values in
            // Two rows of the image in between, the row mixed from them, and the row that comes out.
            withUnsafeTemporaryAllocation(of: Float.self, capacity: 3 * (middleWidth + 4) + frame.width + low.width + 2) { memory in
                func slice(_ start: Int, _ count: Int) -> UnsafeMutableBufferPointer<Float> {
                    UnsafeMutableBufferPointer(rebasing: memory[start..<(start + count)])
                }
                var upper = slice(0, middleWidth + 4)
                var lower = slice(middleWidth + 4, middleWidth + 4)
                let mixed = slice(2 * (middleWidth + 4), middleWidth + 4)
                let result = slice(3 * (middleWidth + 4), frame.width)
                let scratch = slice(3 * (middleWidth + 4) + frame.width, low.width + 2)
                var upperRow = -1
                var lowerRow = -1
                for y in 0..<frame.height {
                    let (row, fraction) = Self.position(y, frame.height, resized.height)
                    let next = min(row + 1, resized.height - 1)
                    if skips, !positiveRows[lowRows(row, next)].contains(true) { continue }
                    if upperRow != row {
                        if lowerRow == row {
                            swap(&upper, &lower)
                            swap(&upperRow, &lowerRow)
                        } else {
                            fillMiddleRow(row, values, scratch, upper)
                            upperRow = row
                        }
                    }
                    if lowerRow != next {
                        fillMiddleRow(next, values, scratch, lower)
                        lowerRow = next
                    }
                    for x in 0..<middleWidth { mixed[x] = upper[x] + fraction * (lower[x] - upper[x]) }
                    // A frame as wide as the network's input needs no second step.
                    guard frame.width != middleWidth else {
                        body(y, mixed)
                        continue
                    }
                    mixed[middleWidth] = mixed[middleWidth - 1]
                    columns.withUnsafeBufferPointer { columns in
                        columnFractions.withUnsafeBufferPointer { fractions in
                            for x in 0..<frame.width {
                                let left = mixed[Int(columns[x])]
                                result[x] = left + fractions[x] * (mixed[Int(columns[x]) + 1] - left)
                            }
                        }
                    }
                    body(y, result)
                }
            }
        }
    }

    /// The rows of the logits that two neighbouring enlarged rows come from.
    private func lowRows(_ first: Int, _ last: Int) -> ClosedRange<Int> {
        let top = max(0, (Float(first) + 0.5) * 0.25 - 0.5)
        let bottom = max(0, (Float(last) + 0.5) * 0.25 - 0.5)
        return min(Int(top), low.height - 1)...min(Int(bottom) + 1, low.height - 1)
    }

    /// Row `y` of the logits enlarged four times.
    private func fillMiddleRow(
        _ y: Int, _ values: UnsafeBufferPointer<Float>, _ scratch: UnsafeMutableBufferPointer<Float>,
        _ target: UnsafeMutableBufferPointer<Float>
    ) {
        let exact = max(0, (Float(y) + 0.5) * 0.25 - 0.5)
        let top = min(Int(exact), low.height - 1)
        let bottom = min(top + 1, low.height - 1)
        let fraction = exact - Float(top)
        for x in 0..<low.width {
            let value = values[top * low.width + x]
            scratch[x + 1] = value + fraction * (values[bottom * low.width + x] - value)
        }
        // Beyond the edges, the outermost values.
        scratch[0] = scratch[1]
        scratch[low.width + 1] = scratch[low.width]
        // Every cell gives four columns, at the same four places between it and its neighbours.
        for cell in 0..<((resized.width + 3) / 4) {
            let (before, own, after) = (scratch[cell], scratch[cell + 1], scratch[cell + 2])
            target[4 * cell] = before + 0.625 * (own - before)
            target[4 * cell + 1] = before + 0.875 * (own - before)
            target[4 * cell + 2] = own + 0.125 * (after - own)
            target[4 * cell + 3] = own + 0.375 * (after - own)
        }
    }
}
