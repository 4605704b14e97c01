import SAMPT

/// The settings of a preset: one for every option of the method, and the two models. Names are those of the command line's options where
/// there is one.
///
/// This is the one table of names, ranges and meanings: reading presets, `--set`, the command line's options and their help, and the
/// listing of a preset all come from it.
public enum PresetKey: String, Sendable, CaseIterable {
    // In the order in which they are shown.
    case segmenter
    case tracker

    case positivePoints = "positive-points"
    case negativePoints = "negative-points"
    case positiveMethod = "positive-method"
    case negativeMethod = "negative-method"
    case negativeRegion = "negative-region"
    case pointMargin = "point-margin"
    case clicksOnly = "clicks-only"

    case promptConfidence = "prompt-confidence"
    case border
    case trackingGroup = "tracking-group"
    case patchFilter = "patch-filter"
    case patchSize = "patch-size"
    case patchThreshold = "patch-threshold"
    case backward

    case refinement
    case previousMaskIoU = "previous-mask-iou"
    case iouThreshold = "iou-threshold"
    case otherNegatives = "other-negatives"
    case otherNegativesLimit = "other-negatives-limit"
    case specks
    case memory

    case reinit
    case horizon
    case trackerHorizon = "tracker-horizon"
    case reinitIoUThreshold = "reinit-iou-threshold"

    case referenceQuirks = "reference-quirks"
    case seed

    /// Headings of the listing.
    enum Group: String, CaseIterable {
        case models = "Models"
        case queryPoints = "1. Query points"
        case tracking = "2. Tracking"
        case prompting = "3. Prompting the segmenter"
        case reinitialization = "4. Re-initialisation"
        case everything = "Everything"
    }

    var group: Group {
        switch self {
        case .segmenter, .tracker: .models
        case .positivePoints, .negativePoints, .positiveMethod, .negativeMethod, .negativeRegion, .pointMargin, .clicksOnly: .queryPoints
        case .promptConfidence, .border, .trackingGroup, .patchFilter, .patchSize, .patchThreshold, .backward: .tracking
        case .refinement, .previousMaskIoU, .iouThreshold, .otherNegatives, .otherNegativesLimit, .specks, .memory: .prompting
        case .reinit, .horizon, .trackerHorizon, .reinitIoUThreshold: .reinitialization
        case .referenceQuirks, .seed: .everything
        }
    }

    /// What it means, in a sentence.
    public var meaning: String {
        switch self {
        case .segmenter: "The segmenter, as for --segmenter."
        case .tracker: "The point tracker, as for --tracker."
        case .positivePoints: "Positive query points sampled on each object."
        case .negativePoints: "Negative query points sampled around each object."
        case .positiveMethod: "How positive points are chosen."
        case .negativeMethod: "How negative points are chosen."
        case .negativeRegion: "Where negative points are sampled: in a ring around the object, or anywhere outside it."
        case .pointMargin: "Sampled positive points keep this many pixels from the object's edge, where it is thick enough."
        case .clicksOnly: "Whether an object marked by clicks is followed by these alone, and not by points sampled on its mask as well."
        case .promptConfidence:
            "Let points prompt when the tracker is at least this sure of them; tracker: leave it to the tracker's own threshold."
        case .border: "Points within this share of the frame's width or height from its border do not prompt."
        case .trackingGroup:
            "So many objects at most are tracked together; other groups give other tracks where a tracker's points influence each other."
        case .patchFilter: "Whether points are rejected once their surroundings no longer look as in the query frame."
        case .patchSize: "The side of the compared surroundings in pixels."
        case .patchThreshold: "Points whose surroundings are no more similar than this are rejected."
        case .backward: "Whether objects are also tracked backwards from their query frames."
        case .refinement:
            """
            Decoder passes that refine the mask of the one before: for SAM networks those after the two with points alone, each with the box around the mask; \
            for nano those after the first. automatic: 12 for SAM networks, 1 for nano.
            """
        case .previousMaskIoU:
            """
            Take the mask of the frame before in place of the first decoder pass when the segmenter expected this intersection over union of it. \
            automatic: never for SAM networks, 0.6 for nano.
            """
        case .iouThreshold: "Leave a mask empty when the segmenter expects a lower intersection over union with the truth."
        case .otherNegatives: "Whether points of other objects serve as negative points."
        case .otherNegativesLimit: "At most this many points of other objects, per object and frame."
        case .specks: "Whether small parts of a mask that no point touches are kept or dropped."
        case .memory:
            "Whether the segmenter is shown how the object looked in its query frame and in sure ones since, where it can use that."
        case .reinit:
            """
            How points are sampled anew from predicted masks. rolling: every object on its own after the horizon, from the frame at hand; the others look at a \
            window of frames and go on from its last frame (horizon), the one whose mask has the median area (median-area), the one most similar in area to the \
            first (similar-area), or that for all objects together (similar-area-in-step).
            """
        case .horizon: "Frames between samplings (rolling), or in a window (the others, at least 2)."
        case .trackerHorizon: "Frames the tracker may look at from a window's first one on, at least the horizon. No effect with rolling."
        case .reinitIoUThreshold: "Sample points anew only from masks that the segmenter expects to have this intersection over union."
        case .referenceQuirks: "Whether to do as the reference implementation even where that is no good, to compare with it."
        case .seed: "Seeds every random choice; the same seed gives the same bytes."
        }
    }

