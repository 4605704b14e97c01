import Media

/// Bilinear resizing to floats, as PyTorch's `interpolate` does it: no rounding to 8 bits.
struct LinearResampler: Sendable {
    enum Method: String, Sendable, Hashable {
        /// Pixel centres at +0.5 (`align_corners=False`), each result from the four nearest pixels, however much smaller it gets.
        case halfPixel
        /// The centres of the corner pixels coincide (`align_corners=True`).
        case corners
        /// Pixel centres at +0.5, a triangle as wide as the reduction (`antialias=True`).
        case antialiased
    }

    /// Weights of one axis: the same number of source positions for every result.
    struct Taps: Sendable {
        let count: Int
        let starts: [Int]
        /// `count` for each result.
        let weights: [Float]

        init(from source: Int, to target: Int, method: Method) {
            var rows: [(start: Int, weights: [Float])] = []
            for i in 0..<target {
                if method == .antialiased {
                    let scale = Double(source) / Double(target)
                    let support = max(1, scale)
                    let center = (Double(i) + 0.5) * scale
                    let first = max(0, Int(center - support + 0.5))
                    let end = max(first + 1, min(source, Int(center + support + 0.5)))
                    let weights = (first..<end).map { max(0, 1 - abs((Double($0) - center + 0.5) / support)) }
                    let sum = weights.reduce(0, +)
                    rows.append((first, weights.map { sum > 0 ? Float($0 / sum) : 1 / Float(weights.count) }))
                } else {
                    let corners = method == .corners
                    let scale = corners ? (target > 1 ? Float(source - 1) / Float(target - 1) : 0) : Float(source) / Float(target)
                    let position = max(0, corners ? scale * Float(i) : scale * (Float(i) + 0.5) - 0.5)
                    let low = min(Int(position), source - 1)
                    let fraction = min(1, max(0, position - Float(low)))
                    rows.append(low + 1 < source ? (low, [1 - fraction, fraction]) : (low, [1]))
                }
            }
            let count = rows.map(\.weights.count).max() ?? 1
            self.count = count
            // Results near the end have fewer positions: theirs start earlier, with weights of 0.
            starts = rows.map { min($0.start, source - count) }
            weights = rows.flatMap { row in
                let before = row.start - min(row.start, source - count)
                return [Float](repeating: 0, count: before) + row.weights + [Float](repeating: 0, count: count - before - row.weights.count)
            }
        }
    }

    let source: ImageSize
    let target: ImageSize
    private let columns: Taps
    private let rows: Taps

    /// - Precondition: neither size is empty.
    init(from source: ImageSize, to target: ImageSize, method: Method) {
        precondition(source.pixelCount > 0 && target.pixelCount > 0, "resize \(source) to \(target)")
        (self.source, self.target) = (source, target)
        columns = Taps(from: source.width, to: target.width, method: method)
        rows = Taps(from: source.height, to: target.height, method: method)
    }

    /// Writes three planes of `target`'s size, values as in the picture (0 to 255).
    func resample(_ image: RGBImage, into planes: UnsafeMutableBufferPointer<Float>) {
        precondition(image.size == source && planes.count == 3 * target.pixelCount)
        image.pixels.withUnsafeBufferPointer { pixels in
            resample(planes) { row, result in
                columns.starts.withUnsafeBufferPointer { starts in
                    columns.weights.withUnsafeBufferPointer { weights in
                        for x in 0..<target.width {
                            var (red, green, blue) = (Float(0), Float(0), Float(0))
                            var i = 3 * (row * source.width + starts[x])
                            for k in 0..<columns.count {
                                let weight = weights[x * columns.count + k]
                                red += weight * Float(pixels[i])
                                green += weight * Float(pixels[i + 1])
                                blue += weight * Float(pixels[i + 2])
                                i += 3
                            }
                            result[x] = red
                            result[target.width + x] = green
                            result[2 * target.width + x] = blue
                        }
                    }
                }
            }
        }
    }

    /// - Parameter resampleRow: writes the three resampled rows of a source row.
    private func resample(
        _ planes: UnsafeMutableBufferPointer<Float>, resampleRow: (Int, UnsafeMutableBufferPointer<Float>) -> Void
    ) {
        let width = 3 * target.width
        // Rows of the source, resampled in x, by their number modulo `rows.count`: starts ascend, so that a row is never needed again once
        // its place is taken.
        var held = [Int](repeating: -1, count: rows.count)
        withUnsafeTemporaryAllocation(of: Float.self, capacity: rows.count * width) { ring in
            for y in 0..<target.height {
                let start = rows.starts[y]
                for row in start..<(start + rows.count)
                where held[row % rows.count] != row && rows.weights[y * rows.count + row - start] != 0 {
                    let slot = row % rows.count
                    resampleRow(row, UnsafeMutableBufferPointer(rebasing: ring[(slot * width)..<((slot + 1) * width)]))
                    held[slot] = row
                }
                for channel in 0..<3 {
                    let result = UnsafeMutableBufferPointer(
                        rebasing: planes[
                            (channel * target.pixelCount + y * target.width)..<(channel * target.pixelCount + (y + 1) * target.width)])
                    result.update(repeating: 0)
                    for k in 0..<rows.count where rows.weights[y * rows.count + k] != 0 {
                        let weight = rows.weights[y * rows.count + k]
                        let row = UnsafeMutableBufferPointer(rebasing: ring[((start + k) % rows.count * width + channel * target.width)...])
                        for x in 0..<target.width { result[x] += weight * row[x] }
                    }
                }
            }
        }
    }
}
