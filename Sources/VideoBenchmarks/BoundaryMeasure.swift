import Foundation
import Media

/// Region similarity J: intersection over union, 1 when both masks are empty (Perazzi et al., 2016).
public func regionSimilarity(_ prediction: Mask, _ truth: Mask) -> Double {
    prediction.intersectionOverUnion(truth)
}

/// As for `Mask`.
public func regionSimilarity(_ prediction: BitMask, _ truth: BitMask) -> Double {
    let (both, either) = prediction.overlap(truth)
    return either == 0 ? 1 : Double(both) / Double(either)
}

/// Contour accuracy F: the harmonic mean of precision and recall of boundary pixels within a tolerance (Perazzi et al., 2016;
/// equal to the official DAVIS programs).
/// - Precondition: equal sizes.
public func boundaryAccuracy(_ prediction: Mask, _ truth: Mask) -> Double {
    boundaryAccuracy(BitMask(prediction), BitMask(truth))
}

/// As for `Mask`.
public func boundaryAccuracy(_ prediction: BitMask, _ truth: BitMask) -> Double {
    boundaryAccuracy(ofBoundary: prediction.boundary, truthBoundary: truth.boundary)
}

/// F from boundaries that are known.
func boundaryAccuracy(ofBoundary found: BitMask, truthBoundary wanted: BitMask) -> Double {
    let (foundCount, wantedCount) = (found.area, wanted.area)
    if foundCount == 0 || wantedCount == 0 { return foundCount == wantedCount ? 1 : 0 }
    let radius = boundaryTolerance(found.size)
    let precision = Double(found.count(near: wanted, radius: radius)) / Double(foundCount)
    let recall = Double(wanted.count(near: found, radius: radius)) / Double(wantedCount)
    return precision + recall == 0 ? 0 : 2 * precision * recall / (precision + recall)
}

/// The tolerance in pixels: 0.8 % of the diagonal, rounded up.
public func boundaryTolerance(_ size: ImageSize) -> Int {
    let diagonal = Double(size.width * size.width + size.height * size.height).squareRoot()
    return Int((0.008 * diagonal).rounded(.up))
}

/// Pixels that differ from their right, lower or lower-right neighbour; in the last row only the right one counts, in the last column
/// only the lower one.
public func boundary(of mask: Mask) -> Mask { BitMask(mask).boundary.mask }
