import Support

/// What can go wrong with annotation files. Files that cannot be opened or written are `FileError`.
public enum MaskFormatError: Error, Sendable, Equatable {
    /// The content is damaged or that of something else.
    /// - `place`: where in the file: a key, a line, a frame; nil: as a whole.
    case invalid(path: String, place: String?, reason: String)
    /// A choice between several is needed: sequences, videos.
    case ambiguous(path: String, what: String, names: [String])
    /// The format has no room for what is to be written.
    case inexpressible(format: String, reason: String)
    /// The format shows pictures, and a frame has none.
    case missingPicture(format: String, frame: Int)
    /// It is not read, or not written.
    case notReadable(format: String, readable: [String])
    case unknown(name: String, known: [String])
}

extension MaskFormatError: DescribedError {
    public var description: String {
        switch self {
        case .invalid(let path, let place, let reason):
            "\(path): \(place.map { $0 + ": " } ?? "")\(reason)."
        case .ambiguous(let path, let what, let names):
            "\(path): holds several \(what) (\(Self.listed(names))). Choose one by its name."
        case .inexpressible(let format, let reason):
            "The format \(format) cannot hold this: \(reason)."
        case .missingPicture(let format, let frame):
            "The format \(format) shows the video's pictures, and there is none for frame \(frame). Give the video the masks belong to."
        case .notReadable(let format, let readable):
            "The format \(format) is written, not read. Read are \(readable.joined(separator: ", "))."
        case .unknown(let name, let known):
            "There is no format \"\(name)\". Known are \(known.joined(separator: ", "))."
        }
    }

    private static func listed(_ names: [String]) -> String {
        names.prefix(8).joined(separator: ", ") + (names.count > 8 ? " and \(names.count - 8) more" : "")
    }
}
