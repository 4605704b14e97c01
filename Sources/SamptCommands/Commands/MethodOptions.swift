import ArgumentParser
import MethodPresets
import SAMPT

/// The options of the four steps of SAM-PT. Those that are not given leave the preset's value, or the default, as it is.
package struct MethodOptions: ParsableArguments {
    @Option(help: .of(.positivePoints)) var positivePoints: String?
    @Option(help: .of(.negativePoints)) var negativePoints: String?
    @Option(help: .of(.positiveMethod)) var positiveMethod: String?
    @Option(help: .of(.negativeMethod)) var negativeMethod: String?
    @Option(help: .of(.promptConfidence)) var promptConfidence: String?
    @Option(help: .of(.refinement)) var refinement: String?
    @Option(help: .of(.previousMaskIoU)) var previousMaskIou: String?
    @Flag(help: "Run the first decoder pass in every frame, as the paper does: the same as --previous-mask-iou never.")
    var noPreviousMask = false
    @Option(help: .of(.iouThreshold)) var iouThreshold: String?
    @Option(help: .of(.reinit)) var reinit: String?
    @Flag(help: "Never sample points anew: the same as --reinit off.")
    var noReinit = false
    @Option(help: .of(.horizon)) var horizon: String?
    @Option(help: .of(.reinitIoUThreshold)) var reinitIouThreshold: String?
    @Flag(inversion: .prefixedNo, help: .of(.memory)) var memory: Bool?
    @Flag(inversion: .prefixedNo, help: .of(.otherNegatives)) var otherNegatives: Bool?
    @Flag(help: "Track from the query frames forwards only.")
    var forwardOnly = false
    @Flag(inversion: .prefixedNo, help: .of(.referenceQuirks)) var referenceQuirks: Bool?
    @Option(help: .of(.seed)) var seed: String?

    package func validate() throws {
        if noPreviousMask, previousMaskIou != nil { throw ValidationError("Give either --previous-mask-iou or --no-previous-mask.") }
        if noReinit, reinit != nil { throw ValidationError("Give either --reinit or --no-reinit.") }
        var settings = MethodSettings()
        do {
            try apply(to: &settings)
        } catch let error as PresetError {
            throw ValidationError("\(error)")
        }
    }

    /// - Throws: `PresetError` for a value out of range.
    func apply(to settings: inout MethodSettings) throws {
        for (key, text) in given { try settings.apply(PresetSetting(key, text, source: .option("--\(key.rawValue)"))) }
    }

    /// The settings that were given.
    var requests: [SettingRequest] {
        given.map { key, text in
            let isInverted = noReinit && key == .reinit || noPreviousMask && key == .previousMaskIoU
            let name =
                switch key {
                case .backward: "forward-only"
                case .previousMaskIoU where isInverted: "no-previous-mask"
                case .memory where text == "off", .otherNegatives where text == "off", .referenceQuirks where text == "off",
                    .reinit where isInverted:
                    "no-\(key.rawValue)"
                default: key.rawValue
                }
            return SettingRequest(key: key, option: "--\(name)")
        }
    }

    private var given: [(key: PresetKey, text: String)] {
        func word(_ isOn: Bool?) -> String? { isOn.map { $0 ? "on" : "off" } }
        let values: [(PresetKey, String?)] = [
            (.positivePoints, positivePoints), (.negativePoints, negativePoints), (.positiveMethod, positiveMethod),
            (.negativeMethod, negativeMethod),
            (.promptConfidence, promptConfidence), (.refinement, refinement),
            (.previousMaskIoU, noPreviousMask ? "never" : previousMaskIou),
            (.iouThreshold, iouThreshold), (.reinit, noReinit ? "off" : reinit), (.horizon, horizon),
            (.reinitIoUThreshold, reinitIouThreshold),
            (.memory, word(memory)), (.otherNegatives, word(otherNegatives)), (.backward, forwardOnly ? "off" : nil),
            (.referenceQuirks, word(referenceQuirks)), (.seed, seed),
        ]
        return values.compactMap { key, text in text.map { (key, $0) } }
    }

    package init() {}
}

/// The option of the method that counts where nothing is tracked.
struct PictureMethodOptions: ParsableArguments {
    @Option(help: .of(.refinement)) var refinement: String?

    func validate() throws {
        guard let refinement else { return }
        var settings = MethodSettings()
        do {
            try settings.apply(PresetSetting(.refinement, refinement, source: .option("--refinement")))
        } catch let error as PresetError {
            throw ValidationError("\(error)")
        }
    }
}

extension ArgumentHelp {
    /// What the table of settings says.
    fileprivate static func of(_ key: PresetKey) -> ArgumentHelp {
        let value = key.text(in: MethodSettings())
        guard let name = key.valueName else { return ArgumentHelp("\(key.meaning) (default: \(value))") }
        return ArgumentHelp("\(key.meaning) \(key.allowedValues.capitalisedFirst). (default: \(value))", valueName: name)
    }
}

extension PresetKey {
    /// How help calls the value; nil for a setting that is on or off.
    fileprivate var valueName: String? {
        switch self {
        case .positiveMethod, .negativeMethod, .negativeRegion: "method"
        case .reinit: "variant"
        case .previousMaskIoU, .iouThreshold, .reinitIoUThreshold: "iou"
        case .promptConfidence: "confidence"
        case .memory, .otherNegatives, .referenceQuirks, .clicksOnly, .patchFilter, .backward: nil
        default: "n"
        }
    }
}

extension String {
    fileprivate var capitalisedFirst: String { prefix(1).uppercased() + dropFirst() }
}
