/// What can go wrong with a file or folder that somebody named, whatever is in it.
public enum FileError: Error, Sendable, Equatable {
    case notFound(path: String)
    /// - Parameter reason: the system's words, or a clause.
    case unreadable(path: String, reason: String)
    case notText(path: String)
    case unwritable(path: String, reason: String)
}

extension FileError: DescribedError {
    public var description: String {
        switch self {
        case .notFound(let path): "\(path): no such file or folder."
        case .unreadable(let path, let reason): "\(path): cannot be read: \(reason.withoutFullStop)."
        case .notText(let path): "\(path): is not text in UTF-8."
        case .unwritable(let path, let reason): "\(path): cannot be written: \(reason.withoutFullStop)."
        }
    }
}

extension String {
    /// The system's reasons are sentences, ours are clauses.
    package var withoutFullStop: String { hasSuffix(".") ? String(dropLast()) : self }
}
