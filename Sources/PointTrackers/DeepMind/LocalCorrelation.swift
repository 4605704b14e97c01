import TensorFiles

/// Products of one feature with a map's features on a square of 7 x 7 positions, one cell apart, around a position.
///
/// The positions share their fraction of a cell, so the 8 x 8 whole cells are multiplied and the products blended: bilinear sampling
/// of the map, for a fraction of the work. Cells outside of the map count as zeros.
enum LocalCorrelation {
    static let side = 7
    private static let cells = side + 1

    /// - Parameters:
    ///   - map: side^2 rows of as many channels as `feature` has, a multiple of 16.
    ///   - position: in cells, centres at +0.5.
    ///   - target: the 49 products, row by row.
    static func fill(
        _ target: UnsafeMutableBufferPointer<Float>, map: UnsafeBufferPointer<Float>, mapSide: Int, feature: UnsafeBufferPointer<Float>,
        position: SIMD2<Float>
    ) {
        let corner = (position - 0.5).rounded(.down)
        let far = Float(2 * mapSide + cells)
        // Also where a position is no number.
        guard abs(corner.x) < far, abs(corner.y) < far, let rows = map.baseAddress, let query = feature.baseAddress else {
            target.update(repeating: 0)
            return
        }
        let fraction = position - 0.5 - corner
        let (left, top) = (Int(corner.x) - side / 2, Int(corner.y) - side / 2)
        withUnsafeTemporaryAllocation(of: Float.self, capacity: cells * cells) { products in
            for row in 0..<cells {
                for column in 0..<cells {
                    let (x, y) = (left + column, top + row)
                    let isInside = x >= 0 && y >= 0 && x < mapSide && y < mapSide
                    products[row * cells + column] = isInside ? dot(rows + (y * mapSide + x) * feature.count, query, feature.count) : 0
                }
            }
            for row in 0..<side {
                for column in 0..<side {
                    let i = row * cells + column
                    let upper = products[i] + fraction.x * (products[i + 1] - products[i])
                    let lower = products[i + cells] + fraction.x * (products[i + cells + 1] - products[i + cells])
                    target[row * side + column] = upper + fraction.y * (lower - upper)
                }
            }
        }
    }

    @inline(__always)
    private static func dot(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ count: Int) -> Float {
        let a = UnsafeRawPointer(a)
        let b = UnsafeRawPointer(b)
        var sum = SIMD16<Float>.zero
        for offset in stride(from: 0, to: count * MemoryLayout<Float>.stride, by: MemoryLayout<SIMD16<Float>>.stride) {
            sum +=
                a.loadUnaligned(fromByteOffset: offset, as: SIMD16<Float>.self)
                * b.loadUnaligned(fromByteOffset: offset, as: SIMD16<Float>.self)
        }
        return sum.sum()
    }

    /// The map's feature at a position in cells, clamped to the centres of the cells at the border.
    static func sample(_ map: Tensor, mapSide: Int, position: SIMD2<Float>) -> [Float] {
        let limit = Float(mapSide - 1)
        // `max` first: it turns what is no number into 0.
        let x = min(limit, max(0, position.x - 0.5))
        let y = min(limit, max(0, position.y - 0.5))
        let (x0, y0) = (min(Int(x), mapSide - 2), min(Int(y), mapSide - 2))
        let (fx, fy) = (x - Float(x0), y - Float(y0))
        let channels = map.count / (mapSide * mapSide)
        return map.withUnsafeBuffer { rows in
            let upper = (y0 * mapSide + x0) * channels
            let lower = upper + mapSide * channels
            return (0..<channels).map { c in
                let above = rows[upper + c] * (1 - fx) + rows[upper + channels + c] * fx
                let below = rows[lower + c] * (1 - fx) + rows[lower + channels + c] * fx
                return above * (1 - fy) + below * fy
            }
        }
    }
}
