import ArgumentParser
import Foundation
import Inference
import Media
import PointTrackers
import SAMPT
import Segmenters
import TensorFiles

/// Which segmenter and tracker run, and how.
struct ModelOptions: ParsableArguments {
    @OptionGroup var presets: PresetOptions

    @Option(help: ArgumentHelp(
        """
        The segmenter: nano (built in), the name of a published model as "sampt models list" shows it (sam-vit-h, mobile-sam, \
        hq-sam-vit-l, ...), or a checkpoint file of SAM, HQ-SAM, MobileSAM or Light HQ-SAM (.pth, .pt, .safetensors); which of them \
        it is, its tensors tell. (default: the preset's, or nano)
        """,
        valueName: "name or file"))
    var segmenter: String?

    @Flag(help: "Of an HQ-SAM or Light HQ-SAM segmenter: take its high-quality mask alone, without SAM's added.")
    var hqTokenOnly = false

    @Option(help: ArgumentHelp(
        """
        The point tracker: nano (built in, learned), lucas-kanade (classic, needs no network), the name of a published one as \
        "sampt models list" shows it (cotracker, pips, pips++, raft, tapir, superglue, ...), or its checkpoint file (.pth, .pt, .safetensors, .npy); \
        which network it is, its tensors tell. (default: the preset's, or nano)
        """,
        valueName: "name or file"))
    var tracker: String?

    @Option(help: ArgumentHelp(
        "Arithmetic of the networks: automatic (bfloat16 where the processor has it), float32 (exact, slower) or bfloat16.",
        valueName: "precision"))
    var precision: Precision = .automatic

    @Option(
        name: .customLong("part-precision"),
        help: ArgumentHelp(
            """
            Arithmetic of one part: encoder (of images), decoder (of masks), head (of the nano tracker) or tracker (another one's network), for example \
            decoder=float32. Repeat it for more parts.
            """,
            valueName: "part=precision"))
    var partPrecisions: [String] = []

    @Option(help: ArgumentHelp("Threads for the networks (default: all cores).", valueName: "n"))
    var threads: Int?

    func validate() throws {
        if let threads, !(1...1024).contains(threads) { throw ValidationError("--threads must be between 1 and 1024.") }
        if let segmenter { _ = try ModelChoice.segmenter(segmenter) }
        if let tracker { _ = try ModelChoice.tracker(tracker) }
        _ = try precisions()
    }

    /// The parts of the models whose precision can be chosen.
    enum Part: String, CaseIterable {
        case encoder, decoder, head, tracker
    }

    /// The precision of every part that has one of its own.
    private func precisions() throws -> [Part: Precision] {
        var chosen: [Part: Precision] = [:]
        for text in partPrecisions {
            let words = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard words.count == 2 else { throw ValidationError("--part-precision: \"\(text)\" is not of the form part=precision.") }
            let part = try Self.choose(Part.self, words[0], option: "part-precision")
            chosen[part] = try Self.choose(Precision.self, words[1], option: "part-precision")
        }
        return chosen
    }

    private func precision(of part: Part) throws -> Precision { try precisions()[part] ?? precision }

    /// What is to run: the preset, changed by `--set`, changed by options of their own.
    /// - Throws: `PresetError`, `CommandError.usage`.
    func settings(with method: MethodOptions) throws -> MethodSettings {
        var settings = try presets.settings()
        if let segmenter { settings.segmenter = segmenter }
        if let tracker { settings.tracker = tracker }
        try method.apply(to: &settings)
        try settings.validate()
        return settings
    }

    /// The tracker's name where nothing else of a preset counts.
    /// - Throws: as `settings`; `CommandError.usage` for a `--set` without effect.
    func trackerName() throws -> String {
        let settings = try presets.settings(only: [.tracker])
        return tracker ?? settings.tracker
    }

