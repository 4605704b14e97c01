import PointTrackers
import SAMPT
import Segmenters

/// Settings by the names of the reference implementation's configuration, so that its settings can be copied. Each means what it means
/// there.
enum ReferenceKey: String, CaseIterable {
    case pointTracker = "point_tracker"
    case samModel = "sam_model"
    case positivePoints = "positive_points_per_mask"
    case negativePoints = "negative_points_per_mask"
    case positiveMethod = "positive_point_selection_method"
    case negativeMethod = "negative_point_selection_method"
    case trackingGroup = "point_tracker_mask_batch_size"
    case patchFilter = "use_patch_matching_filtering"
    case patchSize = "patch_size"
    case patchThreshold = "patch_similarity_threshold"
    case refinement = "iterative_refinement_iterations"
    case iouThreshold = "sam_iou_threshold"
    case otherNegatives = "add_other_objects_positive_points_as_negative_points"
    case otherNegativesLimit = "max_other_objects_positive_points"
    case usesReinit = "use_point_reinit"
    case variant = "reinit_variant"
    case horizon = "reinit_horizon"
    case trackerHorizon = "reinit_point_tracker_horizon"

    /// With or without the groups that the reference puts before it: `model.`, `sam_predictor.`.
    init?(name: String) {
        var name = name[...]
        for group in ["model.", "sam_predictor."] where name.hasPrefix(group) { name = name.dropFirst(group.count) }
        self.init(rawValue: String(name))
    }

    /// Its spellings.
    var names: [String] { ["", "model.", "sam_predictor.", "model.sam_predictor."].map { $0 + rawValue } }

    static let variants: [String: ReinitializationVariant] = [
        "reinit-on-horizon-and-sync-masks": .horizon, "reinit-at-median-of-area-diff": .medianArea,
        "reinit-on-similar-mask-area": .similarArea, "reinit-on-similar-mask-area-and-sync-masks": .similarAreaInStep,
    ]
    private static let trackers = Dictionary(
        TrackerFamily.all.compactMap { family in family.referenceName.map { ($0, family.name) } }, uniquingKeysWith: { first, _ in first })
    private static let segmenters = Dictionary(
        SegmenterFamily.all.flatMap(\.published).compactMap { name, referenceName in referenceName.map { ($0, name) } },
        uniquingKeysWith: { first, _ in first })

    /// The setting that it is, or is a part of.
    var key: PresetKey {
        switch self {
        case .pointTracker: .tracker
        case .samModel: .segmenter
        case .positivePoints: .positivePoints
        case .negativePoints: .negativePoints
        case .positiveMethod: .positiveMethod
        case .negativeMethod: .negativeMethod
        case .trackingGroup: .trackingGroup
        case .patchFilter: .patchFilter
        case .patchSize: .patchSize
        case .patchThreshold: .patchThreshold
        case .refinement: .refinement
        case .iouThreshold: .iouThreshold
        case .otherNegatives: .otherNegatives
        case .otherNegativesLimit: .otherNegativesLimit
        case .usesReinit, .variant: .reinit
        case .horizon: .horizon
        case .trackerHorizon: .trackerHorizon
        }
    }

    var field: PresetField {
        switch self {
        case .pointTracker: .words(Self.trackers) { $0.tracker = $1 }
        case .samModel: .words(Self.segmenters) { $0.segmenter = $1 }
        case .usesReinit: .referenceSwitch
        // Names the variant, but does not turn re-initialisation on.
        case .variant: .words(Self.variants) { $0.reinitialization = $1 }
        default: key.field
        }
    }
}

extension PresetField {
    fileprivate static func words<Value: Sendable>(
        _ values: [String: Value], _ change: @escaping @Sendable (inout MethodSettings, Value) -> Void
    ) -> PresetField {
        let words = values.keys.sorted()
        return PresetField(
            allowed: "one of \(words.joined(separator: ", "))", words: words,
            set: { settings, text in
                guard let value = values[text] else { return false }
                change(&settings, value)
                return true
            },
            text: { _ in "" })
    }

    /// Turns one of the reference's variants on: the one that was named, otherwise its default.
    fileprivate static var referenceSwitch: PresetField {
        PresetField(
            allowed: "true or false",
            set: { settings, text in
                guard let value = truth(text) else { return false }
                settings.reinitializes = value
                if value, settings.reinitialization == .rolling { settings.reinitialization = .medianArea }
                return true
            },
            text: { _ in "" })
    }
}
