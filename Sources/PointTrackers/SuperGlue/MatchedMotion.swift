/// Where any point of a picture went, from where its matched key points went.
///
/// A key point that is almost at the point takes it along. Otherwise the nearest matched key points decide: their motion is fitted by an
/// affine map that is pulled towards a mere shift, so that one or two of them, or a row of them, suffice. Those that move unlike the rest
/// do not count.
struct MatchedMotion: Sendable {
    struct Match: Sendable, Hashable {
        var from: SIMD2<Float>
        var to: SIMD2<Float>
        /// 0 to 1.
        var score: Float
    }

    struct Estimate: Sendable, Hashable {
        var position: SIMD2<Float>
        /// The score of the key point that took the point along; or the mean score of those around it, less the further the nearest one is
        /// away, down to 0 at `reach`.
        var confidence: Float
    }

    /// A key point this near takes the point along.
    let snapRadius: Float
    /// Key points further away say nothing about a point.
    let reach: Float

    private static let neighbours = 8

    /// - Returns: one for each position; nil where no match is within reach.
    func callAsFunction(_ positions: [SIMD2<Float>], matches: [Match]) -> [Estimate?] {
        var nearest: [(distance: Float, match: Match)] = []
        nearest.reserveCapacity(Self.neighbours + 1)
        var sorted: [Float] = []
        sorted.reserveCapacity(Self.neighbours)
        let limit = reach * reach
        return positions.map { position in
            nearest.removeAll(keepingCapacity: true)
            matches.withUnsafeBufferPointer { matches in
                for match in matches {
                    let offset = match.from - position
                    let squared = offset.x * offset.x + offset.y * offset.y
                    guard squared < limit, nearest.count < Self.neighbours || squared < nearest[Self.neighbours - 1].distance else {
                        continue
                    }
                    var place = nearest.count
                    while place > 0 && nearest[place - 1].distance > squared { place -= 1 }
                    nearest.insert((squared, match), at: place)
                    if nearest.count > Self.neighbours { nearest.removeLast() }
                }
            }
            guard let closest = nearest.first else { return nil }
            if closest.distance <= snapRadius * snapRadius {
                return Estimate(position: closest.match.to + (position - closest.match.from), confidence: closest.match.score)
            }
            removeOutliers(&nearest, sorting: &sorted)
            return fit(position, nearest)
        }
    }

    /// Removes key points that move otherwise than most: by more than key points are exact to, and than growing, shrinking or turning would
    /// explain.
    private func removeOutliers(_ nearest: inout [(distance: Float, match: Match)], sorting sorted: inout [Float]) {
        guard nearest.count > 2 else { return }
        var median = SIMD2<Float>.zero
        for axis in 0..<2 {
            sorted.removeAll(keepingCapacity: true)
            for (_, match) in nearest { sorted.append(match.to[axis] - match.from[axis]) }
            sorted.sort()
            median[axis] = (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
        }
        nearest.removeAll { distance, match in
            let difference = match.to - match.from - median
            let tolerance = 2 * snapRadius + distance.squareRoot() / 2
            return difference.x * difference.x + difference.y * difference.y > tolerance * tolerance
        }
    }

    private func fit(_ position: SIMD2<Float>, _ nearest: [(distance: Float, match: Match)]) -> Estimate? {
        guard let closest = nearest.first else { return nil }
        let softening = snapRadius * snapRadius + 1
        var (total, scores) = (Float(0), Float(0))
        var (from, shift) = (SIMD2<Float>.zero, SIMD2<Float>.zero)
        for (distance, match) in nearest {
            let weight = match.score / (distance + softening)
            total += weight
            scores += match.score
            from += weight * match.from
            shift += weight * (match.to - match.from)
        }
        guard total > 0 else { return nil }
        from /= total
        shift /= total
        // Of the positions around their mean, and of the shifts with them. What is added to the diagonal pulls towards a mere shift.
        var (xx, xy, yy) = (total * softening, Float(0), total * softening)
        var (byX, byY) = (SIMD2<Float>.zero, SIMD2<Float>.zero)
        for (distance, match) in nearest {
            let weight = match.score / (distance + softening)
            let offset = match.from - from
            let rest = match.to - match.from - shift
            xx += weight * offset.x * offset.x
            xy += weight * offset.x * offset.y
            yy += weight * offset.y * offset.y
            byX += weight * offset.x * rest
            byY += weight * offset.y * rest
        }
        let determinant = xx * yy - xy * xy
        let offset = position - from
        let along = SIMD2((yy * offset.x - xy * offset.y) / determinant, (xx * offset.y - xy * offset.x) / determinant)
        let moved = position + shift + byX * along.x + byY * along.y
        let confidence = scores / Float(nearest.count) * max(0, 1 - closest.distance.squareRoot() / reach)
        return Estimate(position: moved, confidence: confidence)
    }
}
