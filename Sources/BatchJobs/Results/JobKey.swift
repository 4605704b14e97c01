import Foundation

/// Tells apart what is asked for: two lines with one key, and inputs of equal content, have equal results.
public struct JobKey: Sendable, Equatable, Codable {
    public let text: String

    public init(from decoder: any Decoder) throws { text = try decoder.singleValueContainer().decode(String.self) }

    public func encode(to encoder: any Encoder) throws {
        var value = encoder.singleValueContainer()
        try value.encode(text)
    }

    /// - Parameters:
    ///   - models: the fingerprints of the models that the options ask for.
    ///   - isArchived: whether the result is an archive.
    public init(_ entry: ManifestEntry, models: [String: String], isArchived: Bool) throws {
        // Where files are does not matter, as long as their contents are the same (`ResultRecord.inputs`).
        let prompts: JSONValue =
            switch entry.prompts {
            case .file: .string("file")
            case .inline(let value): PromptFiles.withoutFolders(value)
            }
        let fields: [String: JSONValue] = [
            "video": .string((entry.video as NSString).lastPathComponent), "prompts": prompts, "options": .object(entry.options),
            "outputs": .list(entry.outputs.map { .string($0.rawValue) }), "models": .object(models.mapValues { .string($0) }),
            "archive": .bool(isArchived),
        ]
        text = try SHA256Digest.text(of: Data(JSONValue.object(fields).canonicalText().utf8))
    }
}

extension ManifestEntry {
    /// The files that its result depends on, in a fixed order: the video first.
    /// - Throws: `BatchError.unreadable` for a prompts file.
    var inputPaths: [String] {
        get throws {
            switch prompts {
            case .file(let path): [video, path] + (try PromptFiles.paths(inFile: path))
            case .inline(let value): [video] + PromptFiles.paths(in: value)
            }
        }
    }
}
