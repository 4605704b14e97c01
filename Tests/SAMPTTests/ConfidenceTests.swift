import Foundation
import Media
import PointTrackers
import Segmenters
import Support
import TestSupport
import Testing

@testable import SAMPT

@Suite("Confidence of masks")
struct ConfidenceTests {
    private func evidence(_ origin: MaskEvidence.Origin, all value: Float) -> MaskEvidence {
        var evidence = MaskEvidence(origin: origin)
        for (_, path) in MaskEvidence.fields { evidence[keyPath: path] = value }
        return evidence
    }

    @Test("Better evidence never lowers the confidence of a mask, and some raises it") func monotone() {
        var raised = 0
        for (name, path) in MaskEvidence.fields {
            for others: Float in [0.2, 0.6, 1] {
                var evidence = evidence(.predicted, all: others)
                var last: Float = 0
                for step in 0...10 {
                    evidence[keyPath: path] = Float(step) / 10
                    #expect(evidence.confidence >= last, "\(name)")
                    if step > 0, evidence.confidence > last { raised += 1 }
                    last = evidence.confidence
                }
            }
        }
        // Each of at least five kinds of evidence counts, at every step.
        #expect(raised >= 5 * 30)
    }

    @Test("Confidence lies between 0 and 1 and is ordered as it should") func bounds() {
        #expect(MaskEvidence.given.confidence == 1)
        for origin in [MaskEvidence.Origin.predicted, .absent] {
            for value: Float in [-.infinity, -3, 0, 0.5, 1, 7, .infinity, .nan] {
                let confidence = evidence(origin, all: value).confidence
                #expect(confidence >= 0 && confidence <= 1, "\(origin) \(value)")
            }
        }
        let (good, bad) = (evidence(.predicted, all: 1).confidence, evidence(.predicted, all: 0).confidence)
        #expect(good > 0.85 && bad < 0.2, "\(good), \(bad)")
        #expect(evidence(.predicted, all: .nan).confidence == bad)
        // Of frames without a mask the fit knows a base rate.
        let absent = evidence(.absent, all: 0.5).confidence
        #expect(absent > bad && absent < good, "\(absent)")
    }

    @Test func logOddsRunFromZeroToOne() {
        let shares: [Float] = [-1, 0, 0.02, 0.1, 0.5, 0.9, 0.99, 0.995, 1, 2]
        let values = shares.map(MaskConfidence.logOdds)
        #expect(values == values.sorted() && values.first == 0 && values.last == 1)
        #expect(values[2] == 0 && values[7] == 1 && values[4] > values[3] && values[6] < 1)
        #expect(MaskConfidence.logOdds(.nan) == 0)
        // As Training/confidence/fit.py has it.
        #expect(abs(MaskConfidence.logOdds(0.9) - 0.66293) < 1e-4)
    }

    @Test("The weakest evidence is named") func reasons() {
        func reason(_ change: (inout MaskEvidence) -> Void) -> ReviewReason {
            var evidence = evidence(.predicted, all: 1)
            change(&evidence)
            return evidence.weakness
        }
        #expect(reason { $0.predictedIoU = 0.1 } == .unsure)
        #expect(reason { ($0.visibleShare, $0.queryShare) = (0, 0) } == .fewPoints)
        #expect(reason { ($0.insideShare, $0.outsideShare, $0.queryShare) = (0, 0, 0) } == .disagreement)
        #expect(reason { ($0.shapeOverlap, $0.areaRatio) = (0, 0) } == .jump)
        #expect(evidence(.absent, all: 1).weakness == .lost)
    }

    @Test("Points are counted as what they say of the mask") func counting() {
        let mask = Mask(width: 4, height: 2, values: [1, 1, 0, 0, 1, 1, 0, 0])
        func point(
            _ x: Float, _ isPositive: Bool, _ status: PointStatus = .visible, _ confidence: Float = 1, query: Bool = true
        ) -> PromptPoint {
            PromptPoint(
                id: 0, position: SIMD2(x, 0.5), isPositive: isPositive, status: status, confidence: confidence,
                origin: query ? .queryMask : .reinitialization)
        }
        var evidence = MaskEvidence(origin: .predicted)
        evidence.count(
            [
                point(0.5, true), point(3.5, true, query: false), point(1.5, true, .occluded, 0), point(-1, true, .outside, .nan),
                point(3.5, false), point(0.5, false), point(0.5, false, .occluded), point(.nan, false),
            ], in: mask)
        #expect(evidence.visibleShare == 0.5)
        #expect(evidence.insideShare == 0.5)
        #expect(evidence.outsideShare == Float(2) / 3)
        #expect(evidence.queryShare == Float(1) / 3)
        #expect(evidence.leftShare == 0.25)
        #expect(evidence.trackerConfidence == 0.5)
        evidence.count([], in: nil)
        #expect((evidence.visibleShare, evidence.insideShare, evidence.outsideShare, evidence.trackerConfidence) == (0, 0, 1, 0))
    }

