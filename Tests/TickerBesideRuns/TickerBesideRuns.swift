import Foundation
import Media
import PointTrackers
import SAMPT
import Segmenters
import Support

/// Two runs that keep all cores busy, and beside them a task and a thread that wake up every 10 ms. Prints how late each was: two numbers,
/// the 95th percentiles in seconds. A program of its own, since tests hold the threads of tasks themselves.
@main
struct TickerBesideRuns {
    static func main() async throws {
        let video = GreyClip()
        var mask = Mask(size: video.size)
        for y in 20..<40 { for x in 20..<40 { mask[x, y] = true } }
        let objects = [ObjectQuery(id: 1, prompt: .mask(mask))]
        let runs = (0..<max(2, ProcessInfo.processInfo.activeProcessorCount)).map { _ in
            Task {
                let pipeline = VideoSegmenter(segmenter: BusySegmenter(), tracker: StillTracker())
                for try await _ in pipeline.segment(video, objects: objects) {}
            }
        }
        let threadDelays = Protected<[Double]>([])
        let isOver = Protected(false)
        let thread = Thread {
            while !isOver.withLock({ $0 }) {
                let due = ContinuousClock.now + .milliseconds(10)
                Thread.sleep(forTimeInterval: 0.01)
                threadDelays.withLock { $0.append(max(0, due.secondsAgo)) }
            }
        }
        thread.start()
        var delays: [Double] = []
        for _ in 0..<200 {
            let due = ContinuousClock.now + .milliseconds(10)
            try await Task.sleep(until: due, clock: .continuous)
            delays.append(max(0, due.secondsAgo))
        }
        isOver.withLock { $0 = true }
        for run in runs { run.cancel() }
        for run in runs { _ = await run.result }
        func percentile95(_ values: [Double]) -> Double { values.isEmpty ? .infinity : values.sorted()[values.count * 95 / 100] }
        print(percentile95(delays), percentile95(threadDelays.withLock { $0 }))
    }
}

private struct GreyClip: FrameSource {
    let name = "grey"
    let size = ImageSize(width: 64, height: 64)
    let frameCount = 200
    var timing: VideoTiming { VideoTiming(constantRate: 25, count: frameCount) }
    func frame(at index: Int) -> RGBImage { RGBImage(width: 64, height: 64, red: 99, green: 99, blue: 99) }
}

/// Keeps a core busy for 120 ms in every pass.
private struct BusySegmenter: PromptableSegmenter {
    let name = "busy"
    func frame(_ index: Int, of video: FrameStore) -> any SegmentableFrame { Frame(size: video.size) }
    func frameLogits(_ logits: MaskLogits, size: ImageSize) -> [Float] { logits.values }
    func mask(_ logits: MaskLogits, size: ImageSize) -> Mask {
        Mask(width: logits.width, height: logits.height, values: logits.values.map { $0 > 0 ? 1 : 0 })
    }

    struct Frame: SegmentableFrame {
        let size: ImageSize
        func predict(_ prompts: [ObjectPrompt]) -> [MaskPrediction] {
            let end = ContinuousClock.now + .milliseconds(120)
            while ContinuousClock.now < end {}
            let values = (0..<size.pixelCount).map { Float($0 % 2) }
            return prompts.map { _ in
                MaskPrediction(logits: MaskLogits(width: size.width, height: size.height, values: values), predictedIoU: 0.9)
            }
        }
    }
}

/// Points that stay where they are.
private struct StillTracker: PointTracker {
    let name = "still"
    func start(on video: FrameStore, at frame: Int, direction: TimeDirection) -> any TrackingSession { Session(frame, direction) }

    final class Session: TrackingSession {
        private(set) var frame: Int
        private(set) var points: [TrackedPoint] = []
        private let direction: TimeDirection

        init(_ frame: Int, _ direction: TimeDirection) { (self.frame, self.direction) = (frame, direction) }

        func add(_ positions: [SIMD2<Float>], group: Int) -> [Int] {
            let first = points.count
            points += positions.enumerated().map {
                TrackedPoint(id: first + $0.offset, position: $0.element, confidence: 1, isVisible: true)
            }
            return Array(first..<points.count)
        }

        func remove(_ ids: Set<Int>) { points.removeAll { ids.contains($0.id) } }
        func advance() { frame += direction.rawValue }
    }
}
