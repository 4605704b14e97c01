import Foundation
import Media
import PointTrackers
import Segmenters
import Support
import Testing

@testable import SAMPT

/// Work that blocks stays off the threads that tasks share.
@Suite(.serialized) struct ResponsivenessTests {
    /// Keeps a core busy for some time in every frame.
    private struct BusySegmenter: PromptableSegmenter {
        let name = "busy"
        func frame(_ index: Int, of video: FrameStore) throws -> any SegmentableFrame {
            Frame(base: try FakeSegmenter().frame(index, of: video))
        }
        func frameLogits(_ logits: MaskLogits, size: ImageSize) -> [Float] { logits.values }
        func mask(_ logits: MaskLogits, size: ImageSize) -> Mask { FakeSegmenter().mask(logits, size: size) }

        struct Frame: SegmentableFrame {
            let base: any SegmentableFrame
            var size: ImageSize { base.size }
            func predict(_ prompts: [ObjectPrompt]) throws -> [MaskPrediction] {
                let end = ContinuousClock.now + .milliseconds(120)
                while ContinuousClock.now < end {}
                return try base.predict(prompts)
            }
        }
    }

    private static func late(_ due: ContinuousClock.Instant) -> Double { max(0, due.secondsAgo) }

    /// Beside two runs, a task that sleeps wakes up about as punctually as a thread that sleeps.
    @Test(.timeLimit(.minutes(2))) func aTickerKeepsItsBeatBesideRuns() async throws {
        let video = MovingDisk(frameCount: 60)
        let objects = [ObjectQuery(id: 1, prompt: .mask(video.mask(0)))]
        let runs = (0..<max(2, ProcessInfo.processInfo.activeProcessorCount)).map { _ in
            Task {
                let pipeline = VideoSegmenter(segmenter: BusySegmenter(), tracker: FakeTracker())
                for try await _ in pipeline.segment(video, objects: objects) {}
            }
        }
        let threadDelays = Protected<[Double]>([])
        let isOver = Protected(false)
        let thread = Thread {
            while !isOver.withLock({ $0 }) {
                let due = ContinuousClock.now + .milliseconds(10)
                Thread.sleep(forTimeInterval: 0.01)
                threadDelays.withLock { $0.append(Self.late(due)) }
            }
        }
        thread.start()
        var delays: [Double] = []
        for _ in 0..<200 {
            let due = ContinuousClock.now + .milliseconds(10)
            try await Task.sleep(until: due, clock: .continuous)
            delays.append(Self.late(due))
        }
        isOver.withLock { $0 = true }
        for run in runs { run.cancel() }
        for run in runs { _ = await run.result }
        func percentile95(_ values: [Double]) -> Double { values.sorted()[values.count * 95 / 100] }
        let plain = threadDelays.withLock { $0 }
        #expect(plain.count > 20)
        #expect(percentile95(delays) < percentile95(plain) + 0.05)
    }
}
