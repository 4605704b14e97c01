/// How well the surroundings of points match their templates: on every level of a pyramid, (2r+1)^2 bilinear samples of the map of dot
/// products of template and features.
///
/// The (2r+2)^2 whole cells that the samples lie between are multiplied with the template, and the products blended: the same as sampling
/// products of the whole map, at a fraction of the work. The offset in x is the outer index of a window, that in y the inner one.
struct CorrelationWindows: Sendable {
    /// What samples read outside of the map.
    enum Outside: Sendable {
        /// Nothing (`padding_mode="zeros"`): CoTracker 1, PIPs, PIPs++, RAFT.
        case zeros
        /// The nearest cell (`padding_mode="border"`): CoTracker 2 and 3.
        case edge
    }

    let radius: Int
    let outside: Outside
    /// Multiplied with every product.
    let scale: Float

    /// - Parameter scale: nil: one over the square root of `channels`.
    init(radius: Int, outside: Outside, channels: Int, scale: Float? = nil) {
        (self.radius, self.outside) = (radius, outside)
        self.scale = scale ?? 1 / Float(channels).squareRoot()
    }

    /// Samples of one level.
    var count: Int { (2 * radius + 1) * (2 * radius + 1) }

    /// Writes the windows of `count` points in one frame, level by level.
    /// - Parameters:
    ///   - positions: x and y of each point in cells of the finest level, cell centres at whole numbers.
    ///   - templates: a feature vector for each point.
    ///   - result: takes `levels * self.count` numbers for each point.
    func correlate(
        _ pyramid: FeaturePyramid, points count: Int, positions: StridedRows, templates: StridedRows, into result: MutableStridedRows
    ) {
        let side = 2 * radius + 2
        withUnsafeTemporaryAllocation(of: Float.self, capacity: side * side) { products in
            guard let cells = products.baseAddress else { return }
            for (level, map) in pyramid.levels.enumerated() {
                let shrink = 1 / Float(1 << level)
                map.rows.withUnsafeBuffer { rows in
                    guard let features = rows.baseAddress else { return }
                    for i in 0..<count {
                        let position = SIMD2(positions[i][0], positions[i][1]) * shrink
                        correlate(map, features, position, template: templates[i], cells: cells, into: result[i] + level * self.count)
                    }
                }
            }
        }
    }

    @inline(__always)
    private func correlate(
        _ map: FeatureMap, _ features: UnsafePointer<Float>, _ position: SIMD2<Float>, template: UnsafePointer<Float>,
        cells: UnsafeMutablePointer<Float>, into result: UnsafeMutablePointer<Float>
    ) {
        let side = 2 * radius + 2
        let channels = map.channels
        // Whatever comes out of a network: no number, or one too large for an integer.
        let reach = Float(2 * side)
        let (least, most) = (SIMD2(repeating: -reach), SIMD2(Float(map.width), Float(map.height)) + reach)
        var position = position
        let isNumber = !position.x.isNaN && !position.y.isNaN
        if outside == .edge { position.clamp(lowerBound: least, upperBound: most) }
        guard isNumber, position.x >= least.x, position.y >= least.y, position.x <= most.x, position.y <= most.y else {
            result.update(repeating: 0, count: count)
            return
        }
        let low = position.rounded(.down)
        let (left, top) = (Int(low.x) - radius, Int(low.y) - radius)
        for row in 0..<side {
            var y = top + row
            let cellRow = cells + row * side
            if y < 0 || y >= map.height {
                if outside == .zeros {
                    cellRow.update(repeating: 0, count: side)
                    continue
                }
                y = min(max(y, 0), map.height - 1)
            }
            let mapRow = features + y * map.width * channels
            for column in 0..<side {
                let x = left + column
                if x >= 0 && x < map.width {
                    cellRow[column] = Self.dot(mapRow + x * channels, template, channels)
                } else {
                    cellRow[column] =
                        outside == .zeros ? 0 : Self.dot(mapRow + min(max(x, 0), map.width - 1) * channels, template, channels)
                }
            }
        }
        let fraction = position - low
        let rest = 1 - fraction
        let w00 = rest.x * rest.y * scale
        let w10 = fraction.x * rest.y * scale
        let w01 = rest.x * fraction.y * scale
        let w11 = fraction.x * fraction.y * scale
        var next = result
        for column in 0..<(side - 1) {
            for row in 0..<(side - 1) {
                let cell = cells + row * side + column
                next.pointee = (cell[0] * w00 + cell[1] * w10) + (cell[side] * w01 + cell[side + 1] * w11)
                next += 1
            }
        }
    }

    @inline(__always)
    static func dot(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ count: Int) -> Float {
        let (x, y) = (UnsafeRawPointer(a), UnsafeRawPointer(b))
        var (first, second) = (SIMD8<Float>.zero, SIMD8<Float>.zero)
        var i = 0
        while i + 16 <= count {
            first +=
                x.loadUnaligned(fromByteOffset: 4 * i, as: SIMD8<Float>.self)
                * y.loadUnaligned(fromByteOffset: 4 * i, as: SIMD8<Float>.self)
            second +=
                x.loadUnaligned(fromByteOffset: 4 * i + 32, as: SIMD8<Float>.self)
                * y.loadUnaligned(fromByteOffset: 4 * i + 32, as: SIMD8<Float>.self)
            i += 16
        }
        var sum = (first + second).sum()
        while i < count {
            sum += a[i] * b[i]
            i += 1
        }
        return sum
    }
}
