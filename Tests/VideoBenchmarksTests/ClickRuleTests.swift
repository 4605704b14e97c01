import Media
import SAMPT
import Support
import TestSupport
import Testing

@testable import VideoBenchmarks

@Suite("Where a simulated annotator clicks")
struct ClickRuleTests {
    private let size = ImageSize(width: 80, height: 60)

    private func boxes(_ boxes: [(x: Range<Int>, y: Range<Int>)]) -> BitMask {
        var mask = Mask(size: size)
        for box in boxes { for y in box.y { for x in box.x { mask[x, y] = true } } }
        return BitMask(mask)
    }

    private func click(_ rule: ClickRule, _ prediction: BitMask, _ truth: BitMask, seed: UInt64 = 1) -> SimulatedClick? {
        var generator = SeededGenerator(seed: seed)
        return rule.click(prediction: prediction, truth: truth, using: &generator)
    }

    @Test("In the middle of what is missing, or of what is too much; the larger circle decides, of equals what is too much")
    func centre() {
        let object = boxes([(20..<41, 10..<31)])
        let empty = BitMask(size: size)
        #expect(click(.centre, empty, object) == SimulatedClick(position: SIMD2(30.5, 20.5), isPositive: true))
        #expect(click(.centre, object, empty) == SimulatedClick(position: SIMD2(30.5, 20.5), isPositive: false))
        #expect(click(.centre, object, object) == nil && click(.centre, empty, empty) == nil)
        // A long thin strip has more pixels than a square, and no room for a circle.
        let strip = boxes([(0..<80, 50..<53)])
        let square = boxes([(60..<69, 10..<19)])
        #expect(click(.centre, strip, square) == SimulatedClick(position: SIMD2(64.5, 14.5), isPositive: true))
        #expect(click(.reference, strip, square)?.isPositive == false)
        let other = boxes([(10..<19, 10..<19)])
        #expect(click(.centre, other, square)?.isPositive == false, "a tie")
        #expect(click(.reference, other, square)?.isPositive == false, "a tie")
        // Of two equal squares the first from the top, then from the left.
        let pair = boxes([(40..<49, 30..<39), (10..<19, 30..<39)])
        #expect(click(.centre, empty, pair)?.position == SIMD2(14.5, 34.5))
    }

    @Test("The picture's border is an edge, and single pixels can be clicked")
    func borders() {
        var all = Mask(size: ImageSize(width: 9, height: 9))
        all.values = all.values.map { _ in 1 }
        #expect(click(.centre, BitMask(size: all.size), BitMask(all))?.position == SIMD2(4.5, 4.5))
        let corner = boxes([(79..<80, 59..<60)])
        for rule in ClickRule.allCases {
            #expect(click(rule, BitMask(size: size), corner)?.position == SIMD2(79.5, 59.5), "\(rule)")
        }
    }

    @Test("The reference's rule clicks in the largest cluster; the seed decides where")
    func reference() {
        var truth = Mask(size: ImageSize(width: 400, height: 300))
        for y in 40..<140 { for x in 30..<130 { truth[x, y] = true } }
        for y in 250..<262 { for x in 360..<372 { truth[x, y] = true } }
        let empty = BitMask(size: truth.size)
        var places = Set<SIMD2<Float>>()
        for seed in 1...6 as ClosedRange<UInt64> {
            let first = click(.reference, empty, BitMask(truth), seed: seed)
            #expect(first == click(.reference, empty, BitMask(truth), seed: seed))
            guard let first else { continue }
            #expect(first.isPositive && (30..<130).contains(first.position.x) && (40..<140).contains(first.position.y))
            places.insert(first.position)
        }
        #expect(places.count > 1)
    }

    @Test("Clusters are those of the definition", arguments: 1...12 as ClosedRange<UInt64>)
    func clusters(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let points = (0..<160).map { _ -> SIMD2<Float> in
            SIMD2(Float(Int.random(in: -20..<40, using: &generator)), Float(Int.random(in: -20..<40, using: &generator)))
        }
        for (reach, minimum) in [(3, 3), (4.5, 5), (1, 2), (100, 10)] as [(Float, Int)] {
            #expect(DensityClusters.labels(of: points, reach: reach, minimum: minimum) == naive(points, reach, minimum))
        }
    }

    @Test func clusterCases() {
        #expect(DensityClusters.labels(of: [], reach: 1, minimum: 1).isEmpty)
        #expect(DensityClusters.labels(of: [SIMD2(0, 0), SIMD2(9, 0)], reach: 1, minimum: 1) == [0, 1])
        #expect(DensityClusters.labels(of: [SIMD2(0, 0), SIMD2(1, 0)], reach: 1, minimum: 2) == [0, 0], "the reach itself counts")
        #expect(DensityClusters.labels(of: [SIMD2(0, 0), SIMD2(1, 0)], reach: 1, minimum: 3) == [-1, -1])
        // The one in the middle is no core, and belongs to the cluster that comes first.
        let bridge: [SIMD2<Float>] = [0, 0.5, 1, 2, 3, 3.5, 4].map { SIMD2($0, 0) }
        #expect(DensityClusters.labels(of: bridge, reach: 1, minimum: 4) == [0, 0, 0, 0, 1, 1, 1])
    }

    /// Word by word: cores in order, each with everything that can be reached from it.
    private func naive(_ points: [SIMD2<Float>], _ reach: Float, _ minimum: Int) -> [Int] {
        let neighbours = points.map { a in points.indices.filter { ((points[$0] - a) * (points[$0] - a)).sum() <= reach * reach } }
        var labels = points.map { _ in -1 }
        var count = 0
        for start in points.indices where labels[start] == -1 && neighbours[start].count >= minimum {
            var open = [start]
            while let point = open.popLast() {
                guard labels[point] == -1 else { continue }
                labels[point] = count
                if neighbours[point].count >= minimum { open += neighbours[point].filter { labels[$0] == -1 } }
            }
            count += 1
        }
        return labels
    }
}
