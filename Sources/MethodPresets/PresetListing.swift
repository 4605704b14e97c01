import Foundation
import Support

extension Preset {
    /// The whole of the settings as a preset's file, with every setting's meaning as comments: to read, or to save and edit.
    /// - Throws: `PresetError`.
    public func listing() throws -> String {
        let settings = try settings()
        var lines: [String] = []
        for (key, value) in [("summary", summary), ("paper", paper), ("paper-jf", paperScore), ("paper-data", paperData), ("note", note)] {
            if let value, !value.isEmpty { lines.append("\(key): \(Self.quoted(value))") }
        }
        for group in PresetKey.Group.allCases {
            lines += ["", "# \(group.rawValue)"]
            for key in PresetKey.allCases where key.group == group {
                lines += [""] + Self.comment("\(key.meaning) Allowed: \(key.allowedValues).")
                lines.append("\(key.rawValue): \(Self.scalar(key.text(in: settings)))")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func comment(_ text: String) -> [String] {
        var lines: [String] = []
        for word in text.split(separator: " ") {
            if let last = lines.last, last.count + word.count < 110 {
                lines[lines.count - 1] += " \(word)"
            } else {
                lines.append("# \(word)")
            }
        }
        return lines
    }

    /// A value without quotes where YAML allows that.
    private static func scalar(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
            default: "-+._/".utf8.contains(byte)
            }
        }
        return isPlain && !text.isEmpty && !text.hasPrefix("-") && !text.hasPrefix(".") ? text : quoted(text)
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for character in text.unicodeScalars {
            switch character {
            case "\"", "\\": quoted += "\\\(character)"
            case "\n": quoted += "\\n"
            case _ where character.isUnprintable: quoted += String(format: "\\U%08X", character.value)
            default: quoted.unicodeScalars.append(character)
            }
        }
        return quoted + "\""
    }
}
