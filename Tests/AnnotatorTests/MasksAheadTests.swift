import Foundation
import Media
import SAMPT
import Support
import Testing

@testable import Annotator

@Suite("Masks that are computed ahead are never taken for newer than they are")
struct MasksAheadTests {
    private static let size = ImageSize(width: 16, height: 12)

    @Test("They are the answer as long as nothing has changed, for their frame and with overlaps resolved")
    func taken() async throws {
        let service = try Self.service()
        try await Self.mark(service, frame: 0)
        let version = service.frameNews.version
        let ahead = MasksAnswer(frame: 0, version: 77, objects: [])
        service.masksAhead.withLock { $0 = MasksAhead(frame: 0, version: version, work: Task { ahead }) }
        #expect(try await service.masksAnswer(0, isWhole: false).version == 77)
        #expect(try await service.masksAnswer(0, isWhole: true).version == version)
        #expect(try await service.masksAnswer(1, isWhole: false).frame == 1)
        // A change in any frame: the number is another one.
        service.frameNews.tell([1: [9...9]])
        let answer = try await service.masksAnswer(0, isWhole: false)
        #expect(answer.version == version + 1 && answer.objects.count == 1)
    }

    @Test("Where computing them fails, they are computed when they are asked for")
    func failed() async throws {
        let service = try Self.service()
        try await Self.mark(service, frame: 0)
        let version = service.frameNews.version
        service.masksAhead.withLock {
            $0 = MasksAhead(frame: 0, version: version, work: Task { throw RequestError.notFound })
        }
        #expect(try await service.masksAnswer(0, isWhole: false).objects.count == 1)
    }

    @Test("An edit that comes while masks are computed makes them old: they bear the number of before, and are not taken")
    func overtaken() async throws {
        let store = StoreWithHook()
        let service = try Self.service(store)
        try await Self.mark(service, frame: 0)
        let version = service.frameNews.version
        store.onRead.withLock { $0 = { [news = service.frameNews] in news.tell([1: [0...0]]) } }
        service.computeAhead(0)
        let ahead = try #require(service.masksAhead.withLock { $0 })
        #expect(ahead.frame == 0 && ahead.version == version)
        #expect(try await ahead.work.value.version == version)
        store.onRead.withLock { $0 = nil }
        #expect(service.frameNews.version > version)
        #expect(try await service.masksAnswer(0, isWhole: false).version == service.frameNews.version)
    }

    @Test("A change brings its masks along, unless they take long")
    func soon() async throws {
        let store = StoreWithHook()
        let service = try Self.service(store)
        try await Self.mark(service, frame: 0)
        let found = await service.masksSoon(0, patience: .seconds(60))
        #expect(found?.objects.count == 1 && found?.version == service.frameNews.version)
        let release = DispatchSemaphore(value: 0)
        store.onRead.withLock { $0 = { release.wait() } }
        #expect(await service.masksSoon(0, patience: .milliseconds(20)) == nil)
        store.onRead.withLock { $0 = nil }
        for _ in 0..<8 { release.signal() }
        // Who asks after that is answered.
        #expect(try await service.masksAnswer(0, isWhole: false).objects.count == 1)
    }

    @Test("The state's number is one that is known before the state is read")
    func state() async throws {
        let service = try Self.service()
        #expect(service.stateAnswer().version == 0)
        try await Self.mark(service, frame: 3)
        #expect(service.stateAnswer().version == service.frameNews.version)
        #expect(service.stateAnswer().objects.map(\.anchors) == [[3]])
    }

    @Test("Strokes are told as they were drawn")
    func strokes() async throws {
        let service = try Self.service()
        try await Self.mark(service, frame: 0)
        let place = AnchorPlace(object: 1, frame: 0)
        _ = try await service.apply(.addStroke(place, BrushStroke(path: [SIMD2(1, 2), SIMD2(3, 4.5)], radius: 2, erases: true)))
        _ = try await service.apply(.addStroke(place, BrushStroke(lasso: [SIMD2(1, 1), SIMD2(5, 1), SIMD2(5, 5)])))
        let found = try await service.masksAnswer(0, isWhole: false).objects[0].prompts.strokes
        #expect(found.map(\.path) == [[1, 2, 3, 4.5], [1, 1, 5, 1, 5, 5]])
        #expect(found.map(\.radius) == [2, nil] && found.map(\.erases) == [true, false])
    }

    @Test("An object that is taken away while the timeline is made is not in it")
    func takenAway() async throws {
        let store = StoreWithHook()
        let service = try Self.service(store)
        for object: ObjectID in [1, 2] { try await Self.mark(service, object, frame: 0) }
        store.onSummaries.withLock {
            $0 = { [onSummaries = store.onSummaries] in
                onSummaries.withLock { $0 = nil }
                let done = DispatchSemaphore(value: 0)
                Task {
                    _ = try? await service.apply(.removeObject(object: 2))
                    done.signal()
                }
                _ = done.wait(timeout: .now() + 20)
            }
        }
        #expect(try await service.timelineAnswer().objects.map(\.id) == [1])
        #expect(service.stateAnswer().objects.map(\.id) == [1])
    }

    // MARK: A service without models

    /// An object with a mask in a frame.
    private static func mark(_ service: AnnotatorService, _ object: ObjectID = 1, frame: Int) async throws {
        var mask = Mask(size: size)
        for x in 2..<9 { mask[x, 5] = true }
        _ = try await service.apply(.addObject(object: object))
        _ = try await service.apply(.setMask(AnchorPlace(object: object, frame: frame), RunLengthMask(mask)))
    }

    private static func service(_ store: any SessionStore = InMemorySessionStore()) throws -> AnnotatorService {
        let video = GrayVideo()
        let session = try AnnotationSession(VideoSegmenter(missing: "there are none"), video: video, store: store)
        let project = AnnotatorProject(
            session: session, pictures: video, videoPath: "/gray.mp4", videoKey: "0", segmenterName: "none", trackerName: "none",
            missingModels: "there are none", version: "1", formats: [], export: { _, _, _ in }, importMasks: { _, _, _ in })
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("sampt-page-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return AnnotatorService(project, page: try PageFiles(folder: folder.path), access: AccessGuard(host: nil, port: 1))
    }

    private struct GrayVideo: FrameSource {
        let size = MasksAheadTests.size
        let frameCount = 10
        let name = "gray.mp4"
        var timing: VideoTiming { VideoTiming(constantRate: 10, count: frameCount) }
        func frame(at index: Int) throws -> RGBImage { RGBImage(width: size.width, height: size.height, red: 80, green: 80, blue: 80) }
    }

    /// Calls somebody whenever a frame is read, or what is known of frames.
    private final class StoreWithHook: SessionStore {
        let onRead = Protected<(@Sendable () -> Void)?>(nil)
        let onSummaries = Protected<(@Sendable () -> Void)?>(nil)
        private let base = InMemorySessionStore()

        func loadLog() -> [LoggedEdit] { base.loadLog() }
        func append(_ edit: LoggedEdit) { base.append(edit) }
        func save(_ frames: [SpanFrame], of key: SpanKey) { base.save(frames, of: key) }

        func summaries(of key: SpanKey, in frames: ClosedRange<Int>) -> [FrameSummary] {
            onSummaries.withLock { $0 }?()
            return base.summaries(of: key, in: frames)
        }

        func frame(_ index: Int, of key: SpanKey) throws -> SpanFrame? {
            onRead.withLock { $0 }?()
            return try base.frame(index, of: key)
        }
    }
}
