import Support

/// What can go wrong with a batch as a whole. What goes wrong with one of its videos is a `FailureRecord`.
public enum BatchError: Error, Sendable, Equatable {
    case unreadable(path: String, reason: String)
    case unwritable(path: String, reason: String)
    /// Lines of a manifest that cannot be worked on.
    case brokenManifest(path: String, problems: [ManifestProblem])
    case emptyManifest(path: String)
    /// The output folder belongs to another batch.
    case otherBatch(folder: String, found: String, wanted: String)
    /// The output folder has something that looks like a batch's, without being one's.
    case foreignFolder(folder: String, name: String)
    /// The output folder holds results that were made in another way (thread count, archives).
    case otherSettings(folder: String, setting: String, found: String, wanted: String)
    /// It is no output folder of a batch.
    case noBatch(folder: String)
    /// A file of the batch holds something that was not written by it.
    case damagedFile(path: String, reason: String)
    case invalidArgument(String)
    /// Workers end before they take any work.
    case workersFail(reason: String, log: String)
    /// Two output folders hold different results of one video.
    case conflictingResults(id: String, first: String, second: String)
    /// A command of the scheduler failed.
    case scheduler(command: String, reason: String)
}

/// A line of a manifest that cannot be worked on.
public struct ManifestProblem: Sendable, Equatable, Codable {
    /// Counted from 1.
    public var line: Int
    public var reason: String

    public init(line: Int, reason: String) { (self.line, self.reason) = (line, reason) }
}

extension BatchError: DescribedError {
    public var description: String {
        switch self {
        case .unreadable(let path, let reason): "\(path): cannot be read: \(reason.withoutFullStop)."
        case .unwritable(let path, let reason): "\(path): cannot be written: \(reason.withoutFullStop)."
        case .brokenManifest(let path, let problems): Self.list(problems, of: path)
        case .emptyManifest(let path): "\(path): names no video. Every line is a JSON object with \"video\" (docs/batch.md)."
        case .otherBatch(let folder, let found, let wanted):
            "\(folder): belongs to the batch \"\(found)\", and this one is \"\(wanted)\". Give another folder, or name the batch in the manifest's first line: {\"batch\": \"\(found)\"}."
        case .foreignFolder(let folder, let name):
            "\(folder): has \"\(name)\" in it, and is no batch's output folder: there is no batch.json. Give another folder, or a new one."
        case .otherSettings(let folder, let setting, let found, let wanted):
            "\(folder): its results are made with \(setting) \(found), not \(wanted), and one batch has one. Leave it as it is, or give another folder."
        case .noBatch(let folder): "\(folder): is no output folder of a batch: there is no batch.json in it."
        case .damagedFile(let path, let reason): "\(path): is damaged: \(reason.withoutFullStop)."
        case .invalidArgument(let message): message
        case .workersFail(let reason, let log): "No worker starts: \(reason) What they said is in \(log)."
        case .conflictingResults(let id, let first, let second):
            "\(id): \(first) and \(second) hold different results. Remove the one that is not wanted."
        case .scheduler(let command, let reason): "\(command): \(reason)"
        }
    }

    private static let shownProblems = 10

    private static func list(_ problems: [ManifestProblem], of path: String) -> String {
        let shown = problems.prefix(shownProblems).map { "  line \($0.line): \($0.reason)" }
        let more = problems.count > shownProblems ? ["  and \(problems.count - shownProblems) more"] : []
        let count = problems.count == 1 ? "one line" : "\(problems.count) lines"
        return
            (["\(path): \(count) cannot be worked on; nothing was begun. Mend them, or leave them out with --skip-broken."] + shown + more)
            .joined(separator: "\n")
    }
}
