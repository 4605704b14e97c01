import Foundation

/// One video of a batch, as a line of the manifest says it together with the manifest's first line; docs/batch.md has the schema.
public struct ManifestEntry: Sendable, Equatable {
    /// The result's name: letters, digits, dots, dashes and underscores.
    public var id: String
    /// An absolute path to a video file or a folder of frames.
    public var video: String
    public var prompts: Prompts
    /// Options of `sampt segment`, without their dashes.
    public var options: [String: JSONValue]
    /// Without repetitions, in the order of `OutputKind.allCases`.
    public var outputs: [OutputKind]

    public enum Prompts: Sendable, Equatable {
        /// An absolute path to a file as for `--prompts`.
        case file(String)
        /// The same as a value; files that it names have absolute paths.
        case inline(JSONValue)
    }

    public init(
        id: String, video: String, prompts: Prompts, options: [String: JSONValue] = [:], outputs: [OutputKind] = OutputKind.usual
    ) {
        (self.id, self.video, self.prompts, self.options, self.outputs) = (id, video, prompts, options, outputs)
    }
}

/// What can be made of a video.
public enum OutputKind: String, Sendable, Codable, CaseIterable {
    case masks, rle, tracks, overlay
    case contactSheet = "contact-sheet"
    /// The frame with the least certain mask, for the report.
    case picture

    /// What is made where the manifest says nothing.
    public static let usual: [OutputKind] = [.rle, .picture]

    /// The file's or folder's name in a result.
    public var fileName: String {
        switch self {
        case .masks: "masks"
        case .rle: "masks.json"
        case .tracks: "tracks.json"
        case .overlay: "overlay.mp4"
        case .contactSheet: "contact-sheet.png"
        case .picture: "least-sure.png"
        }
    }
}

/// The first line of a manifest, where it is no video: the batch's name, and what holds for all lines that say nothing else.
public struct ManifestHeader: Sendable, Equatable, Codable {
    public var batch: String
    public var options: [String: JSONValue]?
    public var outputs: [OutputKind]?
    /// Whether a result is one tar file in place of a folder.
    public var archive: Bool?

    public init(batch: String, options: [String: JSONValue]? = nil, outputs: [OutputKind]? = nil, archive: Bool? = nil) {
        (self.batch, self.options, self.outputs, self.archive) = (batch, options, outputs, archive)
    }

    enum CodingKeys: String, CodingKey, CaseIterable { case batch, options, outputs, archive }

    public init(from decoder: any Decoder) throws {
        try decoder.refuseKeys(besides: CodingKeys.allCases.map(\.rawValue))
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        batch = try fields.decode(String.self, forKey: .batch)
        options = try fields.decodeIfPresent([String: JSONValue].self, forKey: .options)
        outputs = try fields.decodeOutputs(forKey: .outputs)
        archive = try fields.decodeIfPresent(Bool.self, forKey: .archive)
        guard EntryName.isValid(batch) else {
            throw DecodingError.dataCorruptedError(forKey: .batch, in: fields, debugDescription: EntryName.rule)
        }
    }
}

/// A line as it is written.
public struct ManifestLine: Sendable, Equatable, Codable {
    public var id: String?
    public var video: String
    public var prompts: JSONValue
    public var options: [String: JSONValue]?
    public var outputs: [OutputKind]?

    public init(
        id: String? = nil, video: String, prompts: JSONValue, options: [String: JSONValue]? = nil, outputs: [OutputKind]? = nil
    ) {
        (self.id, self.video, self.prompts, self.options, self.outputs) = (id, video, prompts, options, outputs)
    }

    enum CodingKeys: String, CodingKey, CaseIterable { case id, video, prompts, options, outputs }

