import Foundation
import TensorFiles

/// Which key points of two pictures belong together.
struct KeypointMatches: Sendable {
    /// For each key point of the first picture, that of the second, or -1.
    let first: [Int]
    /// For each key point of the second picture, that of the first, or -1.
    let second: [Int]
    /// How sure the match is, 0 to 1; above 0 also where a pair is each other's best but not good enough.
    let firstScores: [Float]
    let secondScores: [Float]

    /// No matches.
    init(first: Int, second: Int) {
        self.first = [Int](repeating: -1, count: first)
        self.second = [Int](repeating: -1, count: second)
        firstScores = [Float](repeating: 0, count: first)
        secondScores = [Float](repeating: 0, count: second)
    }

    /// Pairs that are each other's best, with a probability above `threshold`.
    /// - Parameter plan: logarithms, with one row and one column more than there are key points.
    init(plan: Tensor, threshold: Float) {
        let (rows, columns) = (plan.shape[0] - 1, plan.shape[1] - 1)
        var bestOfRow = [Int](repeating: -1, count: rows)
        var bestOfColumn = [Int](repeating: -1, count: columns)
        var scores = [Float](repeating: -.infinity, count: rows)
        var columnScores = [Float](repeating: -.infinity, count: columns)
        plan.withUnsafeBuffer { plan in
            for i in 0..<rows {
                for j in 0..<columns {
                    let value = plan[i * (columns + 1) + j]
                    if value > scores[i] { (scores[i], bestOfRow[i]) = (value, j) }
                    if value > columnScores[j] { (columnScores[j], bestOfColumn[j]) = (value, i) }
                }
            }
        }
        // What is no number has no best, and what has none is nobody's.
        let mutual = (0..<rows).map { bestOfRow[$0] >= 0 && bestOfColumn[bestOfRow[$0]] == $0 }
        let firstScores = (0..<rows).map { mutual[$0] ? exp(scores[$0]) : 0 }
        let first = (0..<rows).map { firstScores[$0] > threshold ? bestOfRow[$0] : -1 }
        let isMutual = (0..<columns).map { bestOfColumn[$0] >= 0 && bestOfRow[bestOfColumn[$0]] == $0 }
        secondScores = (0..<columns).map { isMutual[$0] ? firstScores[bestOfColumn[$0]] : 0 }
        second = (0..<columns).map { isMutual[$0] && first[bestOfColumn[$0]] >= 0 ? bestOfColumn[$0] : -1 }
        (self.first, self.firstScores) = (first, firstScores)
    }
}
