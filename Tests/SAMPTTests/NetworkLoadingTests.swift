import Media
import PointTrackers
import Segmenters
import Support
import Testing

@testable import SAMPT

/// A run loads networks beside its other work.
struct NetworkLoadingTests {
    private struct Broken: Error {}

    private struct LoadingSegmenter: PromptableSegmenter {
        let base = FakeSegmenter()
        let loaded: Protected<[String]>
        let name = "loading"
        func frame(_ index: Int, of video: FrameStore) throws -> any SegmentableFrame { try base.frame(index, of: video) }
        func frameLogits(_ logits: MaskLogits, size: ImageSize) -> [Float] { base.frameLogits(logits, size: size) }
        func mask(_ logits: MaskLogits, size: ImageSize) -> Mask { base.mask(logits, size: size) }
        func loadNetworks(for size: ImageSize) throws {
            loaded.withLock { $0.append("segmenter \(size)") }
            throw Broken()
        }
    }

    private struct LoadingTracker: PointTracker {
        let base = FakeTracker()
        let loaded: Protected<[String]>
        let name = "loading"
        func start(on video: FrameStore, at frame: Int, direction: TimeDirection) throws -> any TrackingSession {
            try base.start(on: video, at: frame, direction: direction)
        }
        func loadNetworks(for size: ImageSize, points: Int) throws {
            loaded.withLock { $0.append("tracker \(size), \(points) points") }
            throw Broken()
        }
    }

    private let video = MovingDisk(frameCount: 4)

    private func loaded(_ prompt: ObjectQuery.Prompt, overlapsSteps: Bool = true) async throws -> [String] {
        let loaded = Protected<[String]>([])
        var segmenter = VideoSegmenter(segmenter: LoadingSegmenter(loaded: loaded), tracker: LoadingTracker(loaded: loaded))
        segmenter.options.overlapsSteps = overlapsSteps
        var frames = 0
        for try await frame in segmenter.segment(video, objects: [ObjectQuery(id: 1, prompt: prompt)]) {
            #expect(frame.objects[0].mask.area > 0)
            frames += 1
        }
        #expect(frames == 4, "networks that cannot be loaded ahead are an error where they are needed, and nowhere else")
        return loaded.withLock { $0 }
    }

    @Test("A frame that is made ready for clicks has the networks loaded that a click asks first, and then the tracker's")
    func preparedFrame() async throws {
        let loaded = Protected<[String]>([])
        let session = try AnnotationSession(
            VideoSegmenter(segmenter: LoadingSegmenter(loaded: loaded), tracker: LoadingTracker(loaded: loaded)), video: video)
        try await session.prepare(2)
        #expect(loaded.withLock { $0 } == ["segmenter \(video.size)", "tracker \(video.size), 24 points"])
    }

    @Test func whatIsNeededFirstComesFirst() async throws {
        let size = video.size
        #expect(try await loaded(.mask(video.mask(0))) == ["tracker \(size), 24 points", "segmenter \(size)"])
        #expect(try await loaded(.points([.positive(30.5, 30.5)])) == ["segmenter \(size)", "tracker \(size), 24 points"])
        #expect(try await loaded(.mask(video.mask(0)), overlapsSteps: false).isEmpty)
    }
}
