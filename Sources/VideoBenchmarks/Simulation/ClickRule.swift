import Foundation
import Media
import SAMPT
import Support

/// Where a simulated annotator clicks on a mask that is not right yet.
public enum ClickRule: String, Sendable, CaseIterable, Codable {
    /// The centre of the largest circle that fits into what is missing or into what is too much; of equals it is a negative click, and the
    /// first pixel from the top, then from the left. The picture's border counts as an edge. Nothing is random (RITM, SAM 2).
    case centre
    /// SAM-PT's: in what is missing or what is too much, whichever has more pixels (of equals a negative click), the largest cluster by
    /// DBSCAN, and of three medoids of it the first. It draws subsets of pixels at random.
    case reference

    /// - Returns: nil where nothing is wrong.
    /// - Precondition: equal sizes.
    public func click(
        prediction: BitMask, truth: BitMask, using generator: inout SeededGenerator
    ) -> SimulatedClick? {
        var (missing, surplus) = (truth, prediction)
        missing.subtract(prediction)
        surplus.subtract(truth)
        switch self {
        case .centre:
            let (inside, outside) = (missing.deepest, surplus.deepest)
            guard inside != nil || outside != nil else { return nil }
            let isPositive = inside?.squaredDistance ?? 0 > outside?.squaredDistance ?? 0
            return (isPositive ? inside : outside).map { SimulatedClick(position: $0.position, isPositive: isPositive) }
        case .reference:
            let isPositive = missing.area > surplus.area
            let region = isPositive ? missing : surplus
            return ReferenceClick.position(in: region, using: &generator).map { SimulatedClick(position: $0, isPositive: isPositive) }
        }
    }
}

/// A click of the simulated annotator.
public struct SimulatedClick: Sendable, Equatable {
    /// The centre of a pixel of the frame, at +0.5.
    public var position: SIMD2<Float>
    public var isPositive: Bool

    public init(position: SIMD2<Float>, isPositive: Bool) { (self.position, self.isPositive) = (position, isPositive) }
}

extension BitMask {
    /// The pixel that lies farthest inside: the centre of the largest circle in the mask. nil for an empty mask.
    var deepest: (position: SIMD2<Float>, squaredDistance: Float)? {
        guard let columns, !rows.isEmpty else { return nil }
        // The box around the mask, and a ring of pixels that are outside.
        var part = Mask(width: columns.count + 2, height: rows.count + 2)
        for (y, row) in rows.enumerated() {
            for (x, column) in columns.enumerated() where self[column, row] { part[x + 1, y + 1] = true }
        }
        let distances = part.squaredDistances()
        guard let most = distances.max(), most > 0, let place = distances.firstIndex(of: most) else { return nil }
        let (x, y) = (columns.lowerBound + place % part.width - 1, rows.lowerBound + place / part.width - 1)
        return (SIMD2(Float(x) + 0.5, Float(y) + 0.5), most)
    }
}

/// The rule of SAM-PT's interactive experiment for the place of a click (its `SamPtInteractive`).
enum ReferenceClick {
    private static let mostPixels = 18_000
    private static let fewestInCluster = 180
    private static let mostCandidates = 720

    static func position(in region: BitMask, using generator: inout SeededGenerator) -> SIMD2<Float>? {
        let all = region.pixels
        guard !all.isEmpty else { return nil }
        let drawn = subset(mostPixels, of: all, &generator)
        let reach = Float(2.4 * Double(region.size.pixelCount) / Double(mostPixels))
        let labels = DensityClusters.labels(of: drawn.map { SIMD2(Float($0.x), Float($0.y)) }, reach: reach, minimum: 10)
        var counts: [Int: Int] = [:]
        for label in labels where label != DensityClusters.noise { counts[label, default: 0] += 1 }
        let largest = counts.max { ($0.value, $1.key) < ($1.value, $0.key) }
        var cluster = all
        if let largest, largest.value >= fewestInCluster { cluster = zip(drawn, labels).filter { $1 == largest.key }.map(\.0) }
        var candidates = Mask(size: region.size)
        for pixel in subset(mostCandidates, of: cluster, &generator) { candidates[pixel.x, pixel.y] = true }
        return QueryPointSampler(method: .kMedoids, referenceQuirks: true).sample(
            min(3, all.count), from: candidates, image: RGBImage(width: 1, height: 1), using: &generator
        ).first
    }

    /// A uniform random choice without replacement.
    private static func subset(
        _ count: Int, of pixels: [(x: Int, y: Int)], _ generator: inout SeededGenerator
    ) -> [(x: Int, y: Int)] {
        guard pixels.count > count else { return pixels }
        var pixels = pixels
        for i in 0..<count { pixels.swapAt(i, Int.random(in: i..<pixels.count, using: &generator)) }
        return Array(pixels.prefix(count))
    }
}