    @Test("Shapes are compared at one centre; blurred edges are not stable") func shapes() {
        func logits(_ center: SIMD2<Float>, radius: Float, slope: Float) -> MaskLogits {
            let values = (0..<(64 * 48)).map { i -> Float in
                let d = SIMD2(Float(i % 64), Float(i / 64)) - center
                return slope * (radius - (d.x * d.x + d.y * d.y).squareRoot())
            }
            return MaskLogits(width: 64, height: 48, values: values)
        }
        let disk = LogitShape(logits(SIMD2(20, 20), radius: 10, slope: 8))
        let moved = LogitShape(logits(SIMD2(33, 25), radius: 10, slope: 8))
        let grown = LogitShape(logits(SIMD2(20, 20), radius: 14, slope: 8))
        let blurred = LogitShape(logits(SIMD2(20, 20), radius: 10, slope: 0.3))
        #expect(disk.overlap(moved) == 1)
        #expect(abs((disk.overlap(grown) ?? 0) - 100 / 196) < 0.03)
        #expect(disk.stability > 0.9 && blurred.stability < 0.4)
        let empty = LogitShape(MaskLogits(width: 64, height: 48, values: [Float](repeating: .nan, count: 64 * 48)))
        #expect(disk.overlap(empty) == nil && empty.stability == 0)
        #expect(disk.overlap(LogitShape(MaskLogits(width: 1, height: 1, values: [5]))) == nil)
    }

    @Test("Evidence and the points' origin survive the backward pass's file", arguments: [false, true]) func spool(isExact: Bool) throws {
        var evidence = MaskEvidence(origin: .predicted)
        for (index, field) in MaskEvidence.fields.enumerated() { evidence[keyPath: field.path] = Float(index) / 16 }
        let point = PromptPoint(id: 1, position: SIMD2(3, 4), isPositive: true, status: .visible, confidence: 1, origin: .click)
        let spool = try OutcomeSpool(isExact: isExact)
        let logits = MaskLogits(width: 2, height: 1, values: [1, -1])
        try spool.write(
            [
                0: ObjectOutcome(shape: .predicted(logits), mask: Mask(width: 2, height: 1), evidence: evidence, points: [point]),
                1: ObjectOutcome(evidence: MaskEvidence(origin: .absent)), 2: ObjectOutcome(points: [point]),
            ], frame: 3)
        let read = try spool.read(frame: 3)
        #expect(read[0]?.evidence == evidence)
        #expect(read[0]?.points == [point])
        #expect(read[1]?.evidence == MaskEvidence(origin: .absent))
        #expect(read[2]?.evidence == nil)
        #expect(read[2]?.points == [point])
    }

    /// The disk's points are hidden for some frames; half of them a frame before and after.
    private struct OccludedTracker: PointTracker {
        let name = "occluded"
        let hidden: Range<Int>

        func start(on video: FrameStore, at frame: Int, direction: TimeDirection) throws -> any TrackingSession {
            Session(try FakeTracker().start(on: video, at: frame, direction: direction), hidden: hidden)
        }

        private final class Session: TrackingSession {
            private let base: any TrackingSession
            private let hidden: Range<Int>

            init(_ base: any TrackingSession, hidden: Range<Int>) { (self.base, self.hidden) = (base, hidden) }

            var frame: Int { base.frame }
            var points: [TrackedPoint] {
                base.points.map { point in
                    let isNear = frame == hidden.lowerBound - 1 || frame == hidden.upperBound
                    let isHidden = hidden.contains(frame) || isNear && point.id % 2 == 0
                    return isHidden ? TrackedPoint(id: point.id, position: point.position, confidence: 0, isVisible: false) : point
                }
            }
            @discardableResult func add(_ positions: [SIMD2<Float>], group: Int) throws -> [Int] { try base.add(positions, group: group) }
            func remove(_ ids: Set<Int>) { base.remove(ids) }
            func advance() throws { try base.advance() }
        }
    }

