import Media
import TensorFiles

/// What tells an object from the rest of a frame: the linear function of a cell's features in `p8` that says best, by ridge regression,
/// whether the cell belongs to the object: 1 inside, -1 outside (docs/models/nano-prompt.md, "Target model").
struct TargetModel {
    /// 64 weights and the bias.
    let weights: [Float]

    /// The ridge, as a share of the features' mean square.
    private static let ridge = 0.1

    init(_ evidence: TargetEvidence) {
        let size = TargetEvidence.size
        var system = evidence.gram.map(Double.init)
        let penalty = Self.ridge * (0..<size).reduce(0) { $0 + system[$1 * size + $1] } / Double(size)
        for channel in 0..<(size - 1) { system[channel * size + channel] += penalty }
        weights = system.solvedByCholesky(evidence.wanted.map(Double.init)).map(Float.init)
    }
}

/// What frames say of which features are the object's: the sums that a target model is solved from. Each frame counts as 1.
struct TargetEvidence: Sendable {
    /// Features of a cell and the constant 1.
    static let size = 65
    /// `size` x `size` weighted products of features with features, lower half, and `size` of features with what is wanted.
    private(set) var gram: [Float]
    private(set) var wanted: [Float]

    /// - Parameters:
    ///   - p8: 1 x H/8 x W/8 x 64.
    ///   - coverage: the share of each cell that is the object's, row by row; negative in cells outside the picture, which do not count.
    /// - Returns: nil where the object covers nothing.
    init?(p8: Tensor, coverage: [Float]) {
        let channels = Self.size - 1
        let counted = coverage.filter { $0 >= 0 }
        let inside = counted.reduce(0, +)
        guard inside > 0, p8.count == coverage.count * channels else { return nil }
        // Small objects would count for little beside all that they are not.
        let share = inside / Float(counted.count)
        let gain = 1 / max(share, 1e-3).squareRoot() - 1
        let total = counted.reduce(Float(0)) { $0 + 1 + $1 * gain }
        var sums = WeightedSums()
        p8.withUnsafeBuffer { p8 in
            for (cell, covered) in coverage.enumerated() where covered >= 0 {
                let features = UnsafeBufferPointer(rebasing: p8[(cell * channels)..<((cell + 1) * channels)])
                sums.add(features, weight: (1 + covered * gain) / total, wanted: 2 * covered - 1)
            }
        }
        (gram, wanted) = sums.result()
    }

    /// Between this and further evidence.
    func mixed(with other: TargetEvidence, share: Float) -> TargetEvidence {
        var result = self
        for index in result.gram.indices { result.gram[index] += share * (other.gram[index] - result.gram[index]) }
        for index in result.wanted.indices { result.wanted[index] += share * (other.wanted[index] - result.wanted[index]) }
        return result
    }
}

extension NanoInputGrid {
    /// The share of each cell of the padded input that a mask covers, row by row; -1 where the cell's centre is outside the picture.
    func coverage(of mask: Mask, stride: Int) -> [Float] {
        let (columns, rows) = (input.width / stride, input.height / stride)
        // Sums over all pixels above and left of each: whatever the cell's size, four of them give what is inside.
        let width = mask.width + 1
        var sums = [Int32](repeating: 0, count: width * (mask.height + 1))
        for y in 0..<mask.height {
            var row: Int32 = 0
            for x in 0..<mask.width {
                if mask[x, y] { row += 1 }
                sums[(y + 1) * width + x + 1] = sums[y * width + x + 1] + row
            }
        }
        func edges(_ count: Int, _ scale: Float, _ limit: Int) -> [Int] {
            (0...count).map { min(limit, Int((Float($0 * stride) / scale).rounded())) }
        }
        let (xs, ys) = (edges(columns, scale.x, mask.width), edges(rows, scale.y, mask.height))
        return (0..<rows).flatMap { row in
            (0..<columns).map { column in
                let center = (x: column * stride + stride / 2, y: row * stride + stride / 2)
                guard center.x < resized.width, center.y < resized.height else { return -1 }
                let (x0, y0) = (min(xs[column], mask.width - 1), min(ys[row], mask.height - 1))
                let (x1, y1) = (max(xs[column + 1], x0 + 1), max(ys[row + 1], y0 + 1))
                let inside = sums[y1 * width + x1] - sums[y0 * width + x1] - sums[y1 * width + x0] + sums[y0 * width + x0]
                return Float(inside) / Float((x1 - x0) * (y1 - y0))
            }
        }
    }
}

extension [Double] {
    /// Solves a symmetric positive definite system, row by row.
    fileprivate func solvedByCholesky(_ right: [Double]) -> [Double] {
        let size = right.count
        var lower = self
        var solution = right
        for row in 0..<size {
            for column in 0...row {
                var sum = lower[row * size + column]
                for k in 0..<column { sum -= lower[row * size + k] * lower[column * size + k] }
                lower[row * size + column] = row == column ? Swift.max(sum, 1e-12).squareRoot() : sum / lower[column * size + column]
            }
        }
        for row in 0..<size {
            for k in 0..<row { solution[row] -= lower[row * size + k] * solution[k] }
            solution[row] /= lower[row * size + row]
        }
        for row in (0..<size).reversed() {
            for k in (row + 1)..<Swift.max(size, row + 1) { solution[row] -= lower[k * size + row] * solution[k] }
            solution[row] /= lower[row * size + row]
        }
        return solution
    }
}
