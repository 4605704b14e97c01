import ArgumentParser
import SAMPT

/// Settings under a name, and single ones.
struct PresetOptions: ParsableArguments {
    @Option(help: ArgumentHelp(
        "Start from these settings: the name of a preset, as \"sampt presets list\" shows it, or a YAML file.", valueName: "name or file"))
    var preset: String?
    @Option(
        name: .customLong("set"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "Change one setting of the preset, for example iou-threshold=0.5; repeat it for more. \"sampt presets show\" lists all with their meaning.",
            valueName: "key=value"))
    var changes: [String] = []

    /// The preset with the changes.
    /// - Parameter only: the settings that have a meaning for the command; nil: all. Others may come from the preset, but `--set` refuses them.
    /// - Throws: `PresetError`, `CommandError.usage`.
    func settings(only used: [PresetKey]? = nil) throws -> MethodSettings {
        var settings = try preset.map { try Preset.load($0).settings() } ?? MethodSettings()
        for change in changes {
            guard let separator = change.firstIndex(of: "=") else {
                throw CommandError.usage("--set: \"\(change)\" is not of the form key=value.")
            }
            let key = String(change[..<separator])
            try settings.apply(PresetSetting(key, String(change[change.index(after: separator)...]), source: .option("--set")))
            if let used, !used.flatMap(\.names).contains(key) {
                throw CommandError.usage(
                    "--set \(key): has no effect here. Of a preset, this command uses \(used.map(\.rawValue).joined(separator: ", ")) alone.")
            }
        }
        return settings
    }
}
