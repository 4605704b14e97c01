import Foundation

/// Goes through a manifest's lines.
struct ManifestReader {
    let path: String
    let text: Data
    private(set) var header: ManifestHeader
    private(set) var items: [Manifest.Item] = []
    private(set) var problems: [ManifestProblem] = []
    /// Whether the first line is broken and may have been meant as a header, without which all others would say something else.
    private(set) var isHeaderBroken = false
    /// In which line a name was taken, whatever its case: some file systems take no notice of it.
    private var taken: [String: Int] = [:]
    /// What was found wrong with options, by the options.
    private var checked: [String: String?] = [:]

    init(path: String, text: Data) {
        (self.path, self.text) = (path, text)
        header = ManifestHeader(batch: EntryName.suggestion(for: path))
    }

    mutating func read(check: (ManifestEntry) throws -> Void) throws {
        var line = 0
        var isFirst = true
        let byteOrderMark: [UInt8] = [0xef, 0xbb, 0xbf]
        var start = text.starts(with: byteOrderMark) ? byteOrderMark.count : 0
        while start < text.count {
            let range = start..<text.withUnsafeBytes { bytes in bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count }
            start = range.upperBound + 1
            line += 1
            guard text[range].contains(where: { !" \t\r".utf8.contains($0) }) else { continue }
            do {
                try read(range, line: line, isFirst: isFirst, check: check)
            } catch let problem as LineProblem {
                problems.append(ManifestProblem(line: line, reason: problem.reason))
                isHeaderBroken = isHeaderBroken || isFirst && !namesVideo(range)
            }
            isFirst = false
        }
    }

    private func namesVideo(_ range: Range<Int>) -> Bool {
        guard range.count <= Manifest.longestLine else { return false }
        return (try? Self.decode([String: JSONValue].self, text[range]))?["video"] != nil
    }

    private mutating func read(_ range: Range<Int>, line: Int, isFirst: Bool, check: (ManifestEntry) throws -> Void) throws {
        guard range.count <= Manifest.longestLine else { throw LineProblem("has more than \(Manifest.longestLine >> 20) MB") }
        if isFirst, let found = try Self.header(text[range]) {
            header = found
            return
        }
        let entry = try Self.entry(text[range], header: header, folder: Self.folder(of: path))
        if let other = taken[entry.id.lowercased()] {
            throw LineProblem("its result would take the place of line \(other)'s, \"\(entry.id)\"; give each its own \"id\"")
        }
        if let fault = try fault(of: entry, check: check) { throw LineProblem(fault) }
        taken[entry.id.lowercased()] = line
        items.append(Manifest.Item(id: entry.id, line: line, bytes: range))
    }

    /// What is wrong with an entry's options; the same options are looked at once.
    private mutating func fault(of entry: ManifestEntry, check: (ManifestEntry) throws -> Void) throws -> String? {
        let kind = try JSONValue.object(entry.options).canonicalText() + entry.outputs.map(\.rawValue).joined(separator: ",")
        if let known = checked[kind] { return known }
        var fault: String?
        do { try check(entry) } catch { fault = "\(error)" }
        checked[kind] = .some(fault)
        return fault
    }

    static func folder(of path: String) -> String {
        let folder = (path as NSString).deletingLastPathComponent
        return folder.isEmpty ? "/" : folder
    }

    /// The header, if the first line is one.
    private static func header(_ bytes: Data) throws -> ManifestHeader? {
        guard let fields = try decode([String: JSONValue].self, bytes), fields["batch"] != nil, fields["video"] == nil else { return nil }
        return try decode(ManifestHeader.self, bytes)
    }

    static func entry(_ bytes: Data, header: ManifestHeader, folder: String) throws -> ManifestEntry {
        guard let line = try decode(ManifestLine.self, bytes) else { throw LineProblem("is empty") }
        let options = (header.options ?? [:]).merging(line.options ?? [:]) { _, own in own }.filter { $0.value != .null }
        let prompts: ManifestEntry.Prompts =
            switch line.prompts {
            case .string(let path): .file(AbsolutePath.of(path, in: folder))
            default: .inline(PromptFiles.absolute(line.prompts, in: folder))
            }
        return ManifestEntry(
            id: line.id ?? EntryName.suggestion(for: line.video), video: AbsolutePath.of(line.video, in: folder), prompts: prompts,
            options: options, outputs: line.outputs ?? header.outputs ?? OutputKind.usual)
    }

    private static func decode<Value: Decodable>(_ type: Value.Type, _ bytes: Data) throws -> Value? {
        guard String(validating: bytes, as: UTF8.self) != nil else { throw LineProblem("is not text in UTF-8") }
        guard !JSONLine.isTooDeep(bytes) else { throw LineProblem("has values in values, more than \(JSONValue.greatestDepth) deep") }
        do {
            return try JSONDecoder().decode(type, from: bytes)
        } catch let error as DecodingError {
            throw LineProblem(error.sentence)
        }
    }
}

/// What is wrong with a line.
struct LineProblem: Error, CustomStringConvertible {
    var reason: String
    init(_ reason: String) { self.reason = reason }
    var description: String { reason }
}
