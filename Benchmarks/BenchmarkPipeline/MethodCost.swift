import Foundation
import Inference
import InferenceOpenVINO
import Media
import NeuralGraph
import PointTrackers
import SAMPT
import Segmenters
import Support
import TensorFiles

/// What the four steps of SAM-PT cost a frame, each network loaded beforehand (Benchmarks/pipeline-cost.sh).
///
///     benchmark-pipeline cost FRAMES COUNT MASK SEGMENTER TRACKER REFINEMENTS [POSITIVES NEGATIVES]
///
/// FRAMES is a folder or a video, COUNT how many of its frames are used, MASK the object in the first one (not 0: inside). SEGMENTER and
/// TRACKER are checkpoints, or `nano`. Prints milliseconds a frame as JSON: `points` (steps 1 and 4), `tracking` (step 2), `encoder` and
/// `prompting` (step 3, with masks), one after the other, then `total`, with steps that overlap.
struct MethodCost {
    struct Usage: Error, CustomStringConvertible {
        let description = "usage: benchmark-pipeline cost FRAMES COUNT MASK SEGMENTER TRACKER REFINEMENTS [POSITIVES NEGATIVES]"
    }

    private let clip: any FrameSource
    private let mask: Mask
    private let segmenter: any PromptableSegmenter
    private let tracker: any PointTracker
    private let options: VideoSegmenterOptions

    init(_ arguments: [String]) throws {
        guard arguments.count >= 6, let count = Int(arguments[1]), let refinements = Int(arguments[5]) else { throw Usage() }
        let frames = try openFrames(arguments[0])
        clip = try SubrangeSource(frames, end: min(count, frames.frameCount))
        let ids = try ImageFile.readIndexMask(arguments[2])
        mask = Mask(width: ids.width, height: ids.height, values: ids.values.map { $0 == 0 ? 0 : 1 })
        let engine = try OpenVINOEngine()
        func weights(_ path: String) throws -> Weights { Weights(try TensorFile.open(URL(fileURLWithPath: path))) }
        let nano = arguments[3] == "nano" || arguments[4] == "nano" ? try NanoFrameEncoder(engine: engine) : nil
        segmenter =
            if arguments[3] == "nano", let nano { try NanoPrompt(engine: engine, encoder: nano) } else {
                try SAMSegmenter(weights: weights(arguments[3]), engine: engine)
            }
        tracker =
            if arguments[4] == "nano", let nano { try NanoTrack(engine: engine, encoder: nano) } else {
                try LearnedTracker.tracker(weights: weights(arguments[4]), engine: engine)
            }
        var options = VideoSegmenterOptions(for: segmenter)
        if arguments[3] != "nano" {
            // The paper's settings, but that all points inside the frame prompt: generated weights know nothing of visibility.
            options.queryPoints.positives = arguments.count > 6 ? Int(arguments[6]) ?? 16 : 16
            options.queryPoints.negatives = arguments.count > 7 ? Int(arguments[7]) ?? 1 : 1
            options.prompting.refinements = refinements
            options.tracking.promptConfidence = 0
            options.reinitialization.variant = nil
            options.prompting.previousMaskIoU = nil
            options.prompting.removesSpecks = false
            options.queryPoints.negativeRegion = .background
        }
        self.options = options
    }

    func run() async throws {
        // Compiles and warms up.
        _ = try await measure(frames: min(10, clip.frameCount), overlapping: true)
        let total = try await measure(frames: clip.frameCount, overlapping: true).total
        let times = try await measure(frames: clip.frameCount, overlapping: false)
        let frames = Double(clip.frameCount)
        let rest = times.total - times.tracking - times.encoder - times.points
        let fields = [
            ("points", times.points), ("tracking", times.tracking), ("encoder", times.encoder), ("prompting", rest), ("total", total),
        ]
        print("{" + fields.map { "\"\($0)\": \(String(format: "%.2f", 1000 * $1 / frames))" }.joined(separator: ", ") + "}")
    }

