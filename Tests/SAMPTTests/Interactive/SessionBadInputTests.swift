import Foundation
import Media
import PointTrackers
import Segmenters
import Support
import TestSupport
import Testing

@testable import SAMPT

@Suite("A session refuses what makes no sense and is as before")
struct SessionBadInputTests {
    private static let place = AnchorPlace(object: 1, frame: 3)

    @Test(
        "Prompts outside the frame, frames that do not exist, objects and points there are none of",
        arguments: [
            (
                .addPoint(place, point: nil, position: SIMD2(96, 3), isPositive: true),
                .pointOutside(x: 96, y: 3, size: ImageSize(width: 96, height: 64))
            ),
            (
                .addPoint(AnchorPlace(object: 1, frame: 24), point: nil, position: SIMD2(1, 1), isPositive: true),
                .frameOutOfRange(frame: 24, frameCount: 24)
            ),
            (
                .addPoint(AnchorPlace(object: 1, frame: -1), point: nil, position: SIMD2(1, 1), isPositive: true),
                .frameOutOfRange(frame: -1, frameCount: 24)
            ),
            (.addPoint(AnchorPlace(object: 9, frame: 1), point: nil, position: SIMD2(1, 1), isPositive: true), .unknownObject(9)),
            (.addPoint(place, point: 1, position: SIMD2(1, 1), isPositive: true), .pointExists(1, object: 1)),
            (.movePoint(place, point: 8, position: SIMD2(1, 1)), .unknownPoint(8, object: 1, frame: 3)),
            (.removePoint(AnchorPlace(object: 1, frame: 4), point: 1), .unknownPoint(1, object: 1, frame: 4)),
            (.moveTrack(place, track: 3, position: SIMD2(1, 1)), .unknownTrack(3, object: 1, frame: 3)),
            (.setBox(place, Box(x0: 1, y0: 1, x1: 1.5, y1: 9)), .boxOutside(size: ImageSize(width: 96, height: 64))),
            (.setBox(place, Box(x0: .nan, y0: 1, x1: 8, y1: 9)), .boxOutside(size: ImageSize(width: 96, height: 64))),
            (
                .setMask(place, RunLengthMask(Mask(width: 4, height: 4))),
                .maskSizeDiffers(mask: ImageSize(width: 4, height: 4), frame: ImageSize(width: 96, height: 64))
            ),
            (.addStroke(place, BrushStroke(path: [], radius: 2)), .invalidStroke(reason: "it has no points")),
            (
                .addStroke(place, BrushStroke(path: [SIMD2(.infinity, 2)], radius: 2)),
                .invalidStroke(reason: "a point lies far outside the frame")
            ),
            (
                .addStroke(place, BrushStroke(lasso: [SIMD2(1, 2), SIMD2(3, 4)])),
                .invalidStroke(reason: "a lasso has three points at least")
            ),
            (.clearAnchor(AnchorPlace(object: 1, frame: 7)), .noAnchor(object: 1, frame: 7)),
            (.addObject(object: 65536), .invalidObjectNumber(65536)), (.addObject(object: .max), .invalidObjectNumber(.max)),
            (.addObject(object: 1), .objectExists(1)),
            (.renameObject(object: 1, name: "a\nb"), .invalidName), (.redo, .nothingToRedo),
            (.reached(PropagationReach(number: 1, spans: [:], ending: nil)), .reserved("reached")),
            (.propagate(Propagation()), .reserved("propagate")),
        ] as [(Edit, SessionError)])
    func refused(edit: Edit, error: SessionError) async throws {
        let fixture = try SessionFixture()
        try await fixture.session.apply(.addObject(object: 1))
        try await fixture.click(1, 3, SIMD2(30, 30))
        let (state, log) = (fixture.session.state, fixture.store.loadLog())
        await #expect(throws: error) { try await fixture.session.apply(edit) }
        #expect(fixture.session.state == state && fixture.store.loadLog() == log)
        #expect(!error.description.isEmpty)
    }

    @Test("Propagation while propagating, edits and removals meanwhile") func busy() async throws {
        let fixture = try SessionFixture(frames: 200)
        try await fixture.add(1, frame: 0)
        try await fixture.add(2, frame: 0, mask: SessionFixture.other)
        var isFirst = true
        for try await _ in fixture.session.propagate(.init()) where isFirst {
            isFirst = false
            await #expect(throws: SessionError.isPropagating) { try await fixture.propagate() }
            try await fixture.session.apply(.removeObject(object: 2))
            try await fixture.click(1, 150, MovingDisk.center(10))
            #expect(try await fixture.session.result(at: 0).objects.map(\.id) == [1])
        }
        // What was computed belongs to the anchors of then.
        #expect(try await fixture.session.spans(of: 1).map(\.progress) == [.outdated, .outdated])
        #expect(try await fixture.session.result(at: 100).objects[0].mask.isEmpty == false)
        try await fixture.propagate()
        #expect(try await fixture.session.spans(of: 1).allSatisfy { $0.progress == .current })
        try await fixture.session.apply(.undo)
        try await fixture.session.apply(.undo)
        try await fixture.session.apply(.undo)
        #expect(fixture.session.state.objects.map(\.id) == [1, 2])
        #expect(try await fixture.session.spans(of: 2).map(\.progress) == [.current])
    }

