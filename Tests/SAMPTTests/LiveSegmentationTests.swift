import Foundation
import Media
import PointTrackers
import Segmenters
import Support
import Testing

@testable import SAMPT

/// A video as a camera, which shows a frame when the test lets it.
private final class Camera: LiveCapture {
    let name = "camera"
    let size: ImageSize
    private let video: MovingDisk
    private let shown = Protected(0)
    private let stopped = Protected(false)
    let limit: Protected<Int>

    init(_ video: MovingDisk, limit: Int = .max) {
        (self.video, size) = (video, video.size)
        self.limit = Protected(limit)
    }

    func next() throws -> CapturedFrame? {
        let index = shown.withLock { $0 }
        guard index < video.frameCount else { return nil }
        while index >= limit.withLock({ $0 }) {
            if stopped.withLock({ $0 }) { throw CancellationError() }
            usleep(500)
        }
        shown.withLock { $0 += 1 }
        return CapturedFrame(streamSeconds: Double(index) / 10) { [video] in try video.frame(at: index) }
    }

    func stop() { stopped.withLock { $0 = true } }
}

@Suite("Segmenting a live source")
struct LiveSegmentationTests {
    private let video = MovingDisk(frameCount: 30)

    private func pipeline(
        _ tracker: FakeTracker = FakeTracker(), _ change: (inout VideoSegmenterOptions) -> Void = { _ in }
    ) -> VideoSegmenter {
        var options = VideoSegmenterOptions()
        change(&options)
        return VideoSegmenter(segmenter: FakeSegmenter(), tracker: tracker, options: options)
    }

    private var queries: [ObjectQuery] {
        [
            ObjectQuery(id: 7, frame: 12, prompt: .mask(video.mask(12))),
            ObjectQuery(id: 3, frame: 0, prompt: .mask(disk(at: SIMD2(80.5, 50.5), radius: 6, size: video.size))),
        ]
    }

    private func same(_ a: FrameResult, _ b: FrameResult) -> Bool {
        a.frameIndex == b.frameIndex && a.image == b.image && a.indexMask.values == b.indexMask.values
            && zip(a.objects, b.objects).allSatisfy {
                $0.id == $1.id && $0.mask == $1.mask && $0.predictedIoU == $1.predictedIoU && $0.points == $1.points
            }
    }

    @Test("Where no frame is dropped, results are those of the same video as a file", arguments: [ReinitializationVariant.rolling, nil])
    func equality(variant: ReinitializationVariant?) async throws {
        let pipeline = pipeline {
            $0.tracking.isBackward = false
            $0.reinitialization.variant = variant
        }
        var expected: [FrameResult] = []
        for try await result in pipeline.segment(video, objects: queries) { expected.append(result) }
        var count = 0
        for try await result in pipeline.segmentLive(LiveFrames(Camera(video), policy: .all), objects: queries) {
            #expect(same(result.frame, expected[count]), "frame \(count)")
            #expect(result.captureNumber == count && result.droppedCount == 0)
            #expect(result.latency > .zero && result.original == result.frame.image)
            count += 1
        }
        #expect(count == 30)
    }

