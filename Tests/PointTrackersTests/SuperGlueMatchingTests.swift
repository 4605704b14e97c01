import Foundation
import Media
import TensorFiles
import TestSupport
import Testing

@testable import PointTrackers

/// The parts of SuperPoint and SuperGlue that are not networks, against plain computations.
@Suite struct SuperGlueMatchingTests {
    // MARK: Key points

    /// Non-maximum suppression as the reference states it: on whole maps.
    private func suppressed(_ scores: [Float], width: Int, height: Int, radius: Int) -> Set<Int> {
        func pooled(_ map: [Float]) -> [Float] {
            map.indices.map { i in
                var top = -Float.infinity
                for y in max(0, i / width - radius)...min(height - 1, i / width + radius) {
                    for x in max(0, i % width - radius)...min(width - 1, i % width + radius) { top = max(top, map[y * width + x]) }
                }
                return top
            }
        }
        var isMaximum = zip(scores, pooled(scores)).map { $0 == $1 }
        for _ in 0..<2 {
            let near = pooled(isMaximum.map { $0 ? 1 : 0 }).map { $0 > 0 }
            let rest = zip(scores, near).map { $1 ? 0 : $0 }
            let new = zip(rest, pooled(rest)).map { $0 == $1 }
            for i in isMaximum.indices where new[i] && !near[i] { isMaximum[i] = true }
        }
        return Set(isMaximum.indices.filter { isMaximum[$0] })
    }

    @Test(arguments: [0, 1, 3, 5]) func selectionIsTheReferencesSuppression(_ radius: Int) {
        let (width, height) = (56, 40)
        var generator = SplitMix64(seed: UInt64(radius) + 5)
        // Few levels: many are equal.
        let scores = (0..<(width * height)).map { _ -> Float in
            let level = Int.random(in: 0..<80, using: &generator)
            return level < 40 ? 0 : Float(level - 40) / 40
        }
        let threshold: Float = 0.2
        let wanted = suppressed(scores, width: width, height: height, radius: radius).filter {
            scores[$0] > threshold && (4..<(width - 4)).contains($0 % width) && (4..<(height - 4)).contains($0 / width)
        }.sorted()
        let tensor = Tensor(shape: [height, width], scores)
        let all = KeypointSelection(threshold: threshold, radius: radius, maximumCount: nil)(tensor)
        #expect(all.map { $0.y * width + $0.x } == wanted)
        #expect(all.allSatisfy { $0.score == scores[$0.y * width + $0.x] })
        #expect(wanted.count > 10)
        let some = KeypointSelection(threshold: threshold, radius: radius, maximumCount: 7)(tensor)
        #expect(some.map(\.score) == Array(all.map(\.score).sorted(by: >).prefix(7)))
    }

    @Test func scoresThatAreNoNumbersAreNoKeypoints() {
        var values = [Float](repeating: .nan, count: 32 * 32)
        values[16 * 32 + 16] = 0.5
        let selection = KeypointSelection(threshold: 0.005, radius: 3, maximumCount: nil)
        #expect(selection(Tensor(shape: [32, 32], values)) == [.init(x: 16, y: 16, score: 0.5)])
        #expect(selection(Tensor(shape: [32, 32], repeating: .nan)).isEmpty)
        #expect(selection(Tensor(shape: [8, 8], repeating: 0.5)).isEmpty)
    }

    // MARK: Optimal transport

    /// Sinkhorn's iterations in float64, all with logarithms.
    private func plan(_ scores: [[Double]], bin: Double, iterations: Int) -> [[Double]] {
        let (m, n) = (scores.count, scores[0].count)
        let costs = scores.map { $0 + [bin] } + [[Double](repeating: bin, count: n + 1)]
        let norm = -log(Double(m + n))
        let rows = [Double](repeating: norm, count: m) + [log(Double(n)) + norm]
        let columns = [Double](repeating: norm, count: n) + [log(Double(m)) + norm]
        func logSum(_ values: [Double]) -> Double {
            let top = values.max() ?? 0
            return top + log(values.reduce(0) { $0 + exp($1 - top) })
        }
        var (u, v) = ([Double](repeating: 0, count: m + 1), [Double](repeating: 0, count: n + 1))
        for _ in 0..<iterations {
            for i in 0...m { u[i] = rows[i] - logSum((0...n).map { costs[i][$0] + v[$0] }) }
            for j in 0...n { v[j] = columns[j] - logSum((0...m).map { costs[$0][j] + u[$0] }) }
        }
        return (0...m).map { i in (0...n).map { costs[i][$0] + u[i] + v[$0] - norm } }
    }

