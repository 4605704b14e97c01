import ArgumentParser
import Media
import PointTrackers
import SAMPT
import Segmenters

/// Which segmenter and tracker run, and how.
struct ModelOptions: ParsableArguments {
    @OptionGroup var presets: PresetOptions
    @OptionGroup var segmenter: SegmenterOptions
    @OptionGroup var tracker: TrackerOptions
    @OptionGroup var networks: NetworkOptions

    /// The options that were given, as they are written.
    var given: [String] { presets.given + segmenter.given + tracker.given + networks.given }

    /// What is to run: the preset, changed by `--set`, changed by options of their own.
    /// - Throws: `PresetError`, `CommandError.usage`.
    func settings(with method: MethodOptions) throws -> MethodSettings {
        var settings = try presets.settings()
        if let name = segmenter.segmenter { settings.segmenter = name }
        if let name = tracker.tracker { settings.tracker = name }
        try method.apply(to: &settings)
        try settings.validate()
        return settings
    }

    /// As `settings(with:)`, where every setting that is asked for by itself must have an effect.
    func settings(with method: MethodOptions, for use: MethodUse) throws -> MethodSettings {
        let settings = try settings(with: method)
        for request in try presets.requests() + method.requests { try request.checkEffect(use, in: settings) }
        return settings
    }

    /// The models of some settings; segmenter and tracker share one encoder where they can.
    /// - Parameter frame: the frames' size, for an estimate of the memory that is needed.
    func makeModels(
        _ settings: MethodSettings, frame: ImageSize = MemoryNeed.usualFrame
    ) throws -> (segmenter: any PromptableSegmenter, tracker: any PointTracker) {
        let (segmenting, tracking) = (try segmenter.choice(settings.segmenter), try tracker.choice(settings.tracker))
        try networks.checkEffect(
            on: SegmenterOptions.parts + TrackerOptions.parts(of: tracking), of: "\(settings.segmenter) with \(settings.tracker)")
        try ModelChoice.checkPresence([segmenting, tracking])
        try MemoryNeed(models: [segmenting, tracking], frame: frame).check()
        let weights = try segmenting.weights()
        let engine = try networks.engine()
        let encoder = weights == nil ? try networks.nanoEncoder(engine) : nil
        return (
            try segmenter.make(weights, engine: engine, networks: networks, encoder: encoder ?? networks.nanoEncoder(engine)),
            try tracker.make(tracking, engine: engine, networks: networks, encoder: encoder)
        )
    }
}

/// Which segmenter runs where nothing is tracked.
struct PictureModelOptions: ParsableArguments {
    @OptionGroup var presets: PresetOptions
    @OptionGroup var segmenter: SegmenterOptions
    @OptionGroup var networks: NetworkOptions

    /// What is to run. Of a preset, the segmenter and its refinement count.
    /// - Parameter refinement: as it was given.
    /// - Throws: `PresetError`; `CommandError.usage` for a `--set` without effect.
    func settings(refinement: String?) throws -> MethodSettings {
        var settings = try presets.settings(only: [.segmenter, .refinement])
        if let name = segmenter.segmenter { settings.segmenter = name }
        if let refinement { try settings.apply(PresetSetting(.refinement, refinement, source: .option("--refinement"))) }
        return settings
    }

    /// - Parameter frame: the picture's size, for an estimate of the memory that is needed.
    func makeSegmenter(_ settings: MethodSettings, frame: ImageSize) throws -> any PromptableSegmenter {
        let choice = try segmenter.choice(settings.segmenter)
        try networks.checkEffect(on: SegmenterOptions.parts, of: "a segmenter")
        try ModelChoice.checkPresence([choice])
        try MemoryNeed(models: [choice], frame: frame).check()
        let weights = try choice.weights()
        let engine = try networks.engine()
        return try segmenter.make(weights, engine: engine, networks: networks, encoder: networks.nanoEncoder(engine))
    }
}

/// Which tracker runs where nothing is segmented.
struct TrackingModelOptions: ParsableArguments {
    @OptionGroup var presets: PresetOptions
    @OptionGroup var tracker: TrackerOptions
    @OptionGroup var networks: NetworkOptions

    /// The options that were given, as they are written.
    var given: [String] { presets.given + tracker.given + networks.given }

    /// The tracker's name; nothing else of a preset counts.
    /// - Throws: `PresetError`; `CommandError.usage` for a `--set` without effect.
    func trackerName() throws -> String {
        let settings = try presets.settings(only: [.tracker])
        return tracker.tracker ?? settings.tracker
    }

    /// - Parameter frame: the frames' size, for an estimate of the memory that is needed.
    func makeTracker(_ name: String, frame: ImageSize = MemoryNeed.usualFrame) throws -> any PointTracker {
        let choice = try tracker.choice(name)
        try networks.checkEffect(on: TrackerOptions.parts(of: choice), of: name)
        try MemoryNeed(models: [choice], frame: frame).check()
        return try tracker.make(choice, engine: networks.engine(), networks: networks)
    }
}
