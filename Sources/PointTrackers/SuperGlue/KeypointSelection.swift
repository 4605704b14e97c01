import Media
import TensorFiles

/// Picks key points from a map of scores: local maxima above a threshold.
struct KeypointSelection: Sendable, Hashable {
    /// Pixels at the picture's border without key points.
    static let border = 4

    /// Scores must be above this.
    var threshold: Float
    /// Key points are the largest in squares that reach this far to each side, in pixels.
    var radius: Int
    /// Only so many are kept, those of the highest scores; nil: all.
    var maximumCount: Int?

    struct Selected: Sendable, Hashable {
        var x: Int
        var y: Int
        var score: Float
    }

    /// - Parameter scores: height x width.
    /// - Returns: row by row; by descending score where some had to be left out.
    func callAsFunction(_ scores: Tensor) -> [Selected] {
        let (height, width) = (scores.shape[0], scores.shape[1])
        var found = scores.withUnsafeBuffer { maxima($0, width: width, height: height) }
        if let maximumCount, found.count > maximumCount {
            // In the order of the map where scores are equal.
            found = Array(
                found.enumerated().sorted { ($1.element.score, $0.offset) < ($0.element.score, $1.offset) }.prefix(maximumCount).map(
                    \.element))
        }
        return found
    }

    /// What is known of a pixel in non-maximum suppression.
    private enum State: UInt8 {
        case open, suppressed, maximum
    }

    /// Three rounds: in each, whatever is not suppressed and is the largest of its square becomes a maximum, and suppresses its square.
    /// Equal neighbours are all maxima. Pixels below the threshold can suppress none above it: only those above are looked at.
    private func maxima(_ scores: UnsafeBufferPointer<Float>, width: Int, height: Int) -> [Selected] {
        var candidates: [Int] = []
        for i in scores.indices where scores[i] > threshold { candidates.append(i) }
        var states = [State](repeating: .open, count: scores.count)
        return states.withUnsafeMutableBufferPointer { states in
            for _ in 0..<3 {
                var new: [Int] = []
                for index in candidates where states[index] == .open {
                    let (x, y) = (index % width, index / width)
                    let score = scores[index]
                    var isLargest = true
                    rows: for row in max(0, y - radius)...min(height - 1, y + radius) {
                        for i in (row * width + max(0, x - radius))...(row * width + min(width - 1, x + radius))
                        where scores[i] > score && states[i] == .open {
                            isLargest = false
                            break rows
                        }
                    }
                    if isLargest { new.append(index) }
                }
                for index in new { states[index] = .maximum }
                for index in new {
                    let (x, y) = (index % width, index / width)
                    for row in max(0, y - radius)...min(height - 1, y + radius) {
                        for i in (row * width + max(0, x - radius))...(row * width + min(width - 1, x + radius)) where states[i] == .open {
                            states[i] = .suppressed
                        }
                    }
                }
            }
            var found: [Selected] = []
            for index in candidates where states[index] == .maximum {
                let (x, y) = (index % width, index / width)
                guard x >= Self.border, y >= Self.border, x < width - Self.border, y < height - Self.border else { continue }
                found.append(Selected(x: x, y: y, score: scores[index]))
            }
            return found
        }
    }
}