    private func measure(frames: Int, overlapping: Bool) async throws -> (points: Double, tracking: Double, encoder: Double, total: Double)
    {
        let clock = StepClock()
        var options = options
        options.overlapsSteps = overlapping
        let pipeline = VideoSegmenter(
            segmenter: TimedSegmenter(segmenter: segmenter, clock: clock), tracker: TimedTracker(tracker: tracker, clock: clock),
            options: options)
        let part = try SubrangeSource(clip, end: frames)
        let start = ContinuousClock.now
        for try await _ in pipeline.segment(part, objects: [ObjectQuery(id: 1, prompt: .mask(mask))]) {}
        let total = (ContinuousClock.now - start) / .seconds(1)
        // Sampling is part of the run; here it is done once more, alone.
        let samplings = options.reinitialization.variant == nil ? 1 : 1 + (frames - 1) / options.reinitialization.horizon
        let points = try sampling(in: clip.frame(at: 0)) * Double(samplings)
        return (points, clock.tracking, clock.encoder, total)
    }

    private func sampling(in image: RGBImage) -> Double {
        var generator = SeededGenerator(seed: 72)
        let start = ContinuousClock.now
        let (inside, outside) = (
            QueryPointSampler(method: options.queryPoints.positiveMethod, margin: options.queryPoints.margin),
            QueryPointSampler(method: options.queryPoints.negativeMethod)
        )
        _ = inside.sample(options.queryPoints.positives, from: mask, image: image, using: &generator)
        _ = outside.sampleSurroundings(options.queryPoints.negatives, of: mask, image: image, using: &generator)
        return (ContinuousClock.now - start) / .seconds(1)
    }
}

/// Seconds spent in two of the steps. A step that runs inside the other (a shared encoder) counts for the one that asked for it.
private final class StepClock: Sendable {
    private let times = Protected<(tracking: Double, encoder: Double)>((0, 0))

    var tracking: Double { times.withLock { $0.tracking } }
    var encoder: Double { times.withLock { $0.encoder } }

    func tracking<R>(_ work: () throws -> R) rethrows -> R {
        let start = ContinuousClock.now
        defer { times.withLock { $0.tracking += (ContinuousClock.now - start) / .seconds(1) } }
        return try work()
    }

    func encoder<R>(_ work: () throws -> R) rethrows -> R {
        let start = ContinuousClock.now
        defer { times.withLock { $0.encoder += (ContinuousClock.now - start) / .seconds(1) } }
        return try work()
    }
}

private struct TimedSegmenter: PromptableSegmenter {
    let segmenter: any PromptableSegmenter
    let clock: StepClock

    var name: String { segmenter.name }
    var abilities: SegmenterAbilities { segmenter.abilities }
    var recommendedPrompting: RecommendedPrompting { segmenter.recommendedPrompting }

    func frame(_ index: Int, of video: FrameStore) throws -> any SegmentableFrame {
        try clock.encoder { try segmenter.frame(index, of: video) }
    }
    func frameLogits(_ logits: MaskLogits, size: ImageSize) -> [Float] { segmenter.frameLogits(logits, size: size) }
    func mask(_ logits: MaskLogits, size: ImageSize) -> Mask { segmenter.mask(logits, size: size) }
}

private struct TimedTracker: PointTracker {
    let tracker: any PointTracker
    let clock: StepClock

    var name: String { tracker.name }

    func start(on video: FrameStore, at frame: Int, direction: TimeDirection) throws -> any TrackingSession {
        Session(session: try clock.tracking { try tracker.start(on: video, at: frame, direction: direction) }, clock: clock)
    }

    private final class Session: TrackingSession {
        let session: any TrackingSession
        let clock: StepClock

        init(session: any TrackingSession, clock: StepClock) { (self.session, self.clock) = (session, clock) }

        var frame: Int { session.frame }
        var points: [TrackedPoint] { session.points }
        func add(_ positions: [SIMD2<Float>], group: Int) throws -> [Int] {
            try clock.tracking { try session.add(positions, group: group) }
        }
        func remove(_ ids: Set<Int>) { session.remove(ids) }
        func advance() throws { try clock.tracking { try session.advance() } }
    }
}