    @Test(arguments: [(1, 1, 1, 3.0), (5, 9, 1, 3), (40, 23, 2, 10), (64, 300, 20, 4), (300, 230, 20, 150), (17, 16, 100, 60)])
    func transportIsSinkhorns(_ rows: Int, _ columns: Int, _ iterations: Int, _ spread: Double) {
        var generator = SplitMix64(seed: UInt64(rows * 7 + columns))
        let scores: [[Double]] = (0..<rows).map { _ in
            (0..<columns).map { _ in Double(Float.random(in: 0..<Float(spread), using: &generator)) }
        }
        // Rows and columns beyond must not be looked at.
        let gap = [Float](repeating: .nan, count: 5)
        let given: [Float] = scores.flatMap { row -> [Float] in row.map { Float($0) } + gap }
        let padded = Tensor(shape: [rows + 3, columns + 5], given + [Float](repeating: .nan, count: 3 * (columns + 5)))
        let result = OptimalTransport(iterations: iterations)(padded, bin: Float(spread * 0.8), rows: rows, columns: columns)
        let wanted = plan(scores, bin: Double(Float(spread * 0.8)), iterations: iterations)
        #expect(result.shape == [rows + 1, columns + 1])
        // Logarithms: float32 has so much of a cost.
        #expect(largestDifference(result.values, wanted.flatMap { $0.map { Float($0) } }) < 3e-5 + 3e-6 * Float(spread))
        let masses = result.values.map { exp($0) }
        for j in 0..<columns {
            let sum = (0...rows).reduce(Float(0)) { $0 + masses[$1 * (columns + 1) + j] }
            #expect(abs(sum - 1) < 1e-3)
        }
    }

    /// Costs that move factors by more than float32 holds: the plan returns to logarithms.
    @Test func transportOfCostsThatPullApart() {
        let rows = 40
        let scores: [[Double]] = (0..<rows).map { i in
            (0..<rows).map { j -> Double in
                let distance = Double(i - j)
                return j == 0 ? 400 : -3 * distance * distance
            }
        }
        let tensor = Tensor(shape: [rows, rows], scores.flatMap { $0.map { Float($0) } })
        for iterations in [2, 10, 60] {
            let result: [Float] = OptimalTransport(iterations: iterations)(tensor, bin: -500, rows: rows, columns: rows).values
            let wanted: [Float] = plan(scores, bin: -500, iterations: iterations).flatMap { $0.map { Float($0) } }
            #expect(result.allSatisfy { $0.isFinite })
            // What float32 cannot tell from 0 may differ.
            let pairs = zip(result, wanted).filter { $1 > -40 }
            #expect(pairs.allSatisfy { abs($0 - $1) < 0.02 }, "\(iterations)")
            #expect(zip(result, wanted).allSatisfy { $1 > -40 || $0 < -35 })
        }
    }

    @Test func transportOfWhatIsNoNumber() {
        let result = OptimalTransport(iterations: 5)(Tensor(shape: [4, 4], repeating: .nan), bin: 1, rows: 4, columns: 4)
        let matches = KeypointMatches(plan: result, threshold: 0.2)
        #expect(matches.first == [-1, -1, -1, -1] && matches.second == [-1, -1, -1, -1])
        #expect(matches.firstScores == [0, 0, 0, 0] && matches.secondScores == [0, 0, 0, 0])
    }

    @Test func matchesAreMutual() {
        // 2 and 1 are each other's best, 3 and 2 as well but not good enough. 0 would have 1, which prefers 2; 1 would have 0, which does
        // too.
        let probabilities: [Float] = [
            0.1, 0.8, 0.0, 0.1,
            0.3, 0.1, 0.05, 0.9,
            0.7, 0.9, 0.1, 0.2,
            0.05, 0.1, 0.15, 0.9,
            1, 1, 1, 1,
        ]
        let plan = Tensor(shape: [5, 4], probabilities.map { log($0) })
        let matches = KeypointMatches(plan: plan, threshold: 0.2)
        #expect(matches.first == [-1, -1, 1, -1])
        #expect(matches.second == [-1, 2, -1])
        #expect(largestDifference(matches.firstScores, [0, 0, 0.9, 0.15]) < 1e-6)
        #expect(largestDifference(matches.secondScores, [0, 0.9, 0.15]) < 1e-6)
        #expect(KeypointMatches(plan: plan, threshold: 0.1).first == [-1, -1, 1, 2])
    }