    @Test("A slow consumer loses frames, but not those in which objects are marked")
    func dropping() async throws {
        let camera = Camera(video, limit: 1)
        let frames = LiveFrames(camera)
        var numbers: [Int] = []
        for try await result in pipeline().segmentLive(frames, objects: queries) {
            numbers.append(result.captureNumber)
            #expect(result.frame.frameIndex == numbers.count - 1)
            #expect(result.frame.objects.map(\.id) == [7, 3])
            #expect(result.frame.objects[0].mask.isEmpty == (result.captureNumber < 12))
            if result.captureNumber == 12 { #expect(result.frame.objects[0].mask == video.mask(12)) }
            // The whole rest comes while the consumer is busy with the first result.
            camera.limit.withLock { $0 = .max }
            while frames.capturedCount < 30 { try await Task.sleep(for: .milliseconds(1)) }
        }
        #expect(numbers.first == 0 && numbers.last == 29)
        #expect(numbers.contains(12))
        #expect(numbers.count <= 4)
        #expect(frames.droppedCount == 30 - numbers.count)
    }

    @Test("Trackers that look ahead and re-initialisations that look back are refused before anything is captured")
    func refusals() async throws {
        let frames = LiveFrames(Camera(video))
        await #expect(throws: LiveError.trackerLooksAhead(name: "fake")) {
            for try await _ in pipeline(FakeTracker(isCausal: false)).segmentLive(frames, objects: queries) {}
        }
        for variant in ReinitializationVariant.allCases where variant != .rolling {
            await #expect(throws: LiveError.looksBack(variant)) {
                for try await _ in pipeline(FakeTracker(), { $0.reinitialization.variant = variant }).segmentLive(frames, objects: queries)
                {}
            }
        }
        let outside = ObjectQuery(id: 1, prompt: .points([.positive(500, 5)]))
        await #expect(throws: QueryError.self) { for try await _ in pipeline().segmentLive(frames, objects: [outside]) {} }
        #expect(frames.capturedCount == 0)
        #expect("\(LiveError.trackerLooksAhead(name: "pips"))".contains("nano"))
    }

    @Test("Of the trackers without a checkpoint, each that says it is causal looks at no later frame")
    func causalTrackers() throws {
        #expect(LucasKanadeTracker().isCausal)
        // The source has the first two frames and fails the test if it is asked for another.
        let store = FrameStore(FirstFrames(video: video, frameCount: 2))
        let session = try LucasKanadeTracker().start(on: store, at: 0, direction: .forward)
        try session.add([MovingDisk.center(0) + SIMD2(0, 12)], group: 0)
        try session.advance()
        #expect(session.frame == 1)
        #expect(throws: MediaError.self) { try session.advance() }
        #expect(session.frame == 1)
    }

    @Test("Ending the iteration ends the capture")
    func ending() async throws {
        weak var released: LiveFrames?
        do {
            let frames = LiveFrames(Camera(video, limit: 3))
            released = frames
            for try await result in pipeline().segmentLive(frames, objects: queries) where result.captureNumber >= 0 { break }
        }
        for _ in 0..<5000 where released != nil { try await Task.sleep(for: .milliseconds(1)) }
        #expect(released == nil)
    }

    @Test("Cancelling the consumer ends a wait for the next frame")
    func cancelling() async throws {
        let frames = LiveFrames(Camera(video, limit: 1))
        let (pipeline, queries) = (pipeline(), queries)
        let task = Task {
            var count = 0
            for try await _ in pipeline.segmentLive(frames, objects: queries) { count += 1 }
            return count
        }
        while frames.frameCount < 1 { try await Task.sleep(for: .milliseconds(1)) }
        task.cancel()
        _ = await task.result
        #expect(frames.frameCount == 1)
    }

    @Test("Networks can be made ready before the first frame")
    func warmUp() async throws {
        try await pipeline().warmUp(size: video.size, objects: 3)
        try await pipeline().warmUp(size: ImageSize(width: 16, height: 16), objects: 1)
    }
}

private struct FirstFrames: FrameSource {
    let video: MovingDisk
    let frameCount: Int
    var size: ImageSize { video.size }
    var name: String { video.name }
    var timing: VideoTiming { video.timing }

    func frame(at index: Int) throws -> RGBImage {
        #expect(index < frameCount)
        return try video.frame(at: index)
    }
}

@Suite("Distribution of latencies")
struct LatencyDistributionTests {
    @Test("Quantiles are right to a hundredth, whatever the order")
    func quantiles() {
        var distribution = LatencyDistribution()
        #expect(distribution.quantile(0.5) == 0 && distribution.mean == 0)
        for i in (1...1000).shuffled() { distribution.add(.milliseconds(i)) }
        #expect(distribution.count == 1000)
        #expect(abs(distribution.mean - 0.5005) < 1e-9)
        for share in [0.001, 0.25, 0.5, 0.95, 0.99, 0.999] {
            #expect(abs(distribution.quantile(share) - share) <= 0.0101 * share, "\(share)")
        }
        #expect(distribution.quantile(1) == 1 && distribution.maximum == 1)
    }

    @Test("Values without bounds stay in bounded memory")
    func extremes() {
        var distribution = LatencyDistribution()
        for value in [-1, 0, 1e-9, 1e9, .infinity, .nan] { distribution.add(seconds: value) }
        #expect(distribution.count == 6)
        #expect(distribution.maximum == 1e9)
        #expect(distribution.quantile(0) <= 1e-4)
        #expect(distribution.quantile(1) > 2000)
    }
}