    /// The models of some settings; segmenter and tracker share one encoder where they can.
    /// - Parameter frame: the frames' size, for an estimate of the memory that is needed.
    func makeModels(
        _ settings: MethodSettings, frame: ImageSize = ImageSize(width: 854, height: 480)
    ) throws -> (segmenter: any PromptableSegmenter, tracker: any PointTracker) {
        let choice = try ModelChoice.segmenter(settings.segmenter, option: segmenter == nil ? "the setting segmenter" : "--segmenter")
        let tracked = try trackerChoice(settings.tracker)
        if case .builtIn = choice, hqTokenOnly { throw CommandError.usage("--hq-token-only needs an HQ-SAM segmenter, not nano.") }
        try ModelChoice.checkPresence([choice, tracked])
        try MemoryNeed(models: [choice, tracked], frame: frame).check()
        let weights = try choice.weights()
        let engine = try OpenVINOEngine(.init(threads: threads))
        if let weights { return (try makeSAM(weights, engine: engine), try makeTracker(tracked, engine: engine)) }
        let encoder = try nanoEncoder(engine)
        return (
            try NanoPrompt(engine: engine, encoder: encoder, precision: precision(of: .decoder)),
            try makeTracker(tracked, engine: engine, encoder: encoder)
        )
    }

    private func trackerChoice(_ name: String) throws -> ModelChoice {
        try ModelChoice.tracker(name, option: tracker == nil ? "the setting tracker" : "--tracker")
    }

    private func makeSAM(_ weights: Weights, engine: any InferenceEngine) throws -> SAMSegmenter {
        let segmenter = try SAMSegmenter(
            weights: weights, engine: engine, precision: precision(of: .encoder), decoderPrecision: precision(of: .decoder),
            hqTokenOnly: hqTokenOnly)
        guard segmenter.architecture.isHQ || !hqTokenOnly else {
            throw CommandError.usage("--hq-token-only needs an HQ-SAM segmenter; \(weights.source.name) is \(segmenter.name).")
        }
        return segmenter
    }

    /// A tracker alone.
    func makeTracker(_ name: String, frame: ImageSize = ImageSize(width: 854, height: 480)) throws -> any PointTracker {
        let choice = try trackerChoice(name)
        try MemoryNeed(models: [choice], frame: frame).check()
        if choice == .lucasKanade { return LucasKanadeTracker() }
        return try makeTracker(choice, engine: OpenVINOEngine(.init(threads: threads)))
    }

    /// - Parameter encoder: shared with the segmenter; nil where the segmenter has another.
    private func makeTracker(_ choice: ModelChoice, engine: any InferenceEngine, encoder: NanoFrameEncoder? = nil) throws -> any PointTracker {
        if choice == .lucasKanade { return LucasKanadeTracker() }
        if let weights = try choice.weights() {
            if SuperGlueTracker.recognises(weights.source) {
                return try LearnedTracker.tracker(
                    matcher: weights, detector: choice.detectorWeights(), engine: engine, precision: precision(of: .tracker))
            }
            return try LearnedTracker.tracker(weights: weights, engine: engine, precision: precision(of: .tracker))
        }
        return try NanoTrack(engine: engine, encoder: encoder ?? nanoEncoder(engine), precision: precision(of: .head))
    }

    private func nanoEncoder(_ engine: any InferenceEngine) throws -> NanoFrameEncoder {
        try NanoFrameEncoder(engine: engine, precision: precision(of: .encoder))
    }

    /// The model of that name, or an error that lists the known ones and guesses which was meant.
    static func choose<Name: RawRepresentable & CaseIterable>(
        _ type: Name.Type, _ text: String, option: String
    ) throws -> Name where Name.RawValue == String {
        if let name = Name(rawValue: text) { return name }
        let known = Name.allCases.map(\.rawValue)
        throw ValidationError("--\(option): \"\(text)\" is not known. Known are \(known.joined(separator: ", ")).\(known.guess(for: text))")
    }
}

extension Precision: ExpressibleByArgument {}