    // MARK: Points between key points

    private let motion = MatchedMotion(snapRadius: 3, reach: 50)

    private func grid(_ move: (SIMD2<Float>) -> SIMD2<Float>) -> [MatchedMotion.Match] {
        (0..<100).map { i in
            let from = SIMD2(Float(i % 10) * 12, Float(i / 10) * 12)
            return .init(from: from, to: move(from), score: 0.8)
        }
    }

    @Test func aKeypointTakesAPointAlong() throws {
        let matches = [
            MatchedMotion.Match(from: SIMD2(10, 10), to: SIMD2(40, 25), score: 0.6),
            .init(from: SIMD2(16, 10), to: SIMD2(0, 0), score: 0.9),
        ]
        #expect(motion([SIMD2(11, 12)], matches: matches) == [.init(position: SIMD2(41, 27), confidence: 0.6)])
        #expect(motion([SIMD2(200, 12)], matches: matches) == [nil])
        #expect(motion([SIMD2(11, 12)], matches: []) == [nil])
        #expect(motion([], matches: matches).isEmpty)
        // One alone shifts what is around it, the less surely the further away.
        let near = try #require(motion([SIMD2(20, 10)], matches: [matches[0]])[0])
        let far = try #require(motion([SIMD2(50, 10)], matches: [matches[0]])[0])
        #expect(near.position == SIMD2(50, 25) && far.position == SIMD2(80, 25))
        #expect(abs(near.confidence - 0.6 * 0.8) < 1e-6 && abs(far.confidence - 0.6 * 0.2) < 1e-6)
    }

    @Test func pointsMoveAsThoseAroundThem() throws {
        let points = [SIMD2<Float>(54, 54), SIMD2(30, 66), SIMD2(77, 41)]
        let shift = SIMD2<Float>(13, -7)
        for (point, estimate) in zip(points, motion(points, matches: grid { $0 + shift })) {
            let error = try #require(estimate).position - (point + shift)
            #expect(max(abs(error.x), abs(error.y)) < 1e-3)
        }
        func turned(_ p: SIMD2<Float>) -> SIMD2<Float> { SIMD2(0.96 * p.x - 0.28 * p.y, 0.28 * p.x + 0.96 * p.y) * 1.1 + 4 }
        for (point, estimate) in zip(points, motion(points, matches: grid(turned))) {
            let error = try #require(estimate).position - turned(point)
            #expect(max(abs(error.x), abs(error.y)) < 0.5, "\(error)")
        }
    }

    @Test func oneThatMovesOtherwiseDoesNotCount() throws {
        var matches = grid { $0 + SIMD2(5, 0) }
        let wrong = try #require(matches.firstIndex { $0.from == SIMD2(48, 48) })
        matches[wrong].to = SIMD2(400, 300)
        let estimate = try #require(motion([SIMD2(54, 54)], matches: matches)[0])
        #expect(abs(estimate.position.x - 59) < 1e-3 && abs(estimate.position.y - 54) < 1e-3)
    }

    @Test func matchesThatAreNoNumbers() {
        let matches = [
            MatchedMotion.Match(from: SIMD2(10, 10), to: SIMD2(.nan, 1), score: .nan),
            .init(from: SIMD2(.nan, 10), to: SIMD2(1, 1), score: 1),
            .init(from: SIMD2(15, 10), to: SIMD2(20, 10), score: 0),
        ]
        #expect(motion([SIMD2(12, 19), SIMD2(20, 20)], matches: matches).count == 2)
        #expect(motion([SIMD2(20, 20)], matches: [matches[2]]) == [nil])
    }

    @Test func slotsAreFew() {
        #expect(
            [1, 64, 65, 97, 129, 200, 1024, 1025, 2000, 2049].map(SuperGlueMatcher.slots) == [
                64, 64, 96, 128, 192, 256, 1024, 1536, 2048, 3072,
            ])
    }
}
