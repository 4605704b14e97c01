import Media
import Segmenters
import Support
import TestSupport

@testable import SAMPT

/// A session on a moving disk, with models that count their runs.
struct SessionFixture {
    let video: MovingDisk
    let segmenter: CountingSegmenter
    let tracker: CountingTracker
    let models: VideoSegmenter
    let store: InMemorySessionStore
    let session: AnnotationSession

    init(
        frames: Int = 24, options: VideoSegmenterOptions = .init(), store: InMemorySessionStore = InMemorySessionStore(),
        tracker: FakeTracker = FakeTracker()
    ) throws {
        video = MovingDisk(frameCount: frames)
        segmenter = CountingSegmenter(FakeSegmenter())
        self.tracker = CountingTracker(tracker)
        models = VideoSegmenter(segmenter: segmenter, tracker: self.tracker, options: options)
        self.store = store
        session = try AnnotationSession(models, video: video, store: store)
    }

    @discardableResult
    func add(_ object: ObjectID, frame: Int, mask: Mask? = nil) async throws -> SessionChange {
        try await session.apply(.addObject(object: object))
        return try await session.apply(
            .setMask(AnchorPlace(object: object, frame: frame), RunLengthMask(mask ?? video.mask(frame))))
    }

    @discardableResult
    func click(_ object: ObjectID, _ frame: Int, _ position: SIMD2<Float>, positive: Bool = true) async throws -> SessionChange {
        try await session.apply(
            .addPoint(AnchorPlace(object: object, frame: frame), point: nil, position: position, isPositive: positive))
    }

    @discardableResult
    func propagate(_ propagation: Propagation = .init()) async throws -> [PropagationProgress] {
        var news: [PropagationProgress] = []
        for try await item in session.propagate(propagation) { news.append(item) }
        return news
    }

    func results(_ session: AnnotationSession? = nil) async throws -> [SessionFrame] {
        var results: [SessionFrame] = []
        for frame in 0..<video.frameCount { results.append(try await (session ?? self.session).result(at: frame)) }
        return results
    }

    /// A disk that stands still.
    static let other = disk(at: SIMD2(80.5, 50.5), radius: 6, size: ImageSize(width: 96, height: 64))
}

/// Whether two runs gave the same bytes.
func areEqual(_ a: [SessionFrame], _ b: [SessionFrame]) -> Bool {
    a.count == b.count
        && zip(a, b).allSatisfy { a, b in
            a.indexMask == b.indexMask && a.objects.map(\.mask) == b.objects.map(\.mask)
                && a.objects.map(\.points) == b.objects.map(\.points)
                && a.objects.map(\.evidence) == b.objects.map(\.evidence)
        }
}
