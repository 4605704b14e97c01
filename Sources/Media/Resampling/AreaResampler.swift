/// Resizes 8-bit pictures by area averaging, as OpenCV's INTER_AREA does: what the built-in networks were trained with.
///
/// Weights are computed once; one resampler serves all frames of a video.
public struct AreaResampler: Sendable {
    /// Which source positions one output position averages, and how: as many for each, some with weight 0.
    private struct Taps: Sendable {
        let start: [Int]
        /// `count` for each output position.
        let weights: [Float]
        let count: Int

        init(_ taps: [(start: Int, weights: [Float])], source: Int) {
            let count = taps.reduce(1) { max($0, $1.weights.count) }
            // Where the last positions have fewer, zeros come first: nothing is read beyond the end.
            let start = taps.map { min($0.start, source - count) }
            weights = zip(taps, start).flatMap { tap, start in
                let before = [Float](repeating: 0, count: tap.start - start)
                return before + tap.weights + [Float](repeating: 0, count: count - before.count - tap.weights.count)
            }
            (self.start, self.count) = (start, count)
        }
    }

    public let source: ImageSize
    public let target: ImageSize
    private let columns: Taps
    private let rows: Taps

    public init(from source: ImageSize, to target: ImageSize) {
        self.source = source
        self.target = target
        let shrinks = target.width <= source.width && target.height <= source.height
        let make = shrinks ? Self.averaging : Self.interpolating
        columns = Taps(make(source.width, target.width), source: source.width)
        rows = Taps(make(source.height, target.height), source: source.height)
    }

    private static func averaging(_ source: Int, _ target: Int) -> [(start: Int, weights: [Float])] {
        let scale = Double(source) / Double(target)
        return (0..<target).map { i in
            let from = Double(i) * scale
            let to = from + scale
            let cell = min(scale, Double(source) - from)
            let last = min(Int(to.rounded(.down)), source - 1)
            let first = min(Int(from.rounded(.up)), last)
            var weights: [Float] = []
            var start = first
            if Double(first) - from > 1e-3 {
                start = first - 1
                weights.append(Float((Double(first) - from) / cell))
            }
            weights += [Float](repeating: Float(1 / cell), count: last - first)
            if to - Double(last) > 1e-3 { weights.append(Float(min(min(to - Double(last), 1), cell) / cell)) }
            return (start, weights)
        }
    }

    /// Enlarging: a blend of two neighbours, as OpenCV defines INTER_AREA there.
    private static func interpolating(_ source: Int, _ target: Int) -> [(start: Int, weights: [Float])] {
        let scale = Double(source) / Double(target)
        return (0..<target).map { i in
            let start = min(Int((Double(i) * scale).rounded(.down)), source - 1)
            let fraction = Float(Double(i + 1) - Double(start + 1) / scale)
            let weight = fraction <= 0 || start + 1 >= source ? 0 : fraction - fraction.rounded(.down)
            return (start, weight == 0 ? [1] : [1 - weight, weight])
        }
    }

    /// Resizes `image`, rounds to 8 bits, and writes `(value - mean) / deviation` as three planes (R, G, B).
    /// - Parameters:
    ///   - planes: `3 * planeHeight * rowStride` floats; only the target's area of each plane is written.
    ///   - rowStride: floats from one row to the next, at least the target's width.
    ///   - planeHeight: rows of one plane, at least the target's height.
    /// - Precondition: `image.size == source`.
    public func write(
        _ image: RGBImage, to planes: UnsafeMutableBufferPointer<Float>, rowStride: Int, planeHeight: Int, mean: Float, deviation: Float
    ) {
        precondition(image.size == source && planes.count >= 3 * planeHeight * rowStride)
        let bytesPerRow = 3 * source.width
        // One more, for the last pixel is read as four numbers.
        withUnsafeTemporaryAllocation(of: Float.self, capacity: bytesPerRow + 1) { row in
            row.initialize(repeating: 0)
            image.pixels.withUnsafeBufferPointer { pixels in
                for y in 0..<target.height {
                    let lines = UnsafeBufferPointer(rebasing: pixels[(rows.start[y] * bytesPerRow)...].prefix(rows.count * bytesPerRow))
                    blend(lines, rows.weights[(y * rows.count)..<((y + 1) * rows.count)], into: row)
                    writeRow(row, to: planes, at: y * rowStride, plane: planeHeight * rowStride, mean: mean, scale: 1 / deviation)
                }
            }
        }
    }

    /// The weighted sum of lines of bytes.
    private func blend(_ lines: UnsafeBufferPointer<UInt8>, _ weights: ArraySlice<Float>, into row: UnsafeMutableBufferPointer<Float>) {
        let length = 3 * source.width
        for (offset, weight) in weights.enumerated() {
            let line = UnsafeBufferPointer(rebasing: lines[(offset * length)..<((offset + 1) * length)])
            if offset == 0 {
                for i in 0..<length { row[i] = weight * Float(line[i]) }
            } else if weight != 0 {
                for i in 0..<length { row[i] += weight * Float(line[i]) }
            }
        }
    }

    private func writeRow(
        _ row: UnsafeMutableBufferPointer<Float>, to planes: UnsafeMutableBufferPointer<Float>, at position: Int, plane: Int, mean: Float,
        scale: Float
    ) {
        guard let row = UnsafeRawPointer(row.baseAddress), let result = planes.baseAddress else { return }
        columns.start.withUnsafeBufferPointer { starts in
            columns.weights.withUnsafeBufferPointer { weights in
                for x in 0..<target.width {
                    var sum = SIMD4<Float>(repeating: 0)
                    for tap in 0..<columns.count {
                        let pixel = row.loadUnaligned(fromByteOffset: 12 * (starts[x] + tap), as: SIMD4<Float>.self)
                        sum += weights[x * columns.count + tap] * pixel
                    }
                    // Rounds to the nearest whole number, to the even one of two.
                    sum = (sum + Self.wholeNumbers) - Self.wholeNumbers
                    sum = (sum - mean) * scale
                    result[position + x] = sum.x
                    result[position + plane + x] = sum.y
                    result[position + 2 * plane + x] = sum.z
                }
            }
        }
    }

    /// 1.5 * 2^23: next to it floats are whole numbers, above and below.
    private static let wholeNumbers: Float = 12_582_912
}