    /// What is allowed, in words.
    public var allowedValues: String { field.allowed }

    /// The value in some settings, as a preset would hold it.
    public func text(in settings: MethodSettings) -> String { field.text(settings) }

    var field: PresetField {
        switch self {
        case .segmenter: .model(\.segmenter)
        case .tracker: .model(\.tracker)
        case .positivePoints: .whole(1...1000, \.others.queryPoints.positives)
        case .negativePoints: .whole(0...1000, \.others.queryPoints.negatives)
        case .positiveMethod: .choice(\.others.queryPoints.positiveMethod)
        case .negativeMethod: .choice(\.others.queryPoints.negativeMethod)
        case .negativeRegion: .choice(\.others.queryPoints.negativeRegion)
        case .pointMargin: .whole(0...1000, \.others.queryPoints.margin)
        case .clicksOnly: .flag(\.others.queryPoints.followsClicksOnly)
        case .promptConfidence: .number(0...1, or: "tracker", \.others.tracking.promptConfidence)
        case .border: .number(0...0.49, \.others.tracking.borderShare)
        case .trackingGroup: .whole(1...65535, or: "all", \.others.tracking.objectsPerGroup)
        case .patchFilter: .flag(\.filtersPatches)
        case .patchSize: .whole(1...99, \.patchFilter.size)
        case .patchThreshold: .number(0...1, \.patchFilter.threshold)
        case .backward: .flag(\.others.tracking.isBackward)
        case .refinement: .whole(0...100, or: "automatic", \.refinement)
        case .previousMaskIoU: .previousMask
        case .iouThreshold: .number(0...1, \.others.prompting.minimumIoU)
        case .otherNegatives: .flag(\.others.prompting.usesOtherObjectsAsNegatives)
        case .otherNegativesLimit: .whole(0...1_000_000, or: "all", \.others.prompting.maximumOtherNegatives)
        case .specks: .either("drop", or: "keep", \.others.prompting.removesSpecks)
        case .memory: .flag(\.others.prompting.usesAppearanceMemory)
        case .reinit: .reinitialization
        case .horizon: .whole(1...1_000_000, \.others.reinitialization.horizon)
        case .trackerHorizon: .whole(1...1_000_000, or: "all", \.others.reinitialization.trackerHorizon)
        case .reinitIoUThreshold: .number(0...1, \.others.reinitialization.minimumIoU)
        case .referenceQuirks: .flag(\.others.referenceQuirks)
        case .seed: .seed
        }
    }

    /// All names by which it can be set: its own, and those of the reference's configuration.
    package var names: [String] { [rawValue] + ReferenceKey.allCases.filter { $0.key == self }.flatMap(\.names) }

    /// All names that are understood, those of the reference included.
    static var knownNames: [String] { allCases.map(\.rawValue) + ReferenceKey.allCases.map(\.rawValue) }
}

extension PresetField {
    fileprivate static var previousMask: PresetField {
        PresetField(
            allowed: "a number from 0 to 1, never or automatic", words: ["never", "automatic"],
            set: { settings, text in
                if text == "automatic" {
                    settings.previousMask = .automatic
                } else if isNone(text, "never") {
                    settings.previousMask = .never
                } else if let value = Float(text), (0...1).contains(value) {
                    settings.previousMask = .from(value)
                } else {
                    return false
                }
                return true
            },
            text: { settings in
                switch settings.previousMask {
                case .automatic: "automatic"
                case .never: "never"
                case .from(let value): value.short
                }
            })
    }

    fileprivate static var reinitialization: PresetField {
        let words = ["off"] + ReinitializationVariant.allCases.map(\.rawValue)
        return PresetField(
            allowed: "one of \(words.joined(separator: ", "))", words: words,
            set: { settings, text in
                if truth(text) == false {
                    settings.reinitializes = false
                } else if let variant = ReinitializationVariant(rawValue: text) ?? ReferenceKey.variants[text] {
                    (settings.reinitializes, settings.reinitialization) = (true, variant)
                } else {
                    return false
                }
                return true
            },
            text: { $0.reinitializes ? $0.reinitialization.rawValue : "off" })
    }

    fileprivate static var seed: PresetField {
        PresetField(
            allowed: "a whole number from 0 to \(UInt64.max)",
            set: { settings, text in
                guard let value = UInt64(text) else { return false }
                settings.others.seed = value
                return true
            },
            text: { "\($0.others.seed)" })
    }
}