    public init(from decoder: any Decoder) throws {
        try decoder.refuseKeys(besides: CodingKeys.allCases.map(\.rawValue))
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        id = try fields.decodeIfPresent(String.self, forKey: .id)
        video = try fields.decode(String.self, forKey: .video)
        prompts = try fields.decode(JSONValue.self, forKey: .prompts)
        options = try fields.decodeIfPresent([String: JSONValue].self, forKey: .options)
        outputs = try fields.decodeOutputs(forKey: .outputs)
        if let id, !EntryName.isValid(id) {
            throw DecodingError.dataCorruptedError(forKey: .id, in: fields, debugDescription: EntryName.rule)
        }
        guard !video.isEmpty, !video.utf8.contains(0) else {
            throw DecodingError.dataCorruptedError(forKey: .video, in: fields, debugDescription: "is no path")
        }
        switch prompts {
        case .object: break
        case .string(let path) where !path.isEmpty && !path.utf8.contains(0): break
        default:
            throw DecodingError.dataCorruptedError(
                forKey: .prompts, in: fields, debugDescription: "is neither {\"objects\": [...]} nor the path of a prompts file")
        }
        for name in (options ?? [:]).keys where !EntryName.isOption(name) {
            throw DecodingError.dataCorruptedError(
                forKey: .options, in: fields, debugDescription: "has \"\(name)\", which is no option of sampt segment without its dashes")
        }
    }
}

/// Names that are file names everywhere.
public enum EntryName {
    public static let greatestLength = 120
    static let rule = "takes letters, digits, \".\", \"-\" and \"_\", at most \(greatestLength), and begins with a letter or digit"

    public static func isValid(_ name: String) -> Bool {
        guard let first = name.utf8.first, isAlphanumeric(first), name.utf8.count <= greatestLength else { return false }
        return name.utf8.allSatisfy { isAlphanumeric($0) || ".-_".utf8.contains($0) }
    }

    static func isOption(_ name: String) -> Bool {
        guard let first = name.utf8.first, isAlphanumeric(first) else { return false }
        return name.utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
    }

    /// A name made of a path's last part, without its extension.
    public static func suggestion(for path: String) -> String {
        let last = path.split(separator: "/").last.map(String.init) ?? "video"
        var stem = last
        if let dot = last.lastIndex(of: "."), dot != last.startIndex { stem = String(last[..<dot]) }
        var name = ""
        for scalar in stem.unicodeScalars {
            let isKept = scalar.isASCII && (isAlphanumeric(UInt8(scalar.value)) || ".-_".unicodeScalars.contains(scalar))
            name.unicodeScalars.append(isKept ? scalar : "_")
        }
        while let first = name.utf8.first, !isAlphanumeric(first) { name.removeFirst() }
        return name.isEmpty ? "video" : String(name.prefix(greatestLength))
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: false
        }
    }
}

private struct AnyKey: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

extension Decoder {
    /// A misspelt field would otherwise be silently without effect.
    func refuseKeys(besides known: [String]) throws {
        let fields = try container(keyedBy: AnyKey.self)
        guard let unknown = fields.allKeys.map(\.stringValue).sorted().first(where: { !known.contains($0) }) else { return }
        throw DecodingError.dataCorrupted(
            .init(
                codingPath: codingPath, debugDescription: "has an unknown field \"\(unknown)\"; known are \(known.joined(separator: ", "))")
        )
    }
}

extension KeyedDecodingContainer {
    func decodeOutputs(forKey key: Key) throws -> [OutputKind]? {
        guard let names = try decodeIfPresent([String].self, forKey: key) else { return nil }
        let kinds = try names.map { name in
            guard let kind = OutputKind(rawValue: name) else {
                let known = OutputKind.allCases.map(\.rawValue).joined(separator: ", ")
                throw DecodingError.dataCorruptedError(
                    forKey: key, in: self, debugDescription: "names \"\(name)\", which is not known; known are \(known)")
            }
            return kind
        }
        guard !kinds.isEmpty else {
            throw DecodingError.dataCorruptedError(forKey: key, in: self, debugDescription: "is empty; nothing would be made")
        }
        return OutputKind.allCases.filter(kinds.contains)
    }
}
