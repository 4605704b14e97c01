import Foundation

/// Settings of the method and the models under a name: one that comes with the package, or a YAML file.
///
///     let preset = try Preset.load("sam-pt")                        // or a path: "my.yaml"
///     let options = try preset.settings().options(for: segmenter)
public struct Preset: Sendable, Equatable {
    /// The built-in preset's name, or the file's path.
    public var name: String
    /// What it is for, in a line; empty where the file does not say.
    public var summary: String
    /// Which table or section of the paper or which documentation it reproduces.
    public var paper: String?
    /// J&F in percent as the paper gives it, of the data set `paperData`.
    public var paperScore: String?
    /// The data set of `paperScore`, as `sampt evaluate` names it; nil: davis2017, as most of the paper's tables.
    public var paperData: String?
    /// What else is to be known.
    public var note: String?
    /// The preset it extends, as it is written there.
    public var base: String?
    /// What it sets, in order: first its base's settings.
    public var assignments: [PresetSetting]
    /// The paths of the files it was loaded from, its bases' first; built-in ones have none.
    public var files: [String] = []

    /// J&F in percent as the paper gives it of a data set; nil where it gives none of that one for this preset.
    public func paperScore(on data: String) -> String? { data == paperData ?? "davis2017" ? paperScore : nil }

    /// Loads a preset and those it extends.
    /// - Parameters:
    ///   - text: a built-in preset's name, or the path of a file: whatever holds a slash, ends in .yaml or .yml, or exists.
    ///   - source: who named it, for the error message.
    /// - Throws: `PresetError`.
    public static func load(_ text: String, source: PresetSource = .option("--preset")) throws -> Preset {
        try load(text, source: source, folder: nil, extendedBy: [])
    }

    /// The settings with everything that it does not set as without a preset.
    /// - Throws: `PresetError` for unknown settings and values out of range. Values that depend on each other are not compared: see
    ///   `MethodSettings.validate`.
    public func settings() throws -> MethodSettings {
        var settings = MethodSettings()
        try settings.apply(assignments)
        return settings
    }

    /// Presets that extend each other go no deeper than this.
    private static let deepest = 16

    /// - Parameter folder: where relative paths start.
    private static func load(_ text: String, source: PresetSource, folder: URL?, extendedBy chain: [String]) throws -> Preset {
        let isBuiltIn = BuiltInPresets.names.contains(text)
        let url = URL(fileURLWithPath: text, relativeTo: folder)
        guard isBuiltIn || isPath(text) || FileManager.default.fileExists(atPath: url.path) else {
            throw PresetError.unknownPreset(text, source: source)
        }
        let identity = isBuiltIn ? text : url.resolvingSymlinksInPath().path
        guard !chain.contains(identity) else { throw PresetError.cycle(chain + [identity], source: source) }
        guard chain.count < deepest else {
            throw PresetError.invalidFile(reason: "it is the end of a chain of \(deepest) presets that extend each other", source: source)
        }
        let file =
            if isBuiltIn {
                try PresetFile.read(at: BuiltInPresets.file(text), source: .builtIn(text))
            } else {
                try PresetFile.read(at: url, source: .file(path: folder == nil ? text : url.path, line: nil))
            }
        var preset = file.preset
        preset.name = text
        if let base = file.base {
            let inherited = try load(
                base.text, source: base.source, folder: isBuiltIn ? nil : url.deletingLastPathComponent(), extendedBy: chain + [identity])
            preset.assignments = inherited.assignments + preset.assignments
            preset.files = inherited.files
        }
        if !isBuiltIn { preset.files.append(url.path) }
        return preset
    }

    private static func isPath(_ text: String) -> Bool {
        text.contains("/") || ["yaml", "yml"].contains((text as NSString).pathExtension.lowercased())
    }
}
