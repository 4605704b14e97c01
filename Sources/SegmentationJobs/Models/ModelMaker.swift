import Inference
import Media
import PointTrackers
import Segmenters
import TensorFiles

/// Makes segmenters and trackers of what was chosen.
package struct ModelMaker {
    private let engine: () throws -> any InferenceEngine
    private let precision: Precision
    private let partPrecisions: [ModelPart: Precision]
    private let hqTokenOnly: Bool

    /// - Parameters:
    ///   - engine: asked for once it is known that the models are there; not at all by a tracker without a network.
    ///   - precision: of the parts without one of their own.
    ///   - hqTokenOnly: of an HQ-SAM segmenter, its own mask without SAM's added.
    package init(
        engine: @escaping () throws -> any InferenceEngine, precision: Precision = .automatic,
        partPrecisions: [ModelPart: Precision] = [:], hqTokenOnly: Bool = false
    ) {
        (self.engine, self.precision, self.partPrecisions) = (engine, precision, partPrecisions)
        self.hqTokenOnly = hqTokenOnly
    }

    /// Both models; they share one encoder where they can.
    /// - Parameter frame: the frames' size, for an estimate of the memory that is needed.
    /// - Throws: `ModelStoreError` or `CommandError.missingInput` for published models that are not in the store,
    ///   `CommandError.insufficientMemory`, `CommandError.usage` for an option that the segmenter has not, and what is wrong with a
    ///   checkpoint.
    package func models(
        segmenter segmenting: ModelChoice, tracker tracking: ModelChoice, frame: ImageSize
    ) throws -> (segmenter: any PromptableSegmenter, tracker: any PointTracker) {
        let (segmenter, trackers) = try models(segmenter: segmenting, trackers: [tracking], frame: frame)
        return (segmenter, trackers[0])
    }

    /// A segmenter with several trackers, in order; all share one encoder where they can.
    package func models(
        segmenter segmenting: ModelChoice, trackers tracking: [ModelChoice], frame: ImageSize
    ) throws -> (segmenter: any PromptableSegmenter, trackers: [any PointTracker]) {
        try ModelChoice.checkPresence([segmenting] + tracking)
        try MemoryNeed(models: [segmenting] + tracking, frame: frame).check()
        let weights = try segmenting.weights()
        let engine = try engine()
        let encoder = weights == nil ? try nanoEncoder(engine) : nil
        return (
            try makeSegmenter(weights, engine: engine, encoder: encoder ?? nanoEncoder(engine)),
            try tracking.map { try makeTracker($0, engine: engine, encoder: encoder) }
        )
    }

    /// A segmenter without a tracker.
    package func segmenter(_ choice: ModelChoice, frame: ImageSize) throws -> any PromptableSegmenter {
        try ModelChoice.checkPresence([choice])
        try MemoryNeed(models: [choice], frame: frame).check()
        let weights = try choice.weights()
        let engine = try engine()
        return try makeSegmenter(weights, engine: engine, encoder: nanoEncoder(engine))
    }

    /// A tracker without a segmenter.
    package func tracker(_ choice: ModelChoice, frame: ImageSize) throws -> any PointTracker {
        try MemoryNeed(models: [choice], frame: frame).check()
        return try makeTracker(choice, engine: engine())
    }

    private func precision(of part: ModelPart) -> Precision { partPrecisions[part] ?? precision }

    private func nanoEncoder(_ engine: any InferenceEngine) throws -> NanoFrameEncoder {
        try NanoFrameEncoder(engine: engine, precision: precision(of: .encoder))
    }

    /// - Parameters:
    ///   - weights: of the checkpoint; nil for the built-in segmenter.
    ///   - encoder: the built-in segmenter's.
    private func makeSegmenter(
        _ weights: Weights?, engine: any InferenceEngine, encoder: @autoclosure () throws -> NanoFrameEncoder
    ) throws -> any PromptableSegmenter {
        guard let weights else { return try NanoPrompt(engine: engine, encoder: encoder(), precision: precision(of: .decoder)) }
        let segmenter = try LearnedSegmenter.segmenter(
            weights: weights, engine: engine, precision: precision(of: .encoder), decoderPrecision: precision(of: .decoder),
            hqTokenOnly: hqTokenOnly)
        guard SegmenterFamily(segmenter.architecture).hasHQToken || !hqTokenOnly else {
            throw CommandError.usage("--hq-token-only needs an HQ-SAM segmenter; \(weights.source.name) is \(segmenter.name).")
        }
        return segmenter
    }

    /// - Parameter encoder: that of a built-in segmenter, which the built-in tracker shares.
    private func makeTracker(
        _ choice: ModelChoice, engine: @autoclosure () throws -> any InferenceEngine, encoder: NanoFrameEncoder? = nil
    ) throws -> any PointTracker {
        if let family = choice.builtInTracker,
            let tracker = try LearnedTracker.builtIn(
                family, engine: engine, encoder: { try encoder ?? nanoEncoder($0) }, precision: precision(of: .head))
        {
            return tracker
        }
        let engine = try engine()
        guard let weights = try choice.weights() else { throw CommandError.usage("\(choice) is no point tracker.") }
        let precision = precision(of: .tracker)
        guard TrackerFamily(of: weights.source)?.detector != nil else {
            return try LearnedTracker.tracker(weights: weights, engine: engine, precision: precision)
        }
        return try LearnedTracker.tracker(matcher: weights, detector: choice.detectorWeights(), engine: engine, precision: precision)
    }
}
