/// How a setting's value is read from text, what is allowed, and how it is written.
struct PresetField: Sendable {
    /// What is allowed, to follow "is not".
    var allowed: String
    /// The words among the allowed values, to guess which was meant.
    var words: [String] = []
    /// Returns false, and changes nothing, where the text is not allowed.
    var set: @Sendable (inout MethodSettings, String) -> Bool
    /// Reading this gives the same settings again.
    var text: @Sendable (MethodSettings) -> String

    typealias Path<Value> = any WritableKeyPath<MethodSettings, Value> & Sendable
}

extension PresetField {
    static func whole(_ range: ClosedRange<Int>, _ path: Path<Int>) -> PresetField {
        PresetField(
            allowed: "a whole number from \(range.lowerBound) to \(range.upperBound)",
            set: { settings, text in
                guard let value = Int(text), range.contains(value) else { return false }
                settings[keyPath: path] = value
                return true
            },
            text: { "\($0[keyPath: path])" })
    }

    /// - Parameter none: the word for nil; the reference's `null` stands for it as well.
    static func whole(_ range: ClosedRange<Int>, or none: String, _ path: Path<Int?>) -> PresetField {
        PresetField(
            allowed: "a whole number from \(range.lowerBound) to \(range.upperBound), or \(none)", words: [none],
            set: { settings, text in
                if Self.isNone(text, none) {
                    settings[keyPath: path] = nil
                } else if let value = Int(text), range.contains(value) {
                    settings[keyPath: path] = value
                } else {
                    return false
                }
                return true
            },
            text: { $0[keyPath: path].map { "\($0)" } ?? none })
    }

    static func number(_ range: ClosedRange<Float>, _ path: Path<Float>) -> PresetField {
        PresetField(
            allowed: "a number from \(range.lowerBound.short) to \(range.upperBound.short)",
            set: { settings, text in
                guard let value = Float(text), range.contains(value) else { return false }
                settings[keyPath: path] = value
                return true
            },
            text: { $0[keyPath: path].short })
    }

    static func number(_ range: ClosedRange<Float>, or none: String, _ path: Path<Float?>) -> PresetField {
        PresetField(
            allowed: "a number from \(range.lowerBound.short) to \(range.upperBound.short), or \(none)", words: [none],
            set: { settings, text in
                if Self.isNone(text, none) {
                    settings[keyPath: path] = nil
                } else if let value = Float(text), range.contains(value) {
                    settings[keyPath: path] = value
                } else {
                    return false
                }
                return true
            },
            text: { $0[keyPath: path]?.short ?? none })
    }

    static func flag(_ path: Path<Bool>) -> PresetField {
        PresetField(
            allowed: "on or off", words: ["on", "off"],
            set: { settings, text in
                guard let value = Self.truth(text) else { return false }
                settings[keyPath: path] = value
                return true
            },
            text: { $0[keyPath: path] ? "on" : "off" })
    }

    /// A choice between two words.
    static func either(_ yes: String, or no: String, _ path: Path<Bool>) -> PresetField {
        PresetField(
            allowed: "\(yes) or \(no)", words: [yes, no],
            set: { settings, text in
                guard [yes, no].contains(text) else { return false }
                settings[keyPath: path] = text == yes
                return true
            },
            text: { $0[keyPath: path] ? yes : no })
    }

    static func choice<Choice: RawRepresentable & CaseIterable & Sendable>(_ path: Path<Choice>) -> PresetField
    where Choice.RawValue == String {
        let words = Choice.allCases.map(\.rawValue)
        return PresetField(
            allowed: "one of \(words.joined(separator: ", "))", words: words,
            set: { settings, text in
                guard let value = Choice(rawValue: text) else { return false }
                settings[keyPath: path] = value
                return true
            },
            text: { $0[keyPath: path].rawValue })
    }

    /// A model's name or a path; which names there are is not known here.
    static func model(_ path: Path<String>) -> PresetField {
        PresetField(
            allowed: "the name of a model or a checkpoint file",
            set: { settings, text in
                guard !text.isEmpty else { return false }
                settings[keyPath: path] = text
                return true
            },
            text: { $0[keyPath: path] })
    }

    static func isNone(_ text: String, _ word: String) -> Bool { [word, "null", "~"].contains(text) }

    /// YAML's words for the two truth values.
    static func truth(_ text: String) -> Bool? {
        switch text.lowercased() {
        case "on", "true", "yes": true
        case "off", "false", "no": false
        default: nil
        }
    }
}

extension Float {
    /// The shortest text that reads as the same number: "12", "0.15".
    var short: String { self == rounded() && abs(self) < 1e6 ? "\(Int(self))" : "\(self)" }
}
