import TensorFiles

/// A map of feature vectors as rows: the vector of the cell in column x and row y is row `y * width + x`.
///
/// Positions are in cells, cell centres at whole numbers.
struct FeatureMap: Sendable {
    let width: Int
    let height: Int
    /// (height width) x channels.
    let rows: Tensor

    var channels: Int { rows.shape[1] }

    /// - Precondition: `rows` has `width * height` rows, and neither is 0.
    init(width: Int, height: Int, rows: Tensor) {
        precondition(
            width > 0 && height > 0 && rows.shape.count == 2 && rows.shape[0] == width * height, "\(rows.shape) rows, \(width) x \(height)")
        (self.width, self.height, self.rows) = (width, height, rows)
    }

    /// Where a sample's four cells are, and their weights.
    private struct Cells {
        let indices: SIMD4<Int>
        let weights: SIMD4<Float>
    }

    /// - Parameter clampsWeights: whether the position itself is clamped to the map and not only the cells.
    private func cells(_ position: SIMD2<Float>, clampsWeights: Bool) -> Cells {
        let last = SIMD2(Float(width - 1), Float(height - 1))
        var p = position
        // Whatever comes out of a network: no number, or one too large for an integer.
        for i in 0..<2 { p[i] = p[i].isFinite ? min(max(p[i], -1e6), 1e6) : 0 }
        if clampsWeights { p.clamp(lowerBound: .zero, upperBound: last) }
        let low = p.rounded(.down)
        let fraction = p - low
        let near = low.clamped(lowerBound: .zero, upperBound: last)
        let far = (low + 1).clamped(lowerBound: .zero, upperBound: last)
        let (x0, y0, x1, y1) = (Int(near.x), Int(near.y), Int(far.x), Int(far.y))
        let rest = 1 - fraction
        return Cells(
            indices: SIMD4(y0 * width + x0, y0 * width + x1, y1 * width + x0, y1 * width + x1),
            weights: SIMD4(rest.x * rest.y, fraction.x * rest.y, rest.x * fraction.y, fraction.x * fraction.y))
    }

    private func sample(_ cells: Cells, into target: UnsafeMutablePointer<Float>) {
        let channels = channels
        rows.withUnsafeBuffer { values in
            guard let base = values.baseAddress else { return }
            let (a, b) = (base + cells.indices[0] * channels, base + cells.indices[1] * channels)
            let (c, d) = (base + cells.indices[2] * channels, base + cells.indices[3] * channels)
            let w = cells.weights
            for i in 0..<channels { target[i] = (w[0] * a[i] + w[1] * b[i]) + (w[2] * c[i] + w[3] * d[i]) }
        }
    }

    /// The bilinear blend of the four cells around a position, whose indices (not weights) are clamped to the map. `target` takes
    /// `channels` numbers. How CoTracker 1, PIPs and PIPs++ take templates.
    func sampleClampingCells(_ position: SIMD2<Float>, into target: UnsafeMutablePointer<Float>) {
        sample(cells(position, clampsWeights: false), into: target)
    }

    /// The bilinear sample at the position's nearest place on the map (`padding_mode="border"`). How CoTracker 2 and 3 take templates.
    func sampleAtEdge(_ position: SIMD2<Float>, into target: UnsafeMutablePointer<Float>) {
        sample(cells(position, clampsWeights: true), into: target)
    }

    /// `sampleClampingCells` of many positions, one row each.
    func templates(at positions: [SIMD2<Float>]) -> [[Float]] {
        positions.map { position in
            [Float](unsafeUninitializedCapacity: channels) { buffer, count in
                if let base = buffer.baseAddress { sampleClampingCells(position, into: base) }
                count = channels
            }
        }
    }
}
