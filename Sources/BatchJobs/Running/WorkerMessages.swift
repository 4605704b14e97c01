import Foundation

/// What a worker is told to do: a JSON object on a line of its standard input.
public struct WorkerAssignment: Sendable, Equatable, Codable {
    public var id: String
    /// Of the manifest, for messages.
    public var line: Int
    /// With absolute paths.
    var content: ManifestLine
    var key: JobKey
    var batch: String
    var run: String
    public var attempt: Int
    /// An own folder for outputs, to be made.
    public var work: String
    /// Whether the result is kept; it is not when only time and memory are measured.
    var isKept: Bool

    /// The manifest's path, for messages.
    public var manifest: String

    init(
        _ item: BatchItem, entry: ManifestEntry, manifest: Manifest, run: String, attempt: Int, work: String, isKept: Bool = true
    ) {
        (id, line, key) = (item.id, item.line, item.key)
        content = ManifestLine(entry)
        batch = manifest.batch
        (self.run, self.attempt, self.work, self.isKept, self.manifest) = (run, attempt, work, isKept, manifest.path)
    }

    public var entry: ManifestEntry {
        ManifestEntry(
            id: id, video: content.video, prompts: content.prompts.asPrompts, options: content.options ?? [:],
            outputs: content.outputs ?? OutputKind.usual)
    }
}

extension ManifestLine {
    init(_ entry: ManifestEntry) {
        let prompts: JSONValue =
            switch entry.prompts {
            case .file(let path): .string(path)
            case .inline(let value): value
            }
        self.init(id: entry.id, video: entry.video, prompts: prompts, options: entry.options, outputs: entry.outputs)
    }
}

extension JSONValue {
    fileprivate var asPrompts: ManifestEntry.Prompts {
        if case .string(let path) = self { return .file(path) }
        return .inline(self)
    }
}

/// What a worker says: a JSON object on a line of its standard output. Other lines there are somebody's chatter.
enum WorkerMessage: Sendable, Equatable, Codable {
    /// It takes assignments.
    case ready
    /// Models are loaded and the video is open.
    case started(id: String, frames: Int)
    /// So many frames are finished; those of a backward pass count as well.
    case advanced(id: String, frames: Int)
    case done(JournalEntry)
    case failed(id: String, WorkerFailure)
}

/// Why a worker could not make a result, where it is able to tell.
public struct WorkerFailure: Error, Sendable, Equatable, Codable {
    public enum Kind: String, Sendable, Codable {
        case input, missing, failure
        /// There is not enough memory.
        case memory
        /// The disk is full, or the output folder cannot be written: not the video's fault.
        case unwritable
    }

    public var kind: Kind
    public var message: String

    public init(kind: Kind, message: String) { (self.kind, self.message) = (kind, message) }
}
