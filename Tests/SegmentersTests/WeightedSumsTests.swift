import TestSupport
import Testing

@testable import Segmenters

/// The sums of a target model against sums in the plain order.
struct WeightedSumsTests {
    /// Whole blocks of cells, and some that do not fill one; 0 is a frame without any.
    @Test(arguments: [0, 1, 8, 13, 240]) func sumsOverCells(count: Int) {
        var random = SplitMix64(seed: UInt64(count))
        var sums = WeightedSums()
        var gram = [Double](repeating: 0, count: 65 * 65)
        var wanted = [Double](repeating: 0, count: 65)
        for _ in 0..<count {
            let features = (0..<64).map { _ in Float.random(in: -1...2, using: &random) }
            let (weight, target) = (Float.random(in: 0...3, using: &random), Float.random(in: -1...1, using: &random))
            features.withUnsafeBufferPointer { sums.add($0, weight: weight, wanted: target) }
            let extended = (features + [1]).map(Double.init)
            for row in 0..<65 {
                for column in 0...row { gram[65 * row + column] += Double(weight) * extended[row] * extended[column] }
                wanted[row] += Double(weight) * Double(target) * extended[row]
            }
        }
        let result = sums.result()
        #expect(result.gram.count == gram.count && result.wanted.count == wanted.count)
        for (found, expected) in [(result.gram, gram), (result.wanted, wanted)] {
            // Sums of many products in single precision.
            #expect(zip(found, expected).allSatisfy { abs(Double($0) - $1) <= 1e-4 * max(1, abs($1)) })
        }
    }
}
