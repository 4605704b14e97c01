import Foundation
import Support

/// The presets that come with the package: `Resources/Presets/<name>.yaml`.
public enum BuiltInPresets {
    /// In the order in which they are listed.
    public static let names: [String] =
        ["default", "sam-pt", "sam-pt-reinit", "sam-pt-reinit-code"]
        + ["mose", "bdd100k", "uvo"].map { "sam-pt-" + $0 }
        + ["pips", "pips-plus-plus", "tapir", "superglue"].map { "sam-pt-" + $0 }
        + [
            "random-1-0-0", "random-8-0-0", "random-16-0-0", "random-72-0-0", "shi-tomasi-8-0-0", "kmedoids-8-0-0", "mixed-8-0-0",
            "kmedoids-8-1-0",
            "kmedoids-8-8-0", "kmedoids-8-16-0", "kmedoids-8-72-0", "kmedoids-8-1-1", "kmedoids-8-1-3", "kmedoids-8-1-12",
            "kmedoids-8-72-12-reinit",
        ].map { "table2-" + $0 }
        + ["mobile-sam", "light-hq-sam", "sam-vit-b", "sam-vit-l", "sam-vit-h", "hq-sam-vit-h"].map { "table3-" + $0 }

    /// All of them.
    /// - Throws: `PresetError`.
    public static func all() throws -> [Preset] { try names.map { try Preset.load($0) } }

    /// - Throws: `MissingResource`.
    static func file(_ name: String) throws -> URL {
        try PackageResource("Presets/\(name).yaml", title: "preset \(name).yaml", target: "MethodPresets").locate()
    }
}
