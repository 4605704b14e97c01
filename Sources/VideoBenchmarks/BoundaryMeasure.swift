import Foundation
import Media

/// Region similarity J: intersection over union, 1 when both masks are empty (Perazzi et al., 2016).
public func regionSimilarity(_ prediction: Mask, _ truth: Mask) -> Double {
    prediction.intersectionOverUnion(truth)
}

/// Contour accuracy F: the harmonic mean of precision and recall of boundary pixels within a tolerance (Perazzi et al., 2016;
/// equal to the official DAVIS programs).
public func boundaryAccuracy(_ prediction: Mask, _ truth: Mask) -> Double {
    precondition(prediction.size == truth.size, "masks of \(prediction.size) and \(truth.size)")
    let radius = boundaryTolerance(prediction.size)
    let found = boundary(of: prediction)
    let wanted = boundary(of: truth)
    let (foundCount, wantedCount) = (found.area, wanted.area)
    if foundCount == 0 || wantedCount == 0 { return foundCount == wantedCount ? 1 : 0 }
    let precision = Double(hits(of: found, near: wanted, radius: radius)) / Double(foundCount)
    let recall = Double(hits(of: wanted, near: found, radius: radius)) / Double(wantedCount)
    return precision + recall == 0 ? 0 : 2 * precision * recall / (precision + recall)
}

/// The tolerance in pixels: 0.8 % of the diagonal, rounded up.
public func boundaryTolerance(_ size: ImageSize) -> Int {
    let diagonal = Double(size.width * size.width + size.height * size.height).squareRoot()
    return Int((0.008 * diagonal).rounded(.up))
}

/// Pixels that differ from their right, lower or lower-right neighbour; in the last row only the right one counts, in the last column
/// only the lower one.
public func boundary(of mask: Mask) -> Mask {
    let (width, height) = (mask.width, mask.height)
    var result = Mask(size: mask.size)
    mask.values.withUnsafeBufferPointer { values in
        result.values.withUnsafeMutableBufferPointer { edges in
            for y in 0..<height {
                let row = y * width
                if y + 1 < height {
                    for x in 0..<(width - 1) {
                        let value = values[row + x]
                        edges[row + x] =
                            (value ^ values[row + x + 1]) | (value ^ values[row + width + x]) | (value ^ values[row + width + x + 1])
                    }
                    edges[row + width - 1] = values[row + width - 1] ^ values[row + 2 * width - 1]
                } else {
                    for x in 0..<(width - 1) { edges[row + x] = values[row + x] ^ values[row + x + 1] }
                }
            }
        }
    }
    return result
}

/// How many pixels of `mask` lie within `radius` of a pixel of `other`.
private func hits(of mask: Mask, near other: Mask, radius: Int) -> Int {
    let (width, height) = (mask.width, mask.height)
    // Along each row, the distance to the nearest pixel of `other`; then few rows need to be looked at for each pixel.
    let far = Int32(radius + 1)
    var distances = [Int32](repeating: far, count: width * height)
    for y in 0..<height {
        var last = far
        for i in (y * width)..<((y + 1) * width) {
            last = other.values[i] != 0 ? 0 : min(last + 1, far)
            distances[i] = last
        }
        last = far
        for i in ((y * width)..<((y + 1) * width)).reversed() {
            last = other.values[i] != 0 ? 0 : min(last + 1, far)
            distances[i] = min(distances[i], last)
        }
    }
    let reach = (-radius...radius).map { Int32(Double(radius * radius - $0 * $0).squareRoot()) }
    var count = 0
    for y in 0..<height {
        let rows = max(0, y - radius)...min(height - 1, y + radius)
        for x in 0..<width where mask.values[y * width + x] != 0 {
            if rows.contains(where: { distances[$0 * width + x] <= reach[$0 - y + radius] }) { count += 1 }
        }
    }
    return count
}
