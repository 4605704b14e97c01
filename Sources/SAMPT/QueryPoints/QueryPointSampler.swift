import Foundation
import Media
import Support

/// Chooses query points on a mask (paper, section 3.1).
///
/// Points are pixel centres: a pixel in column x and row y gives (x + 0.5, y + 0.5).
public struct QueryPointSampler: Sendable {
    public var method: PointSelectionMethod
    /// Points keep this many pixels from the object's edge, where the mask is thick enough; the reference keeps none.
    public var margin: Int
    /// Does what the reference does: k-medoids start from the points nearest to the middle, and not from points spread over the mask; the
    /// mask that corners are looked for in is eroded by squares of any side, which moves it by half a pixel where that is even (and by 3
    /// pixels where it should be 0); and where corners are missing, medoids of the whole mask take their place, which may be corners again.
    public var referenceQuirks: Bool

    public init(method: PointSelectionMethod, margin: Int = 0, referenceQuirks: Bool = false) {
        (self.method, self.margin, self.referenceQuirks) = (method, margin, referenceQuirks)
    }

    /// `count` points on the mask; none for an empty mask. Masks of fewer pixels give pixels repeatedly.
    /// - Parameter image: the frame the mask belongs to; corners are looked for in it.
    public func sample(_ count: Int, from mask: Mask, image: RGBImage, using generator: inout SeededGenerator) -> [SIMD2<Float>] {
        guard count > 0 else { return [] }
        let core = inner(mask)
        let pixels = core.pixelPositions
        guard !pixels.isEmpty else { return [] }
        return pick(count, method, pixels, core, mask, image, &generator).map { SIMD2(Float($0.x) + 0.5, Float($0.y) + 0.5) }
    }

    private func inner(_ mask: Mask) -> Mask {
        guard margin > 0 else { return mask }
        let eroded = mask.eroded(side: 2 * margin + 1)
        return eroded.area > 40 ? eroded : mask
    }

    private func pick(
        _ count: Int, _ method: PointSelectionMethod, _ pixels: [(x: Int32, y: Int32)], _ core: Mask, _ mask: Mask, _ image: RGBImage,
        _ generator: inout SeededGenerator
    ) -> [(x: Int, y: Int)] {
        if pixels.count < count, method != .shiTomasi, method != .even {
            return (0..<count).map { (Int(pixels[$0 % pixels.count].x), Int(pixels[$0 % pixels.count].y)) }
        }
        switch method {
        case .random: return Self.random(count, pixels, &generator)
        case .even:
            return (0..<count).map { i in
                let pixel = pixels[Int((Double(i) + 0.5) * Double(pixels.count) / Double(count))]
                return (Int(pixel.x), Int(pixel.y))
            }
        case .kMedoids: return medoids(count, pixels, subsample: 1800, &generator)
        case .shiTomasi:
            let eroded = erodedForCorners(mask)
            let corners = Self.corners(count, in: image.gray(), mask: eroded)
            guard corners.count < count else { return corners }
            let rest = referenceQuirks ? pixels : Self.pixels(of: eroded, far: eroded.diameter / Double(2 * count), from: corners)
            return corners + medoids(count - corners.count, rest.isEmpty ? pixels : rest, subsample: 2000, &generator)
        case .mixed:
            let parts = [(PointSelectionMethod.kMedoids, count / 4), (.shiTomasi, count / 3), (.random, count - count / 4 - count / 3)]
            return parts.flatMap { $1 > 0 ? pick($1, $0, pixels, core, mask, image, &generator) : [] }
        }
    }

    private static func random(_ count: Int, _ pixels: [(x: Int32, y: Int32)], _ generator: inout SeededGenerator) -> [(x: Int, y: Int)] {
        subset(count, of: pixels, &generator).map { (Int($0.x), Int($0.y)) }
    }

