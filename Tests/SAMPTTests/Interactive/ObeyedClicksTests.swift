import Media
import Testing

@testable import SAMPT

@Suite("Corrections do what their clicks say")
struct ObeyedClicksTests {
    /// A tracked disk, whose points outweigh clicks: the stand-in segmenter answers with a disk around all positive points' mean.
    private func tracked() async throws -> (fixture: SessionFixture, mask: Mask) {
        let fixture = try SessionFixture()
        try await fixture.add(1, frame: 0)
        try await fixture.propagate()
        return (fixture, try #require(try await fixture.session.mask(of: 1, at: 10)?.mask?.mask))
    }

    private func mask(_ fixture: SessionFixture) async throws -> Mask {
        try #require(try await fixture.session.mask(of: 1, at: 10)?.mask?.mask)
    }

    @Test("A click on what the answer leaves out takes it in, and what was there stays") func positive() async throws {
        let (fixture, before) = try await tracked()
        try await fixture.click(1, 10, SIMD2(84, 52))
        let after = try await mask(fixture)
        #expect(!before[84, 52] && after[84, 52] && after.area > before.area)
        #expect(before.intersectionCount(after) > before.area * 3 / 4)
        // So it is followed.
        try await fixture.propagate()
        let next = try #require(try await fixture.session.mask(of: 1, at: 11)?.points.filter { $0.isVisible && $0.isPositive })
        #expect(next.contains { $0.position.x > 75 } && next.contains { $0.position.x < 55 })
    }

    @Test("A negative click takes away what lies there, and no more") func negative() async throws {
        let (fixture, before) = try await tracked()
        let place = MovingDisk.center(10) + SIMD2(9, 0)
        try await fixture.click(1, 10, place, positive: false)
        let after = try await mask(fixture)
        let (x, y) = (Int(place.x), Int(place.y))
        #expect(before[x, y] && !after[x, y] && after[x - 16, y] && after.area < before.area)
    }

    @Test("Strokes are painted on what clicks have taken in") func strokes() async throws {
        let (fixture, _) = try await tracked()
        try await fixture.click(1, 10, SIMD2(84, 52))
        let clicked = try await mask(fixture)
        let stroke = BrushStroke(path: [SIMD2(20, 8), SIMD2(24, 8)], radius: 2)
        try await fixture.session.apply(.addStroke(AnchorPlace(object: 1, frame: 10), stroke))
        let painted = try await mask(fixture)
        #expect(painted[84, 52] && painted[22, 8] && painted.intersectionCount(clicked) == clicked.area)
    }

    @Test("What is on the screen is the first of the answers to choose from") func candidates() async throws {
        let (fixture, _) = try await tracked()
        try await fixture.click(1, 10, SIMD2(84, 52))
        let shown = try await mask(fixture)
        let found = try await fixture.session.candidates(of: 1, at: 10)
        #expect(found.first?.mask.mask == shown && found.map(\.index) == Array(found.indices))
        try await fixture.session.choose(0, of: 1, at: 10)
        #expect(try await mask(fixture) == shown)
    }

    @Test("A negative click takes away nothing that a positive one says") func negativeBesidePositive() async throws {
        let (fixture, _) = try await tracked()
        // The stand-in takes what is around the negative click for a disk that has the positive one in it.
        try await fixture.click(1, 10, MovingDisk.center(10) + SIMD2(1, 0))
        let before = try await mask(fixture)
        try await fixture.click(1, 10, MovingDisk.center(10) + SIMD2(7, 0), positive: false)
        let after = try await mask(fixture)
        let (x, y) = (Int(MovingDisk.center(10).x) + 1, Int(MovingDisk.center(10).y))
        #expect(after[x, y] && !after[x + 6, y] && after.area < before.area && after.area > before.area / 2)
    }

    @Test("A negative click on all that there is says nothing: an empty mask does") func negativeOnAll() async throws {
        let (fixture, before) = try await tracked()
        let points = try #require(try await fixture.session.mask(of: 1, at: 10)?.points.filter { $0.isVisible && $0.isPositive })
        let mean = points.reduce(SIMD2<Float>.zero) { $0 + $1.position } / Float(points.count)
        try await fixture.click(1, 10, mean, positive: false)
        #expect(try await mask(fixture).intersectionOverUnion(before) > 0.9)
        try await fixture.propagate()
    }

    @Test("What the answer does as it is told costs nothing more") func obeyed() async throws {
        let (fixture, _) = try await tracked()
        func cost(of position: SIMD2<Float>) async throws -> Int {
            let before = fixture.segmenter.decoded.withLock { $0[10] ?? 0 }
            try await fixture.click(1, 10, position)
            _ = try await mask(fixture)
            return fixture.segmenter.decoded.withLock { $0[10] ?? 0 } - before
        }
        let once = try await cost(of: MovingDisk.center(10) + SIMD2(3, 0))
        #expect(try await cost(of: MovingDisk.center(10) - SIMD2(3, 0)) == once)
        #expect(try await cost(of: SIMD2(84, 52)) > once)
    }
}
