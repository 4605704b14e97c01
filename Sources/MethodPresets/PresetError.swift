import Support

/// Where a setting was written.
public enum PresetSource: Sendable, Equatable, CustomStringConvertible {
    case builtIn(String)
    case file(path: String, line: Int?)
    /// An option of the command line, with its dashes.
    case option(String)

    public var description: String {
        switch self {
        case .builtIn(let name): "preset \(name)"
        case .file(let path, let line?): "\(path), line \(line)"
        case .file(let path, nil): path
        case .option(let name): name
        }
    }
}

/// What is wrong with a preset or a setting.
public enum PresetError: Error, Sendable, Equatable {
    case unknownPreset(String, source: PresetSource)
    case unknownKey(String, source: PresetSource)
    /// `allowed` says what is, and may guess what was meant.
    case invalidValue(key: String, value: String, allowed: String, source: PresetSource)
    /// The file is there, but no preset.
    case invalidFile(reason: String, source: PresetSource)
    case unreadable(path: String, reason: String)
    /// Presets that extend each other, in a circle.
    case cycle([String], source: PresetSource)
    /// Values that do not go together.
    case conflict(String)

    /// Where the fault is; nil where it is in no single place.
    public var source: PresetSource? {
        switch self {
        case .unknownPreset(_, let source), .unknownKey(_, let source), .invalidValue(_, _, _, let source), .invalidFile(_, let source),
            .cycle(_, let source):
            source
        case .unreadable, .conflict: nil
        }
    }
}

extension PresetError: DescribedError {
    public var description: String {
        switch self {
        case .unknownPreset(let name, let source):
            "\(source): there is no preset \"\(name.shortened)\".\(BuiltInPresets.names.guess(for: name)) \"sampt presets list\" shows all; "
                + "a file of your own is named with its extension (.yaml)."
        case .unknownKey(let key, let source):
            "\(source): there is no setting \"\(key.shortened)\".\(PresetKey.knownNames.guess(for: key)) Settings are "
                + PresetKey.allCases.map(\.rawValue).joined(separator: ", ") + "."
        case .invalidValue(let key, let value, let allowed, let source):
            source == .option("--\(key)")
                ? "\(source): \"\(value.shortened)\" is not \(allowed)" : "\(source): \(key): \"\(value.shortened)\" is not \(allowed)"
        case .invalidFile(let reason, let source):
            "\(source): is no preset: \(reason)"
        case .unreadable(let path, let reason):
            "\(path): the preset cannot be read: \(reason)."
        case .cycle(let names, let source):
            "\(source): presets extend each other: \(names.joined(separator: " extends "))."
        case .conflict(let reason):
            "The settings do not go together: \(reason)"
        }
    }
}

extension String {
    /// At most 60 characters on one line, for messages about text of unknown length.
    var shortened: String {
        let line = String(prefix(61).map { $0.isNewline ? " " : $0 })
        return line.count > 60 ? line.prefix(60) + "..." : line
    }
}
