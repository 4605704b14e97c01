import Foundation
import Media
import PointTrackers
import SAMPT
import Support
import TestSupport
import Testing

@testable import VideoBenchmarks

@Suite("Synthetic clips")
struct SyntheticClipTests {
    private let size = ImageSize(width: 96, height: 64)

    private func clip(_ seed: UInt64, frames: Int = 6) throws -> SyntheticClip {
        try SyntheticClip(name: "x", seed: seed, size: size, frameCount: frames)
    }

    @Test("Equal seeds give equal clips, others do not")
    func seeds() throws {
        let (a, b, c) = (try clip(1), try clip(1), try clip(2))
        #expect(try a.frame(at: 5) == b.frame(at: 5))
        #expect(try a.frame(at: 5) != c.frame(at: 5))
        #expect(try a.frame(at: 0) != a.frame(at: 5))
        #expect(try a.truth(pointCount: 9) == b.truth(pointCount: 9))
        #expect(throws: MediaError.frameOutOfRange(index: 6, count: 6)) { try a.frame(at: 6) }
        #expect(throws: MediaError.self) { try SyntheticClip(name: "x", seed: 1, size: ImageSize(width: 4, height: 64), frameCount: 6) }
        #expect(try clip(1, frames: 1).truth(pointCount: 3).occluded == [false, false, false])
        #expect(try a.truth(pointCount: 0).positions.isEmpty)
    }

