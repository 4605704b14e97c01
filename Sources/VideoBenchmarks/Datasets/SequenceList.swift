import Media

/// A list of sequences: one name a line, or in DAVIS 2016's form an image's and its mask's path a line.
public struct SequenceList: Sendable, Equatable {
    /// In order, each once.
    public let names: [String]

    /// - Throws: `MediaError`; `VideoNameError` for a name that leads elsewhere.
    public init(path: String) throws {
        var names: [String] = []
        var known = Set<String>()
        for line in try TextFile.read(path).split(whereSeparator: \.isNewline) {
            let fields = line.split(whereSeparator: \.isWhitespace).map(String.init)
            guard let first = fields.first else { continue }
            let name =
                first.contains("/") ? try VideoName(DatasetPath(first, in: path).folderName, in: path) : try VideoName(first, in: path)
            if known.insert(name.text).inserted { names.append(name.text) }
        }
        guard !names.isEmpty else { throw MediaError.invalidArgument("\(path) names no sequence.") }
        self.names = names
    }
}
