import Foundation
import Media
import PointTrackers

/// Times the Lucas-Kanade tracker on the first 100 frames of a video: grey levels, pyramids, tracking forwards and back.
///
///     benchmark-trackers VIDEO POINTS
///
/// Learned trackers: see `LearnedTrackerBenchmark`; memory and speed of any tracker: `FollowBenchmark`.
@main
struct BenchmarkTrackers {
    /// Frames held in memory, so that decoding is not timed.
    struct Held: FrameSource {
        let name: String
        let size: ImageSize
        let timing: VideoTiming
        let frames: [RGBImage]
        var frameCount: Int { frames.count }

        init(_ source: any FrameSource, count: Int) throws {
            name = source.name
            size = source.size
            frames = try (0..<min(count, source.frameCount)).map(source.frame)
            timing = VideoTiming(constantRate: 25, count: frames.count)
        }

        func frame(at index: Int) throws -> RGBImage { frames[index] }
    }

    static func main() throws {
        let arguments = CommandLine.arguments
        if arguments.count > 1, arguments[1] == "learned" {
            return try LearnedTrackerBenchmark(Array(arguments.dropFirst(2))).answerCommands()
        }
        if arguments.count > 1, arguments[1] == "follow" { return try FollowBenchmark(Array(arguments.dropFirst(2))).run() }
        guard arguments.count == 3, let count = Int(arguments[2]), count > 0 else {
            print("usage: benchmark-trackers VIDEO POINTS")
            return
        }
        let video = try Held(openFrames(arguments[1]), count: 100)
        let side = Int(Double(count).squareRoot().rounded(.up))
        let points = (0..<count).map { i -> SIMD2<Float> in
            let x = 40 + Float(video.size.width - 80) * Float(i % side) / Float(max(1, side - 1))
            let y = 40 + Float(video.size.height - 80) * Float(i / side) / Float(max(1, side - 1))
            return SIMD2(x, y) + 0.5
        }
        // All points are followed in every frame, as OpenCV is timed: none is given up.
        let tracker = LucasKanadeTracker(returnTolerance: .infinity)
        func run() throws -> Double {
            let session = try tracker.start(on: FrameStore(video), at: 0, direction: .forward)
            try session.add(points, group: 0)
            let start = ContinuousClock.now
            for _ in 1..<video.frameCount { try session.advance() }
            return (ContinuousClock.now - start) / .milliseconds(1) / Double(video.frameCount - 1)
        }
        _ = try run()
        let best = try (0..<3).map { _ in try run() }.min() ?? 0
        print("sampt \(count) points: \(String(format: "%.2f", best)) ms a frame")
    }
}
