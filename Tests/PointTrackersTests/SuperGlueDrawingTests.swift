import Media
import TestSupport
import Testing

@testable import PointTrackers

/// Points drawn among key points.
@Suite(.serialized, .enabled(if: ParityCase.named("superpoint_superglue") != nil, Comment(rawValue: ParityCase.missing)))
struct SuperGlueDrawingTests {
    private let fixture: SuperGlueFixture
    private var size: ImageSize { fixture.size }

    init() throws { fixture = try SuperGlueFixture() }

    /// Columns before `end`.
    private func left(_ end: Int = 64) -> Mask {
        Mask(width: 128, height: 96, values: (0..<(128 * 96)).map { $0 % 128 < end ? 1 : 0 })
    }

    @Test func pointsDrawnOnceStayTheirKeypoints() throws {
        let tracker = try SuperGlueFixture.shared.get()
        let video = try fixture.clip(4)
        var generator = SplitMix64(seed: 3)
        let drawn = try tracker.drawPoints(
            masks: [left(), left()], queryFrame: 2, in: video, positives: 8, negatives: 3, using: &generator)
        #expect(drawn.count == 4 && drawn.allSatisfy { $0.map(\.id) == Array(0..<22) })
        #expect(drawn[2].allSatisfy { $0.isVisible && $0.confidence == 1 })
        for (slot, point) in drawn[2].enumerated() { #expect((point.position.x < 64) == (slot % 11 < 8)) }
        // Without repetition.
        #expect(Set(drawn[2][..<8].map(\.position)).count == 8)
        let pairs = try fixture.pairs(tracker, video)
        for frame in [1, 3] {
            for (now, then) in zip(drawn[frame], drawn[2]) {
                let pair = pairs.first { $0.from == then.position }
                #expect(now.isVisible == (pair != nil) && now.confidence == pair?.score ?? 0)
                if let pair { #expect(now.position == pair.to) }
            }
        }
        #expect(drawn[1].contains(where: \.isVisible) && drawn[1].contains { !$0.isVisible })
        var again = SplitMix64(seed: 3)
        #expect(
            try tracker.drawPoints(masks: [left(), left()], queryFrame: 2, in: video, positives: 8, negatives: 3, using: &again) == drawn)
        // More than there are.
        let many = try tracker.drawPoints(masks: [left()], queryFrame: 0, in: video, positives: 300, negatives: 0, using: &again)
        let inside = try video.value(of: tracker.processor, at: 0).positions.count { $0.x < 63.5 }
        #expect(many[0].count { $0.isVisible } == inside && many[0].count == 300)
    }

    @Test(arguments: [false, true]) func pointsDrawnInEveryFrame(_ filtersBothImages: Bool) throws {
        let tracker = try SuperGlueFixture.shared.get()
        let video = try fixture.clip(3)
        let pairs = try fixture.pairs(tracker, video)
        // A mask's edge that a key point crosses: the reference leaves that out.
        let crossing = try #require(pairs.first { $0.from.x != $0.to.x })
        let end = Int(max(crossing.from.x, crossing.to.x))
        var generator = SplitMix64(seed: 8)
        let drawn = try tracker.drawPoints(
            masks: [left(end)], queryFrame: 0, in: video, positives: 400, negatives: 400,
            drawing: .everyFrame(filtersBothImages: filtersBothImages), using: &generator)
        #expect(drawn[0].allSatisfy { !$0.isVisible })
        for (range, isInside) in [(0..<400, true), (400..<800, false)] {
            let candidates = pairs.filter {
                ($0.from.x < Float(end)) == isInside && (!filtersBothImages || ($0.to.x < Float(end)) == isInside)
            }
            #expect(filtersBothImages != candidates.contains(crossing) || (crossing.from.x < Float(end)) != isInside)
            let visible = drawn[1][range].filter(\.isVisible)
            #expect(visible.count == min(candidates.count, 400))
            #expect(drawn[1][range].prefix(visible.count).allSatisfy { $0.isVisible })
            let places = Set(candidates.map(\.to))
            #expect(visible.allSatisfy { places.contains($0.position) })
            // With repetition.
            if candidates.count > 8 { #expect(Set(visible.map(\.position)).count < candidates.count) }
        }
        #expect(drawn[1] != drawn[2])
    }

    @Test func whatCannotBeDrawn() throws {
        let tracker = try SuperGlueFixture.shared.get()
        let video = try fixture.clip(2)
        var generator = SplitMix64(seed: 8)
        func draw(_ masks: [Mask], frame: Int, positives: Int) throws -> [[TrackedPoint]] {
            try tracker.drawPoints(masks: masks, queryFrame: frame, in: video, positives: positives, negatives: 0, using: &generator)
        }
        #expect(throws: MediaError.frameOutOfRange(index: 2, count: 2)) { try draw([left()], frame: 2, positives: 1) }
        #expect(throws: TrackerError.self) { try draw([Mask(width: 4, height: 4)], frame: 0, positives: 1) }
        #expect(throws: TrackerError.self) { try draw([left()], frame: 0, positives: -1) }
        #expect(try draw([], frame: 0, positives: 3) == [[], []])
        #expect(try draw([left()], frame: 0, positives: 0) == [[], []])
        let empty = try draw([Mask(size: size)], frame: 0, positives: 2)
        #expect(empty.count == 2 && empty.allSatisfy { $0.allSatisfy { !$0.isVisible } })
    }
}
