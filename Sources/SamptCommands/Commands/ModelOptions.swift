import ArgumentParser
import Media
import MethodPresets
import PointTrackers
import SAMPT
import SegmentationJobs
import Segmenters

/// Which segmenter and tracker run, and how.
package struct ModelOptions: ParsableArguments {
    @OptionGroup package var presets: PresetOptions
    @OptionGroup package var segmenter: SegmenterOptions
    @OptionGroup package var tracker: TrackerOptions
    @OptionGroup package var networks: NetworkOptions

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
    package func settings(with method: MethodOptions, for use: MethodUse) throws -> MethodSettings {
        let settings = try settings(with: method)
        for request in try presets.requests() + method.requests { try request.checkEffect(use, in: settings) }
        return settings
    }

    /// The models of some settings; segmenter and tracker share one encoder where they can.
    /// - Parameter frame: the frames' size, for an estimate of the memory that is needed.
    package func makeModels(
        _ settings: MethodSettings, frame: ImageSize = MemoryNeed.usualFrame
    ) throws -> (segmenter: any PromptableSegmenter, tracker: any PointTracker) {
        let (segmenting, tracking) = (try segmenter.choice(settings.segmenter), try tracker.choice(settings.tracker))
        try networks.checkEffect(
            on: segmenting.segmenterParts + tracking.trackerParts, of: "\(settings.segmenter) with \(settings.tracker)")
        return try networks.maker(hqTokenOnly: segmenter.hqTokenOnly).models(segmenter: segmenting, tracker: tracking, frame: frame)
    }

    /// Equal for options and settings that `makeModels` makes the same models of.
    func modelKey(_ settings: MethodSettings) throws -> String {
        let parts = try networks.precisions().map { "\($0.key.rawValue)=\($0.value.rawValue)" }.sorted()
        let networks = [networks.precision.rawValue] + parts + [networks.threads.map { "\($0) threads" } ?? "all threads"]
        return ([settings.segmenter, settings.tracker] + networks + (segmenter.hqTokenOnly ? ["hq-token-only"] : [])).joined(
            separator: "\n")
    }

    /// A segmenter with several trackers, by name, for settings that share it.
    func makeModels(
        segmenter: String, trackers: [String], frame: ImageSize = MemoryNeed.usualFrame
    ) throws -> (segmenter: any PromptableSegmenter, trackers: [String: any PointTracker]) {
        let segmenting = try self.segmenter.choice(segmenter)
        let tracking = try trackers.map { try tracker.choice($0) }
        for (name, choice) in zip(trackers, tracking) {
            try networks.checkEffect(on: segmenting.segmenterParts + choice.trackerParts, of: "\(segmenter) with \(name)")
        }
        let (made, others) = try networks.maker(hqTokenOnly: self.segmenter.hqTokenOnly).models(
            segmenter: segmenting, trackers: tracking, frame: frame)
        return (made, Dictionary(zip(trackers, others)) { first, _ in first })
    }

    package init() {}
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
        try networks.checkEffect(on: choice.segmenterParts, of: "a segmenter")
        return try networks.maker(hqTokenOnly: segmenter.hqTokenOnly).segmenter(choice, frame: frame)
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
        try networks.checkEffect(on: choice.trackerParts, of: name)
        return try networks.maker().tracker(choice, frame: frame)
    }
}
