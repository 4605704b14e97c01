import PointTrackers
import SAMPT
import Segmenters
import Support

/// Everything a preset decides: the options of the method and the names of the two models. Unlike `VideoSegmenterOptions` it can leave a
/// value to whichever segmenter will run.
public struct MethodSettings: Sendable, Equatable {
    /// When the mask of the frame before takes the place of the first decoder pass.
    public enum PreviousMask: Sendable, Equatable {
        /// What suits the segmenter.
        case automatic
        case never
        /// From this predicted IoU on, 0 to 1.
        case from(Float)
    }

    /// The models by name, as on the command line. This module does not look at them.
    public var segmenter = SegmenterFamily.nanoPrompt.name
    public var tracker = TrackerFamily.nanoTrack.name
    /// Decoder passes that refine the mask; nil: as many as suit the segmenter.
    public var refinement: Int?
    public var previousMask = PreviousMask.automatic
    /// Whether points are sampled anew, and how. The variant is kept while it is off, so that it can be turned on again.
    public var reinitializes = true
    public var reinitialization = ReinitializationVariant.rolling
    /// Whether points are rejected by appearance, and how.
    public var filtersPatches = false
    public var patchFilter = PatchFilter()
    /// Everything else; the values that have a property of their own here are not used.
    var others = VideoSegmenterOptions()

    /// What runs without a preset.
    public init() {}

    /// The options for a segmenter.
    public func options(for segmenter: any PromptableSegmenter) -> VideoSegmenterOptions {
        let suited = VideoSegmenterOptions(for: segmenter)
        var options = others
        options.prompting.refinements = refinement ?? suited.prompting.refinements
        options.prompting.previousMaskIoU =
            switch previousMask {
            case .automatic: suited.prompting.previousMaskIoU
            case .never: nil
            case .from(let threshold): threshold
            }
        options.reinitialization.variant = reinitializes ? reinitialization : nil
        options.tracking.patchFilter = filtersPatches ? patchFilter : nil
        return options
    }

    /// Sets one value from text.
    /// - Throws: `PresetError.unknownKey` and `.invalidValue`; nothing is changed then.
    public mutating func apply(_ setting: PresetSetting) throws {
        let isKnown: Bool
        let field: PresetField
        if let key = PresetKey(rawValue: setting.key) {
            field = key.field
            isKnown = field.set(&self, setting.text)
        } else if let key = ReferenceKey(name: setting.key) {
            field = key.field
            isKnown = field.set(&self, setting.text)
        } else {
            throw PresetError.unknownKey(setting.key, source: setting.source)
        }
        guard isKnown else {
            throw PresetError.invalidValue(
                key: setting.key, value: setting.text, allowed: field.allowed + "." + field.words.guess(for: setting.text),
                source: setting.source)
        }
    }

    public mutating func apply(_ settings: [PresetSetting]) throws {
        for setting in settings { try apply(setting) }
    }

    /// Checks the values that depend on each other.
    /// - Throws: `PresetError.conflict`.
    public func validate() throws {
        let least = reinitializes && reinitialization != .rolling ? 2 : 1
        guard others.reinitialization.horizon >= least else {
            throw PresetError.conflict(
                "horizon must be at least 2 with reinit \(reinitialization.rawValue); it is \(others.reinitialization.horizon).")
        }
        if let tracked = others.reinitialization.trackerHorizon, tracked < others.reinitialization.horizon {
            throw PresetError.conflict(
                "tracker-horizon must be at least horizon (\(others.reinitialization.horizon)), or all; it is \(tracked).")
        }
    }
}

/// One line of a preset, or one `--set`.
public struct PresetSetting: Sendable, Equatable {
    /// As it was written: a `PresetKey` or a name of the reference's configuration.
    public var key: String
    public var text: String
    /// For error messages.
    public var source: PresetSource

    public init(_ key: String, _ text: String, source: PresetSource) {
        (self.key, self.text, self.source) = (key, text, source)
    }

    public init(_ key: PresetKey, _ text: String, source: PresetSource) {
        self.init(key.rawValue, text, source: source)
    }
}
