import Inference
import InferenceOpenVINO
import Media
import Segmenters
import TensorFiles
import TestSupport
import Testing

@testable import PointTrackers

/// More points than a tracker takes at once. With those whose cost grows with the points' number, PIPs and the like, it takes minutes
/// (docs/point-benchmarks.md).
@Suite(.serialized) struct ManyPointsTests {
    enum Kind: String, CaseIterable {
        case lucasKanade, nano, raftSmall, superGlue

        var isThere: Bool { self == .lucasKanade || self == .nano || ParityCase.named("superpoint_superglue") != nil }

        func tracker() throws -> any PointTracker {
            if self == .lucasKanade { return LucasKanadeTracker() }
            let engine = try OpenVINOEngine(.init(cacheFolder: nil))
            switch self {
            case .lucasKanade, .nano:
                return try NanoTrack(engine: engine, encoder: NanoFrameEncoder(engine: engine, precision: .float32), precision: .float32)
            case .raftSmall:
                return try RAFTTracker(
                    weights: #require(ParityCase.named("raft_small")).weights(), engine: engine, precision: .float32, iterations: 1)
            case .superGlue:
                let weights = try #require(ParityCase.named("superpoint_superglue")).weights()
                return try SuperGlueTracker(
                    detector: weights["superpoint"], matcher: weights["superglue"], engine: engine, precision: .float32)
            }
        }
    }

    /// Every point, in a group of its own, goes where it goes among few.
    @Test(arguments: Kind.allCases.filter(\.isThere)) func tenThousandPoints(_ kind: Kind) throws {
        let tracker = try kind.tracker()
        let video = FrameStore(TensorClip(frames: 2, size: ImageSize(width: 160, height: 120)))
        let points = (0..<10_000).map { i -> SIMD2<Float> in
            let cell = SIMD2(Float(i % 100), Float(i / 100))
            return cell * SIMD2<Float>(1.55, 1.15) + 2
        }
        func follow(_ chosen: [Int]) throws -> [TrackedPoint] {
            let session = try tracker.start(on: video, at: 0, direction: .forward)
            let ids = try session.add(chosen.map { points[$0] }, groups: Array(chosen))
            try session.advance()
            #expect(session.points.map(\.id) == ids)
            return session.points
        }
        let all = try follow(Array(points.indices))
        #expect(all.count == points.count)
        let few = stride(from: 0, to: points.count, by: 833).map { $0 }
        for (alone, index) in zip(try follow(few), few) {
            let difference = alone.position - all[index].position
            #expect(abs(difference.x) < 1e-3 && abs(difference.y) < 1e-3 && alone.isVisible == all[index].isVisible, "point \(index)")
        }
        #expect(zip(all, points).contains { $0.position != $1 }, "nothing moves")
    }

    @Test func nanoTracksRuns() throws {
        #expect(NanoTrackBatches.indices(of: []).isEmpty)
        #expect(NanoTrackBatches.indices(of: [3, 1, 3], limit: 3) == [[0, 1, 2]])
        // Whole groups, in the order of their first points.
        #expect(NanoTrackBatches.indices(of: [7, 5, 7, 5, 9], limit: 4) == [[0, 2, 1, 3], [4]])
        #expect(NanoTrackBatches.indices(of: [7, 7, 5, 5, 5, 9], limit: 4) == [[0, 1], [2, 3, 4, 5]])
        // A group that is too large is dealt out.
        #expect(NanoTrackBatches.indices(of: [1, 1, 1, 1, 1], limit: 2) == [[0, 3], [1, 4], [2]])
        let groups = (0..<3000).map { $0 * $0 % 7 }
        let batches = NanoTrackBatches.indices(of: groups)
        #expect(batches.joined().sorted() == Array(groups.indices) && batches.allSatisfy { $0.count <= NanoTrackBatches.limit })
    }
}
