import Foundation
import Media
import SAMPT
import Support

@testable import Annotator

/// An annotator's service over a gray video of ten frames, for tests that need no models.
enum ServiceWithoutModels {
    static let size = ImageSize(width: 16, height: 12)

    static func make(_ store: any SessionStore = InMemorySessionStore()) throws -> AnnotatorService {
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

    /// An object with a mask in a frame.
    static func mark(_ service: AnnotatorService, _ object: ObjectID = 1, frame: Int) async throws {
        var mask = Mask(size: size)
        // Objects do not overlap: what lies in front is for models to say.
        for x in 2..<9 { mask[x, 4 + Int(object)] = true }
        _ = try await service.apply(.addObject(object: object))
        _ = try await service.apply(.setMask(AnchorPlace(object: object, frame: frame), RunLengthMask(mask)))
    }

    private struct GrayVideo: FrameSource {
        let size = ServiceWithoutModels.size
        let frameCount = 10
        let name = "gray.mp4"
        var timing: VideoTiming { VideoTiming(constantRate: 10, count: frameCount) }
        func frame(at index: Int) throws -> RGBImage { RGBImage(width: size.width, height: size.height, red: 80, green: 80, blue: 80) }
    }
}

/// Calls somebody whenever a frame is read, or what is known of frames.
final class StoreWithHook: SessionStore {
    typealias Hook = Protected<(@Sendable () -> Void)?>

    let onRead = Hook(nil)
    let onSummaries = Hook(nil)
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

    /// The next time `hook` is called, `object` is taken away before it returns.
    func takeAway(_ object: ObjectID, of service: AnnotatorService, on hook: KeyPath<StoreWithHook, Hook>) {
        let hook = self[keyPath: hook]
        hook.withLock {
            $0 = {
                hook.withLock { $0 = nil }
                let done = DispatchSemaphore(value: 0)
                Task {
                    _ = try? await service.apply(.removeObject(object: object))
                    done.signal()
                }
                _ = done.wait(timeout: .now() + 20)
            }
        }
    }
}
