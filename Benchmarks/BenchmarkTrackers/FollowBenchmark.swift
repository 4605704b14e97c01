import Foundation
import Inference
import InferenceOpenVINO
import Media
import NeuralGraph
import PointTrackers
import Segmenters
import TensorFiles

/// Follows a grid of points through a moving pattern with any tracker, and prints a line: its name, milliseconds a frame, those of all
/// cores together, milliseconds of adding the points, and the peak of this process's memory in kilobytes.
///
///     benchmark-trackers follow TRACKER WIDTH HEIGHT FRAMES POINTS [--detector FILE] [--quick] [--warm] [--float32]
///
/// TRACKER is `nano`, `lucas-kanade` or a checkpoint; with SuperGlue's, `--detector` names SuperPoint's. `--quick` takes the fewest
/// iterations, and a small input of CoTracker, where there is a choice: for what does not depend on them. With `--warm` the clip is
/// followed once before, so that no network has to be compiled or loaded.
struct FollowBenchmark {
    struct Usage: Error, CustomStringConvertible {
        var description: String {
            "usage: benchmark-trackers follow TRACKER WIDTH HEIGHT FRAMES POINTS [--detector FILE] [--quick] [--warm] [--float32]"
        }
    }

    /// A few pictures of a pattern that moves there and back, over and over: it takes the same memory however long it is.
    private struct Pattern: FrameSource {
        let name = "pattern"
        let size: ImageSize
        let frameCount: Int
        private let pictures: [RGBImage]
        var timing: VideoTiming { VideoTiming(constantRate: 25, count: frameCount) }

        init(size: ImageSize, frameCount: Int) {
            (self.size, self.frameCount) = (size, frameCount)
            pictures = (0..<min(24, frameCount)).map { time in
                var pixels = [UInt8](repeating: 0, count: 3 * size.pixelCount)
                for y in 0..<size.height {
                    for x in 0..<size.width {
                        let (u, v) = ((x + 2 * time) / 3, (y + time) / 3)
                        let shade = (u &* 73 ^ v &* 151 ^ (u &* v) >> 3) & 127
                        for channel in 0..<3 { pixels[3 * (y * size.width + x) + channel] = UInt8(shade + 40 * channel) }
                    }
                }
                return RGBImage(width: size.width, height: size.height, pixels: pixels)
            }
        }

        func frame(at index: Int) throws -> RGBImage {
            guard pictures.count > 1 else { return pictures[0] }
            let period = 2 * (pictures.count - 1)
            return pictures[min(index % period, period - index % period)]
        }
    }

    private let tracker: any PointTracker
    private let size: ImageSize
    private let frames, count: Int
    private let isWarm: Bool

    init(_ arguments: [String]) throws {
        guard arguments.count >= 5, let width = Int(arguments[1]), let height = Int(arguments[2]), let frames = Int(arguments[3]),
            let count = Int(arguments[4]), width > 0, height > 0, frames > 1, count > 0
        else { throw Usage() }
        size = ImageSize(width: width, height: height)
        (self.frames, self.count, isWarm) = (frames, count, arguments.contains("--warm"))
        let detector = arguments.firstIndex(of: "--detector").flatMap { $0 + 1 < arguments.count ? arguments[$0 + 1] : nil }
        tracker = try Self.tracker(
            arguments[0], detector: detector, isQuick: arguments.contains("--quick"),
            precision: arguments.contains("--float32") ? .float32 : .automatic)
    }

    private static func tracker(_ name: String, detector: String?, isQuick: Bool, precision: Precision) throws -> any PointTracker {
        if name == "lucas-kanade" { return LucasKanadeTracker() }
        let engine = try OpenVINOEngine()
        if name == "nano" { return try NanoTrack(engine: engine, encoder: NanoFrameEncoder(engine: engine), precision: precision) }
        func weights(_ path: String) throws -> Weights { Weights(try TensorFile.open(URL(fileURLWithPath: path))) }
        let own = try weights(name)
        if SuperGlueTracker.recognises(own.source) {
            guard let detector else { throw Usage() }
            return try LearnedTracker.tracker(matcher: own, detector: weights(detector), engine: engine, precision: precision)
        }
        guard isQuick else { return try LearnedTracker.tracker(weights: own, engine: engine, precision: precision) }
        var options = CoTrackerOptions()
        (options.iterations, options.inputSize) = (1, ImageSize(width: 64, height: 64))
        if CoTracker1.recognises(own.source) {
            var options = CoTracker1.Options()
            (options.iterations, options.inputSize) = (1, ImageSize(width: 64, height: 64))
            return try CoTracker1(weights: own, engine: engine, precision: precision, updaterPrecision: precision, options: options)
        }
        if CoTracker2.recognises(own.source) {
            return try CoTracker2(weights: own, engine: engine, precision: precision, updaterPrecision: precision, options: options)
        }
        if CoTracker3.recognises(own.source) {
            return try CoTracker3(weights: own, engine: engine, precision: precision, updaterPrecision: precision, options: options)
        }
        if PIPsTracker.recognises(own.source) {
            return try PIPsTracker(weights: own, engine: engine, precision: precision, options: .init(iterations: 1))
        }
        if PIPsPlusPlusTracker.recognises(own.source) {
            return try PIPsPlusPlusTracker(weights: own, engine: engine, precision: precision, iterations: 1)
        }
        if RAFTTracker.recognises(own.source) { return try RAFTTracker(weights: own, engine: engine, precision: precision, iterations: 1) }
        return try LearnedTracker.tracker(weights: own, engine: engine, precision: precision)
    }

    func run() throws {
        if isWarm { _ = try follow(frames) }
        let times = try follow(frames)
        let steps = Double(frames - 1)
        #if os(Linux)
            let peak = Self.usage.ru_maxrss
        #else
            let peak = Self.usage.ru_maxrss / 1024
        #endif
        print(String(format: "%@ %.2f %.2f %.1f %ld", tracker.name, times.following / steps, times.processor / steps, times.adding, peak))
    }

    /// Of this process, until now.
    private static var usage: rusage {
        var usage = rusage()
        #if os(Linux)
            getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        #else
            getrusage(RUSAGE_SELF, &usage)
        #endif
        return usage
    }

    /// Milliseconds of all cores.
    private static var processorTime: Double {
        func milliseconds(_ time: timeval) -> Double { Double(time.tv_sec) * 1000 + Double(time.tv_usec) / 1000 }
        let usage = usage
        return milliseconds(usage.ru_utime) + milliseconds(usage.ru_stime)
    }

    /// Milliseconds of adding the points, of all frames after the first, and of all cores for these.
    private func follow(_ frames: Int) throws -> (adding: Double, following: Double, processor: Double) {
        let session = try tracker.start(on: FrameStore(Pattern(size: size, frameCount: frames)), at: 0, direction: .forward)
        let side = Int(Double(count).squareRoot().rounded(.up))
        let points = (0..<count).map { i in
            SIMD2((Float(i % side) + 0.5) * Float(size.width), (Float(i / side) + 0.5) * Float(size.height)) / Float(side)
        }
        let start = ContinuousClock.now
        try session.add(points, group: 0)
        let (added, processor) = (ContinuousClock.now, Self.processorTime)
        for _ in 1..<frames { try session.advance() }
        return ((added - start) / .milliseconds(1), (ContinuousClock.now - added) / .milliseconds(1), Self.processorTime - processor)
    }
}
