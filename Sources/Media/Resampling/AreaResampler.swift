/// Resizes 8-bit pictures by area averaging, as OpenCV's INTER_AREA does: what the built-in networks were trained with.
///
/// Weights are computed once; one resampler serves all frames of a video.
public struct AreaResampler: Sendable {
    /// Which source positions one output position averages, and how.
    private struct Taps: Sendable {
        var start: [Int32] = []
        var weights: [[Float]] = []
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
        columns = make(source.width, target.width)
        rows = make(source.height, target.height)
    }

    private static func averaging(_ source: Int, _ target: Int) -> Taps {
        let scale = Double(source) / Double(target)
        var taps = Taps()
        for i in 0..<target {
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
            taps.start.append(Int32(start))
            taps.weights.append(weights)
        }
        return taps
    }

    /// Enlarging: a blend of two neighbours, as OpenCV defines INTER_AREA there.
    private static func interpolating(_ source: Int, _ target: Int) -> Taps {
        let scale = Double(source) / Double(target)
        var taps = Taps()
        for i in 0..<target {
            let start = min(Int((Double(i) * scale).rounded(.down)), source - 1)
            let fraction = Float(Double(i + 1) - Double(start + 1) / scale)
            let weight = fraction <= 0 || start + 1 >= source ? 0 : fraction - fraction.rounded(.down)
            taps.start.append(Int32(start))
            taps.weights.append(weight == 0 ? [1] : [1 - weight, weight])
        }
        return taps
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
        let scale = 1 / deviation
        withUnsafeTemporaryAllocation(of: Float.self, capacity: bytesPerRow) { row in
            image.pixels.withUnsafeBufferPointer { pixels in
                for y in 0..<target.height {
                    row.update(repeating: 0)
                    for (offset, weight) in rows.weights[y].enumerated() {
                        let line = UnsafeBufferPointer(
                            rebasing: pixels[((Int(rows.start[y]) + offset) * bytesPerRow)...].prefix(bytesPerRow))
                        for i in 0..<bytesPerRow { row[i] += weight * Float(line[i]) }
                    }
                    for x in 0..<target.width {
                        var sum = SIMD4<Float>(repeating: 0)
                        var i = 3 * Int(columns.start[x])
                        columns.weights[x].withUnsafeBufferPointer { weights in
                            for weight in weights {
                                sum += weight * SIMD4(row[i], row[i + 1], row[i + 2], 0)
                                i += 3
                            }
                        }
                        sum.round(.toNearestOrEven)
                        sum = (sum - mean) * scale
                        let position = y * rowStride + x
                        planes[position] = sum.x
                        planes[planeHeight * rowStride + position] = sum.y
                        planes[2 * planeHeight * rowStride + position] = sum.z
                    }
                }
            }
        }
    }
}
