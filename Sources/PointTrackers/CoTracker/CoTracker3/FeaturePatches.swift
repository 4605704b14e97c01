/// The surroundings of points on one level of a pyramid: (2r+1)^2 bilinear samples, which read the nearest cell outside of the map
/// (`padding_mode="border"`). The offset in x is the outer index, that in y the inner one. CoTracker 3's.
struct FeaturePatches: Sendable {
    let radius: Int

    /// Samples of a patch.
    var count: Int { (2 * radius + 1) * (2 * radius + 1) }

    /// - Parameters:
    ///   - position: in cells of the map, cell centres at whole numbers. What is no number reads the first cell.
    ///   - target: takes `count` feature vectors.
    func write(_ map: FeatureMap, at position: SIMD2<Float>, into target: UnsafeMutablePointer<Float>) {
        let side = 2 * radius + 1
        let channels = map.channels
        // Whatever comes out of a network: no number, or one too large for an integer.
        let reach = Float(2 * side)
        let most = SIMD2(Float(map.width), Float(map.height)) + reach
        let position = SIMD2(
            position.x.isNaN ? 0 : min(max(position.x, -reach), most.x), position.y.isNaN ? 0 : min(max(position.y, -reach), most.y))
        let low = position.rounded(.down)
        let (fraction, rest) = (position - low, 1 - (position - low))
        let (w00, w10) = (rest.x * rest.y, fraction.x * rest.y)
        let (w01, w11) = (rest.x * fraction.y, fraction.x * fraction.y)
        let (left, top) = (Int(low.x) - radius, Int(low.y) - radius)
        map.rows.withUnsafeBuffer { rows in
            guard let features = rows.baseAddress else { return }
            var next = target
            for column in 0..<side {
                let x0 = min(max(left + column, 0), map.width - 1)
                let x1 = min(max(left + column + 1, 0), map.width - 1)
                for row in 0..<side {
                    let y0 = min(max(top + row, 0), map.height - 1) * map.width
                    let y1 = min(max(top + row + 1, 0), map.height - 1) * map.width
                    let (a, b) = (features + (y0 + x0) * channels, features + (y0 + x1) * channels)
                    let (c, d) = (features + (y1 + x0) * channels, features + (y1 + x1) * channels)
                    for i in 0..<channels { next[i] = (a[i] * w00 + b[i] * w10) + (c[i] * w01 + d[i] * w11) }
                    next += channels
                }
            }
        }
    }
}
