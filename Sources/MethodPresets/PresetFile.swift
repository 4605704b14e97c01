import Foundation
import Media
import Support
internal import Yams

/// A preset's file: YAML with one level of keys and values.
struct PresetFile {
    /// Without what it extends; its name is empty.
    var preset: Preset
    /// The preset it extends.
    var base: PresetSetting?

    /// Presets are a few kilobytes.
    private static let largest = 65536
    /// A preset may name a value and repeat it (`&a`, `*a`), but not so often that what a small file stands for becomes huge.
    private static let mostAliases = 16

    /// Keys that are not settings.
    private enum Description: String, CaseIterable {
        case summary, paper, note, extends
        case paperScore = "paper-jf"
        case paperData = "paper-data"
    }

    /// - Parameter patience: the longest wait for a pipe's data, in seconds.
    /// - Throws: `PresetError.unreadable`, `.invalidFile`.
    static func read(at url: URL, source: PresetSource, patience: Double = InputFile.patience) throws -> PresetFile {
        try PresetFile(yaml: contents(url, source: source, patience: patience), source: source)
    }

    /// - Throws: `PresetError.invalidFile`.
    init(yaml: String, source: PresetSource) throws {
        preset = Preset(name: "", summary: "", assignments: [])
        for (key, value) in try Self.entries(yaml, source: source) {
            let line = Self.at(key.mark, source)
            guard case .scalar(let name) = key else {
                throw PresetError.invalidFile(reason: "a setting's name must be text", source: line)
            }
            guard case .scalar(let content) = value else {
                let form = if case .sequence = value { "a list" } else { "a mapping" }
                throw PresetError.invalidFile(reason: "\(name.string.shortened): must be one value, not \(form)", source: line)
            }
            let text = content.string
            switch Description(rawValue: name.string) {
            case .summary: preset.summary = text
            case .paper: preset.paper = text
            case .paperScore: preset.paperScore = text
            case .paperData: preset.paperData = text
            case .note: preset.note = text
            case .extends:
                base = PresetSetting("extends", text, source: line)
                preset.base = text
            case nil: preset.assignments.append(PresetSetting(name.string, text, source: line))
            }
        }
    }

    private static func at(_ mark: Mark?, _ source: PresetSource) -> PresetSource {
        if case .file(let path, _) = source { .file(path: path, line: mark?.line) } else { source }
    }

    /// The file's text, of which no more is read than a preset may have: the path may be a pipe or a device.
    private static func contents(_ url: URL, source: PresetSource, patience: Double) throws -> String {
        let path = if case .file(let path, _) = source { path } else { url.path }
        let bytes: Data
        do {
            bytes = try InputFile.prefix(of: url.path, count: largest + 1, timeout: patience)
        } catch FileError.unreadable(_, let reason) {
            throw PresetError.unreadable(path: path, reason: reason)
        } catch {
            throw PresetError.unreadable(path: path, reason: String(cString: strerror(ENOENT)).lowercased())
        }
        guard bytes.count <= largest else {
            throw PresetError.invalidFile(reason: "it is larger than \(largest / 1024) KiB", source: source)
        }
        guard let text = String(data: bytes, encoding: .utf8) else {
            throw PresetError.invalidFile(reason: "it is not text (UTF-8)", source: source)
        }
        return text
    }

    private static func entries(_ text: String, source: PresetSource) throws -> [(key: Node, value: Node)] {
        guard aliases(in: text) <= mostAliases else {
            throw PresetError.invalidFile(
                reason: "it repeats more than \(mostAliases) values by name (*name); write them out", source: source)
        }
        let root: Node?
        do {
            // The end of line makes the text long enough to have memory of its own, which the parser goes on reading after it was given the
            // text.
            root = try Parser(yaml: text + String(repeating: "\n", count: 32), encoding: .utf8).singleRoot()
        } catch let error as YamlError {
            throw Self.error(error, source)
        }
        let example = "a preset lists settings, one a line, for example positive-points: 8"
        switch root {
        case .mapping(let mapping) where !mapping.isEmpty: return mapping.map { ($0.key, $0.value) }
        case nil, .mapping: throw PresetError.invalidFile(reason: "it is empty; \(example)", source: source)
        case .scalar(let scalar) where scalar.string.isEmpty:
            throw PresetError.invalidFile(reason: "it is empty; \(example)", source: source)
        default: throw PresetError.invalidFile(reason: example, source: source)
        }
    }

    /// How many things in the text may be aliases; some of them may be in comments.
    private static func aliases(in text: String) -> Int {
        var count = 0
        var previous = UInt8(ascii: " ")
        for byte in text.utf8 {
            if previous == UInt8(ascii: "*"), byte > UInt8(ascii: " ") { count += 1 }
            previous = byte
        }
        return count
    }

    private static func error(_ error: YamlError, _ source: PresetSource) -> PresetError {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _), .composer(_, let problem, let mark, _):
            .invalidFile(reason: "it is not YAML: \(problem), column \(mark.column)", source: at(mark, source))
        case .duplicatedKeysInMapping(let keys, let context):
            .invalidFile(reason: "\(keys.first?.shortened ?? "a setting") is given twice", source: at(context.mark, source))
        case .reader(let problem, _, _, _):
            .invalidFile(reason: "it is not text: \(problem)", source: source)
        default:
            .invalidFile(reason: "it is not YAML", source: source)
        }
    }
}