    private func medoids(
        _ count: Int, _ pixels: [(x: Int32, y: Int32)], subsample: Int, _ generator: inout SeededGenerator
    ) -> [(x: Int, y: Int)] {
        guard count > 0 else { return [] }
        let candidates = Self.subset(subsample, of: pixels, &generator)
        let points = candidates.map { SIMD2(Float($0.x), Float($0.y)) }
        return KMedoids.select(count, from: points, startsInTheMiddle: referenceQuirks, using: &generator).map {
            (Int(candidates[$0].x), Int(candidates[$0].y))
        }
    }

    /// A uniform random choice without replacement (the first steps of a Fisher-Yates shuffle).
    private static func subset<Element>(_ count: Int, of elements: [Element], _ generator: inout SeededGenerator) -> [Element] {
        var elements = elements
        let count = min(count, elements.count)
        for i in 0..<count { elements.swapAt(i, Int.random(in: i..<elements.count, using: &generator)) }
        return Array(elements.prefix(count))
    }

    /// Shi-Tomasi corners on an eroded mask, at a distance that spreads `count` of them (reference: minimum distance diameter / count).
    static func corners(_ count: Int, in image: GrayImage, mask: Mask) -> [(x: Int, y: Int)] {
        ShiTomasi.corners(count, in: image, mask: mask, minimumDistance: Double(Float(mask.diameter)) / Double(count))
    }

    /// A mask's pixels that are at least so far from some others.
    private static func pixels(of mask: Mask, far distance: Double, from others: [(x: Int, y: Int)]) -> [(x: Int32, y: Int32)] {
        mask.pixelPositions.filter { pixel in
            others.allSatisfy { hypot(Double($0.x) - Double(pixel.x), Double($0.y) - Double(pixel.y)) >= max(1, distance) }
        }
    }

    /// Erosion by 6, 2 or 1 % of the diameter, the first that leaves 10 pixels; the mask itself when none does. For the reference, a square
    /// of side 0 is OpenCV's default of 3 x 3.
    func erodedForCorners(_ mask: Mask) -> Mask {
        let diameter = mask.diameter
        for share in [0.06, 0.02, 0.01] {
            let side = Int(diameter * share)
            let eroded = mask.eroded(side: referenceQuirks ? (side == 0 ? 3 : side) : side - (side + 1) % 2)
            if eroded.area >= 10 { return eroded }
        }
        return mask
    }

    /// `count` points outside the object: spread over a ring around it, where mistakes happen; anywhere outside when there is no ring.
    public func sampleSurroundings(_ count: Int, of mask: Mask, image: RGBImage, using generator: inout SeededGenerator) -> [SIMD2<Float>] {
        guard count > 0, !mask.isEmpty else { return [] }
        let near = mask.dilated(radius: 7)
        let far = mask.dilated(radius: max(13, Int(0.35 * Double(mask.area).squareRoot())))
        let ring = Mask(width: mask.width, height: mask.height, values: zip(far.values, near.values).map { $0 & (1 - $1) })
        return sample(count, from: ring.area > 50 ? ring : mask.inverted, image: image, using: &generator)
    }
}

extension VideoSegmenterOptions {
    /// Query points on a mask and around it.
    func samplePoints(on mask: Mask, image: RGBImage, using generator: inout SeededGenerator) -> QueryPoints {
        let inside = QueryPointSampler(method: queryPoints.positiveMethod, margin: queryPoints.margin, referenceQuirks: referenceQuirks)
        let outside = QueryPointSampler(method: queryPoints.negativeMethod, referenceQuirks: referenceQuirks)
        let positives = inside.sample(queryPoints.positives, from: mask, image: image, using: &generator)
        let negatives =
            switch queryPoints.negativeRegion {
            case .surroundings: outside.sampleSurroundings(queryPoints.negatives, of: mask, image: image, using: &generator)
            case .background: outside.sample(queryPoints.negatives, from: mask.inverted, image: image, using: &generator)
            }
        guard referenceQuirks, mask.isEmpty else { return QueryPoints(positives: positives, negatives: negatives) }
        return QueryPoints(positives: .init(repeating: SIMD2(0.5, 0.5), count: queryPoints.positives), negatives: negatives)
    }
}