    @Test("A video that ends early keeps what was computed before") func shortVideo() async throws {
        struct Cut: FrameSource {
            let whole = MovingDisk(frameCount: 40)
            var frameCount: Int { 40 }
            var size: ImageSize { whole.size }
            let name = "cut"
            var timing: VideoTiming { whole.timing }
            func frame(at index: Int) throws -> RGBImage {
                guard index < 25 else { throw MediaError.undecodable(path: "cut.mp4", frame: index, reason: "the file ends") }
                return try whole.frame(at: index)
            }
        }
        let models = VideoSegmenter(segmenter: FakeSegmenter(), tracker: FakeTracker(sharesEncoder: true), options: .init())
        let session = try AnnotationSession(models, video: Cut())
        try await session.apply(.addObject(object: 1))
        try await session.apply(.setMask(AnchorPlace(object: 1, frame: 0), RunLengthMask(Cut().whole.mask(0))))
        await #expect(throws: MediaError.undecodable(path: "cut.mp4", frame: 25, reason: "the file ends")) {
            for try await _ in session.propagate(.init()) {}
        }
        #expect(try await session.result(at: 20).objects[0].mask.isEmpty == false)
        #expect(try await session.result(at: 30).outdated == [1])
        // And the session goes on.
        try await session.apply(.renameObject(object: 1, name: "disk"))
        await #expect(throws: MediaError.self) { for try await _ in session.propagate(.init()) {} }
    }

    @Test("Without models a session is looked at, edited and delivered") func missingModels() async throws {
        let fixture = try SessionFixture(frames: 10)
        try await fixture.add(1, frame: 0)
        try await fixture.propagate()
        let results = try await fixture.results()
        let bare = try AnnotationSession(VideoSegmenter(missing: "pull them"), video: fixture.video, store: fixture.store)
        #expect(try await bare.result(at: 5).indexMask == results[5].indexMask)
        try await bare.apply(.addObject(object: nil))
        try await bare.apply(.addPoint(AnchorPlace(object: 2, frame: 0), point: nil, position: SIMD2(3, 3), isPositive: true))
        await #expect(throws: SessionError.modelsMissing(reason: "pull them")) { try await bare.mask(of: 2, at: 0) }
        await #expect(throws: SessionError.modelsMissing(reason: "pull them")) { for try await _ in bare.propagate(.init()) {} }
    }

    @Test("A log whose entries do not follow each other is refused, with the entry") func logs() throws {
        func open(_ edits: [Edit], from number: Int = 1) throws {
            _ = try SessionFixture(
                store: InMemorySessionStore(log: edits.enumerated().map { LoggedEdit(number: $0.offset + number, edit: $0.element) }))
        }
        try open([.addObject(object: 1), .undo, .redo])
        #expect { try open([.addObject(object: 1), .renameObject(object: 2, name: "b")]) } throws: { "\($0)".contains("Entry 2") }
        #expect { try open([.undo]) } throws: { "\($0)".contains("Entry 1") }
        #expect { try open([.addObject(object: 1)], from: 2) } throws: { "\($0)".contains("Entry 2") }
    }

    @Test("A store that fails changes nothing", arguments: [0, 1]) func failingStore(kind: Int) async throws {
        final class Failing: SessionStore {
            let base = InMemorySessionStore()
            let fails = Protected(false)
            func loadLog() throws -> [LoggedEdit] { base.loadLog() }
            func append(_ edit: LoggedEdit) throws {
                if fails.withLock({ $0 }) { throw FileError.unwritable(path: "p", reason: "the disk is full") }
                base.append(edit)
            }
            func save(_ frames: [SpanFrame], of key: SpanKey) throws {
                if fails.withLock({ $0 }) { throw FileError.unwritable(path: "p", reason: "the disk is full") }
                base.save(frames, of: key)
            }
            func frame(_ index: Int, of key: SpanKey) throws -> SpanFrame? { try base.frame(index, of: key) }
            func summaries(of key: SpanKey, in frames: ClosedRange<Int>) -> [FrameSummary] { base.summaries(of: key, in: frames) }
        }
        let store = Failing()
        let video = MovingDisk(frameCount: 12)
        let session = try AnnotationSession(
            VideoSegmenter(segmenter: FakeSegmenter(), tracker: FakeTracker(), options: .init()), video: video, store: store)
        try await session.apply(.addObject(object: 1))
        try await session.apply(.setMask(AnchorPlace(object: 1, frame: 0), RunLengthMask(video.mask(0))))
        let state = session.state
        store.fails.withLock { $0 = true }
        if kind == 0 {
            await #expect(throws: FileError.self) { try await session.apply(.addObject(object: 2)) }
        } else {
            await #expect(throws: FileError.self) { for try await _ in session.propagate(.init()) {} }
        }
        #expect(session.state == state)
        store.fails.withLock { $0 = false }
        for try await _ in session.propagate(.init()) {}
        #expect(try await session.result(at: 11).outdated.isEmpty)
    }
}
