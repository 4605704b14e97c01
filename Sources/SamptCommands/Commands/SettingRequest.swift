import MethodPresets
import SAMPT
import SegmentationJobs
import Segmenters

/// What a command does with objects, as far as settings depend on it.
package enum MethodUse: Sendable, CaseIterable {
    /// Objects marked in any frames of a video.
    case video
    /// Objects in a source that is read once, as it comes.
    case live
    /// In each video one object, from its mask in the first frame.
    case firstMask
    /// In each video several objects, from their masks in the first frame.
    case firstMasks
}

/// A setting that was asked for by itself, not as part of a preset.
struct SettingRequest: Sendable {
    var key: PresetKey
    /// How it was asked for: `--horizon`, or `--set horizon`.
    var option: String

    /// - Throws: `CommandError.usage` where the setting changes nothing, whatever its value, or asks for what does not happen beside the
    ///   others. What happens anyway may be asked for.
    func checkEffect(_ use: MethodUse, in settings: MethodSettings) throws {
        guard let reason = key.idleReason(for: use) ?? key.idleReason(in: settings) ?? unusedVariant(in: settings) else { return }
        throw CommandError.usage("\(option): has no effect here: \(reason).")
    }

    /// The reference's setting that names a variant does not turn re-initialisation on.
    private func unusedVariant(in settings: MethodSettings) -> String? {
        option.hasSuffix("reinit_variant") && PresetKey.reinit.text(in: settings) == "off" ? PresetKey.reinitIsOff : nil
    }
}

extension PresetKey {
    fileprivate static let reinitIsOff = "points are not sampled anew (reinit off)"

    /// Why the setting has no effect for a use; nil where it has one.
    func idleReason(for use: MethodUse) -> String? {
        switch (self, use) {
        case (.backward, .live): "a live source is followed forwards only"
        case (.backward, .firstMask), (.backward, .firstMasks): "objects are given in the first frame, and there is nothing before it"
        case (.clicksOnly, .firstMask), (.clicksOnly, .firstMasks): "objects are given by masks"
        case (.otherNegatives, .firstMask), (.otherNegativesLimit, .firstMask), (.trackingGroup, .firstMask): "there is one object"
        default: nil
        }
    }

    /// Why the setting has no effect beside the others; nil where it has one.
    fileprivate func idleReason(in settings: MethodSettings) -> String? {
        func text(_ key: PresetKey) -> String { key.text(in: settings) }
        switch self {
        case .horizon, .reinitIoUThreshold:
            return text(.reinit) == "off" ? Self.reinitIsOff : nil
        case .trackerHorizon:
            return ["off", "rolling"].contains(text(.reinit)) && text(self) != "all"
                ? "it is for windows, not for reinit \(text(.reinit))" : nil
        case .patchSize, .patchThreshold:
            return text(.patchFilter) == "off" ? "points are not rejected by appearance (patch-filter off)" : nil
        case .otherNegativesLimit:
            return text(.otherNegatives) == "off" ? "points of other objects are not used (other-negatives off)" : nil
        case .negativeMethod, .negativeRegion:
            return text(.negativePoints) == "0" ? "no negative points are sampled (negative-points 0)" : nil
        case .previousMaskIoU:
            return text(.refinement) == "0" && !["never", "automatic"].contains(text(self))
                ? "there are no passes to refine a mask (refinement 0)" : nil
        case .memory:
            guard text(self) == "on", !SegmenterFamily.abilities(of: text(.segmenter)).contains(.appearanceMemory) else { return nil }
            let able = SegmenterFamily.all.filter { $0.abilities.contains(.appearanceMemory) }.map(\.name)
            return "\(text(.segmenter)) cannot remember appearances; \(able.joined(separator: ", ")) can"
        default: return nil
        }
    }
}
