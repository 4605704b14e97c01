import ArgumentParser
import MethodPresets
import SAMPT
import SegmentationJobs

/// Settings under a name, and single ones.
package struct PresetOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Start from these settings: the name of a preset, as \"sampt presets list\" shows it, or a YAML file.",
            valueName: "name or file"))
    package var preset: String?
    @Option(
        name: .customLong("set"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "Change one setting of the preset, for example iou-threshold=0.5; repeat it for more. \"sampt presets show\" lists all with their meaning.",
            valueName: "key=value"))
    var changes: [String] = []

    /// The options that were given, as they are written.
    var given: [String] { (preset == nil ? [] : ["--preset"]) + (changes.isEmpty ? [] : ["--set"]) }

    /// The preset with the changes.
    /// - Parameter only: the settings that have a meaning for the command; nil: all. Others may come from the preset, but `--set` refuses
    ///   them.
    /// - Throws: `PresetError`, `CommandError.usage`.
    func settings(only used: [PresetKey]? = nil) throws -> MethodSettings {
        var settings = try preset.map { try Preset.load($0).settings() } ?? MethodSettings()
        for (key, text) in try assignments() {
            try settings.apply(PresetSetting(key, text, source: .option("--set")))
            if let used, !used.flatMap(\.names).contains(key) {
                throw CommandError.usage(
                    "--set \(key): has no effect here. Of a preset, this command uses \(used.map(\.rawValue).joined(separator: ", ")) alone."
                )
            }
        }
        return settings
    }

    /// The settings of `--set` whose names are known.
    func requests() throws -> [SettingRequest] {
        try assignments().compactMap { name, _ in
            PresetKey.allCases.first { $0.names.contains(name) }.map { SettingRequest(key: $0, option: "--set \(name)") }
        }
    }

    /// What `--set` gives.
    func assignments() throws -> [(key: String, text: String)] {
        try changes.map { change in
            guard let separator = change.firstIndex(of: "=") else {
                throw CommandError.usage("--set: \"\(change)\" is not of the form key=value.")
            }
            return (String(change[..<separator]), String(change[change.index(after: separator)...]))
        }
    }

    package init() {}
}