    @Test("Going to the frame and back to the sheet returns to the place")
    func inverse() {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<20 {
            let layer = ClipLayer.thing(SIMD2(256, 256), using: &generator)
            let pose = ClipLayer.Pose(layer, time: generator.number(in: 0...4))
            for _ in 0..<50 {
                let place = SIMD2(generator.number(in: -60...60), generator.number(in: -60...60))
                let back = pose.toSheet(pose.toFrame(place)) - place
                #expect(abs(back.x) < 1e-9 && abs(back.y) < 1e-9)
                let d = pose.toFrame(place) - pose.center
                if layer.outline?.contains(place) == true { #expect(d.x * d.x + d.y * d.y <= pose.reach * pose.reach) }
            }
        }
    }

    /// A visible point keeps its colour, up to its layer's brightness and interpolation: the pictures move as the tracks say.
    @Test("Pictures move as the tracks say")
    func picturesFollowTracks() throws {
        let clip = try SyntheticClip(name: "x", seed: 3, size: ImageSize(width: 256, height: 256), frameCount: 9)
        let truth = try clip.truth(pointCount: 150)
        let images = try [0, 8].map(clip.frame)
        func color(_ image: RGBImage, _ p: SIMD2<Double>) -> SIMD3<Double>? {
            let q = p * 256 - 0.5
            let (x, y) = (Int(q.x.rounded(.down)), Int(q.y.rounded(.down)))
            guard x >= 0, y >= 0, x < 255, y < 255 else { return nil }
            let (u, v) = (q.x - Double(x), q.y - Double(y))
            func at(_ x: Int, _ y: Int) -> SIMD3<Double> {
                SIMD3(Double(image[x, y].red), Double(image[x, y].green), Double(image[x, y].blue))
            }
            return (at(x, y) * (1 - u) + at(x + 1, y) * u) * (1 - v) + (at(x, y + 1) * (1 - u) + at(x + 1, y + 1) * u) * v
        }
        var errors: [Double] = []
        var shifted: [Double] = []
        for point in 0..<150 where !truth.isOccluded(point, 0) && !truth.isOccluded(point, 8) {
            guard let a = color(images[0], truth.position(point, 0)), let b = color(images[1], truth.position(point, 8)),
                let c = color(images[1], truth.position(point, 8) + SIMD2(3, 3) / 256)
            else { continue }
            errors.append(abs(a - b).sum() / 3)
            shifted.append(abs(a - c).sum() / 3)
        }
        errors.sort()
        shifted.sort()
        #expect(errors.count > 80)
        #expect(errors[errors.count / 2] < 4, "median \(errors[errors.count / 2])")
        // The same points 3 pixels beside their tracks are clearly of other colours.
        #expect(shifted[shifted.count / 2] > 3 * errors[errors.count / 2], "\(shifted[shifted.count / 2])")
    }

    @Test("Points are hidden behind others and outside the frame, and come back")
    func occlusion() throws {
        var (hidden, outside, back) = (0, 0, 0)
        for index in 0..<4 {
            let clip = try SyntheticClips(count: 4, seed: 1, size: ImageSize(width: 256, height: 256), frameCount: 24, pointCount: 40).clip(
                at: index)
            let truth = try clip.truth(pointCount: 40)
            for point in 0..<40 {
                var wasHidden = false
                for frame in 0..<24 {
                    let p = truth.position(point, frame)
                    let isInside = p.x >= 0 && p.y >= 0 && p.x < 1 && p.y < 1
                    #expect(isInside || truth.isOccluded(point, frame))
                    if truth.isOccluded(point, frame), isInside { hidden += 1 }
                    if truth.isOccluded(point, frame), !isInside { outside += 1 }
                    if wasHidden, !truth.isOccluded(point, frame) { back += 1 }
                    wasHidden = isInside && truth.isOccluded(point, frame)
                }
                #expect(!truth.occluded[(point * 24)..<(point * 24 + 24)].allSatisfy { $0 })
            }
        }
        #expect(hidden > 100 && outside > 50 && back > 5, "\(hidden) \(outside) \(back)")
    }

    @Test("Lucas-Kanade on a synthetic clip, in both modes; a perfect tracker has full marks")
    func evaluation() throws {
        let dataset = SyntheticClips(count: 1, seed: 2, size: ImageSize(width: 128, height: 128), frameCount: 11, pointCount: 12)
        let video = try dataset.video(at: 0)
        for mode in QueryMode.allCases {
            var last = (0, 0)
            let outcome = try PointEvaluation(tracker: LucasKanadeTracker(), mode: mode).run(video) { last = ($0, $1) }
            #expect(outcome.queries == video.truth.queries(mode).count && outcome.frames == 11)
            #expect(last.0 == last.1 && last.0 >= 11)
            #expect(outcome.scores.pointsWithin[4] > 0.7 && outcome.scores.averageJaccard > 0.3 && outcome.scores.averageJaccard < 1)
            let perfect = try PointEvaluation(tracker: Oracle(truth: video.truth), mode: mode, resolution: nil).run(video)
            #expect(perfect.scores.named.allSatisfy { $0.value == 1 }, "\(perfect.scores)")
            let scaled = try PointEvaluation(tracker: Oracle(truth: video.truth), mode: mode, resolution: ImageSize(width: 200, height: 80))
                .run(video)
            #expect(scaled.scores.named.allSatisfy { $0.value == 1 })
        }
    }

    /// Knows the truth: finds the track whose position a new point has.
    private struct Oracle: PointTracker {
        let name = "oracle"
        let truth: PointTruth

        func start(on video: FrameStore, at frame: Int, direction: TimeDirection) throws -> any TrackingSession {
            Session(truth: truth, size: video.size, frame: frame, direction: direction)
        }

        final class Session: TrackingSession {
            let truth: PointTruth
            let size: SIMD2<Double>
            let direction: TimeDirection
            var frame: Int
            var tracks: [Int] = []

            init(truth: PointTruth, size: ImageSize, frame: Int, direction: TimeDirection) {
                (self.truth, self.frame, self.direction) = (truth, frame, direction)
                self.size = SIMD2(Double(size.width), Double(size.height))
            }

            private func position(_ track: Int) -> SIMD2<Float> { SIMD2<Float>(truth.position(track, frame) * size) }

            var points: [TrackedPoint] {
                tracks.enumerated().map {
                    TrackedPoint(id: $0, position: position($1), confidence: 1, isVisible: !truth.isOccluded($1, frame))
                }
            }

            func add(_ positions: [SIMD2<Float>], group: Int) -> [Int] {
                positions.map { wanted in
                    tracks.append((0..<truth.pointCount).first { position($0) == wanted && !truth.isOccluded($0, frame) } ?? 0)
                    return tracks.count - 1
                }
            }

            func remove(_ ids: Set<Int>) {}
            func advance() { frame += direction.rawValue }
        }
    }
}

/// The sizes of a vector's parts.
private func abs(_ v: SIMD3<Double>) -> SIMD3<Double> { SIMD3(Swift.abs(v.x), Swift.abs(v.y), Swift.abs(v.z)) }
