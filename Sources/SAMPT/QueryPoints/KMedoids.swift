import Support

/// Spreads k medoids over a set of points: each medoid is a point of the set, and the sum of distances from the points to their
/// nearest medoid is small.
///
/// The reference alternates from k neighbouring points in the middle; starting from points spread by k-means++ instead reaches lower
/// sums and gives separate parts points of their own.
enum KMedoids {
    /// - Parameters:
    ///   - candidates: at most about 2,000 points; the work grows with their square for few medoids.
    ///   - startsInTheMiddle: as in the reference.
    /// - Returns: indices into `candidates`, `count` of them, all different when there are at least as many candidates.
    static func select(
        _ count: Int, from candidates: [SIMD2<Float>], startsInTheMiddle: Bool = false, using generator: inout SeededGenerator
    ) -> [Int] {
        guard count > 0, !candidates.isEmpty else { return [] }
        guard count < candidates.count else { return (0..<count).map { $0 % candidates.count } }
        if startsInTheMiddle {
            var medoids = central(count, of: candidates)
            _ = alternate(&medoids, candidates)
            return medoids
        }
        var best: [Int] = []
        var bestCost = Float.infinity
        for _ in 0..<(count == 1 ? 1 : 3) {
            var medoids = spread(count, over: candidates, using: &generator)
            let cost = alternate(&medoids, candidates)
            if cost < bestCost { (best, bestCost) = (medoids, cost) }
        }
        return best
    }

    /// The points with the smallest sums of distances to all.
    private static func central(_ count: Int, of points: [SIMD2<Float>]) -> [Int] {
        let sums = points.map { point in points.reduce(into: Float(0)) { $0 += $1.squaredDistance(to: point).squareRoot() } }
        return Array(points.indices.sorted { sums[$0] < sums[$1] }.prefix(count))
    }

    /// k-means++: each further medoid is drawn with a probability that grows with its distance from those chosen.
    private static func spread(_ count: Int, over points: [SIMD2<Float>], using generator: inout SeededGenerator) -> [Int] {
        var medoids = [Int.random(in: points.indices, using: &generator)]
        var distances = points.map { $0.squaredDistance(to: points[medoids[0]]) }
        while medoids.count < count {
            let total = distances.reduce(0, +)
            guard total > 0 else {
                // All remaining points coincide with medoids.
                medoids.append(points.indices.first { !medoids.contains($0) } ?? 0)
                continue
            }
            var draw = Float.random(in: 0..<total, using: &generator)
            let next =
                distances.indices.first {
                    draw -= distances[$0]
                    return draw < 0 && distances[$0] > 0
                } ?? distances.indices.last { distances[$0] > 0 } ?? 0
            medoids.append(next)
            for i in points.indices { distances[i] = min(distances[i], points[i].squaredDistance(to: points[next])) }
        }
        return medoids
    }

    /// Assigns points to medoids and moves each medoid to the best point of its cluster, until nothing changes.
    /// - Returns: the sum of distances.
    private static func alternate(_ medoids: inout [Int], _ points: [SIMD2<Float>]) -> Float {
        var cost = Float.infinity
        for _ in 0..<100 {
            var clusters = [[Int]](repeating: [], count: medoids.count)
            var sum: Float = 0
            for i in points.indices {
                var (nearest, least) = (0, Float.infinity)
                for (k, medoid) in medoids.enumerated() {
                    let distance = points[i].squaredDistance(to: points[medoid])
                    if distance < least { (nearest, least) = (k, distance) }
                }
                clusters[nearest].append(i)
                sum += least.squareRoot()
            }
            cost = sum
            var changed = false
            for (k, cluster) in clusters.enumerated() {
                let better = medoid(of: cluster, points, current: medoids[k])
                if better != medoids[k] { (medoids[k], changed) = (better, true) }
            }
            if !changed { break }
        }
        return cost
    }

    private static func medoid(of cluster: [Int], _ points: [SIMD2<Float>], current: Int) -> Int {
        guard cluster.count > 1 else { return current }
        let x = cluster.map { points[$0].x }
        let y = cluster.map { points[$0].y }
        return x.withUnsafeBufferPointer { x in
            y.withUnsafeBufferPointer { y in
                // Given up once it is above the limit, as with points far from the middle: it only grows.
                func cost(_ px: Float, _ py: Float, limit: Float) -> Float {
                    var sum = SIMD8<Float>(repeating: 0)
                    var i = 0
                    while i + 8 <= x.count {
                        if i % 64 == 56, sum.sum() > limit { return .infinity }
                        let dx = UnsafeRawPointer(x.baseAddress! + i).loadUnaligned(as: SIMD8<Float>.self) - px
                        let dy = UnsafeRawPointer(y.baseAddress! + i).loadUnaligned(as: SIMD8<Float>.self) - py
                        sum += (dx * dx + dy * dy).squareRoot()
                        i += 8
                    }
                    var rest: Float = 0
                    while i < x.count {
                        rest += ((x[i] - px) * (x[i] - px) + (y[i] - py) * (y[i] - py)).squareRoot()
                        i += 1
                    }
                    return sum.sum() + rest
                }
                var best = current
                var least = cost(points[current].x, points[current].y, limit: .infinity)
                for i in cluster.indices {
                    let sum = cost(x[i], y[i], limit: least)
                    if sum < least * (1 - 1e-6) { (best, least) = (cluster[i], sum) }
                }
                return best
            }
        }
    }
}

extension SIMD2<Float> {
    func squaredDistance(to other: SIMD2<Float>) -> Float {
        let d = self - other
        return d.x * d.x + d.y * d.y
    }
}