    @Test("An occluded object's frames are those to look at, forwards and backwards", arguments: [0, 39], [true, false])
    func occlusion(query: Int, reinitializes: Bool) async throws {
        let video = MovingDisk(frameCount: 40)
        var options = VideoSegmenterOptions()
        if !reinitializes { options.reinitialization.variant = nil }
        let segmenter = VideoSegmenter(segmenter: FakeSegmenter(), tracker: OccludedTracker(hidden: 15..<20), options: options)
        var review = FrameReview(count: 3, duration: 4)
        var confidences: [Float] = []
        let object = ObjectQuery(id: 4, frame: query, prompt: .mask(video.mask(query)))
        for try await result in segmenter.segment(video, objects: [object]) {
            review.add(result, seconds: Double(result.frameIndex) / 10)
            confidences.append(try #require(result.objects[0].confidence))
            #expect((result.objects[0].evidence?.origin == .absent) == (15..<20).contains(result.frameIndex))
        }
        #expect(confidences[query] == 1)
        let clear = confidences[2..<13] + confidences[23..<38]
        for frame in [14, 20] { #expect(confidences[frame] < (clear.min() ?? 0), "frame \(frame): \(confidences[frame]), \(clear)") }
        let frames = review.entries.map(\.frameIndex)
        #expect(frames.count == 3)
        // Once for the whole time it is lost, and where half of the points are hidden.
        #expect(frames.filter((15..<20).contains).count == 1)
        #expect(frames.contains(14) || frames.contains(20))
        #expect(review.entries.first { (15..<20).contains($0.frameIndex) }?.reason == .lost)
    }

    @Test("Frames before the query frame have no confidence where nothing is tracked backwards") func nothingKnown() async throws {
        let video = MovingDisk(frameCount: 8)
        var options = VideoSegmenterOptions()
        options.tracking.isBackward = false
        let segmenter = VideoSegmenter(segmenter: FakeSegmenter(), tracker: FakeTracker(), options: options)
        var known: [Bool] = []
        for try await result in segmenter.segment(video, objects: [ObjectQuery(id: 1, frame: 3, prompt: .mask(video.mask(3)))]) {
            known.append(result.objects[0].confidence != nil)
        }
        #expect(known == (0..<8).map { $0 >= 3 })
    }
}

@Suite("Frames to look at")
struct FrameReviewTests {
    private func result(_ frame: Int, _ evidence: [Int: MaskEvidence]) -> FrameResult {
        let objects = evidence.sorted { $0.key < $1.key }.map {
            ObjectResult(id: $0.key, mask: Mask(width: 1, height: 1), evidence: $0.value, points: [])
        }
        return FrameResult(
            frameIndex: frame, image: RGBImage(width: 1, height: 1), objects: objects, indexMask: IndexMask(width: 1, height: 1))
    }

    private func evidence(_ quality: Float) -> MaskEvidence {
        var evidence = MaskEvidence(origin: .predicted)
        (evidence.predictedIoU, evidence.insideShare, evidence.queryShare, evidence.visibleShare) = (quality, quality, quality, quality)
        return evidence
    }

    @Test("Least sure first, of one object no two within a second, with constant memory") func spreading() {
        var review = FrameReview(count: 5, duration: 1000)
        #expect(review.spacing == 1)
        var generator = SeededGenerator(seed: 3)
        let qualities = (0..<25_000).map { _ in Float.random(in: 0.2...1, using: &generator) }
        var (most, mostFirst) = (0, 0)
        // The pictures that a sheet with the first two has.
        var kept = Set<Int>()
        for frame in qualities.indices {
            // Two dips, each several frames long.
            let quality = (5000..<5010).contains(frame) ? 0.1 : (20_000..<20_003).contains(frame) ? 0.05 : qualities[frame]
            review.add(result(frame, [1: evidence(quality), 2: evidence(0.95), 3: .given]), seconds: Double(frame) / 25)
            most = max(most, review.candidates.count)
            let first = review.candidates(first: 2)
            mostFirst = max(mostFirst, first.count)
            kept = kept.intersection(first).union(first.contains(frame) ? [frame] : [])
        }
        let entries = review.entries
        #expect(entries.count == 5)
        #expect(entries.prefix(2).map(\.frameIndex) == [20_000, 5000])
        #expect(entries.allSatisfy { $0.objectID == 1 })
        #expect(zip(entries, entries.dropFirst()).allSatisfy { $0.confidence <= $1.confidence })
        let times = entries.map(\.seconds).sorted()
        #expect(zip(times, times.dropFirst()).allSatisfy { $1 - $0 >= 1 })
        #expect(most <= 2 * (5 * 5 + 1) && mostFirst <= 2 * (5 * 2 + 1))
        #expect(kept.isSuperset(of: entries.prefix(2).map(\.frameIndex)))
    }

    @Test("Objects share the list; short clips are divided into twentieths") func objects() {
        var review = FrameReview(count: 4, duration: 2)
        #expect(abs(review.spacing - 0.1) < 1e-9)
        for frame in 0..<50 {
            review.add(
                result(frame, [1: evidence(frame == 10 ? 0.2 : 0.9), 2: evidence(frame == 11 ? 0.1 : 0.8)]), seconds: Double(frame) / 25)
        }
        #expect(review.entries.prefix(2).map(\.frameIndex) == [11, 10])
        #expect(review.entries.prefix(2).map(\.objectID) == [2, 1])
        #expect(review.entries.count == 4)
        var none = FrameReview(count: 0, duration: .nan)
        none.add(result(0, [1: evidence(0)]), seconds: 0)
        #expect(none.entries.isEmpty && none.candidates.isEmpty)
    }
}
