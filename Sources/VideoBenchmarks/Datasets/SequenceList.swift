import Media

/// A list of sequences: one name a line, or in DAVIS 2016's form an image's and its mask's path a line.
public struct SequenceList: Sendable, Equatable {
    /// In order, each once.
    public let names: [String]
    /// Lines that are no names, which are left out.
    public let findings: [ScoringFinding]

    public init(names: [String], findings: [ScoringFinding] = []) { (self.names, self.findings) = (names, findings) }

    /// - Throws: `MediaError`, also for a list without a name; `VideoNameError` where every line leads elsewhere.
    public init(path: String) throws {
        var names: [String] = []
        var known = Set<String>()
        var faults = NameFaults()
        var repeated: [String] = []
        for line in try TextFile.read(path).split(whereSeparator: \.isNewline) {
            let fields = line.split(whereSeparator: \.isWhitespace).map(String.init)
            guard let first = fields.first else { continue }
            guard
                let name = try faults.checked({
                    first.contains("/") ? try VideoName(DatasetPath(first, in: path).folderName, in: path) : try VideoName(first, in: path)
                })
            else { continue }
            if known.insert(name.text).inserted {
                names.append(name.text)
            } else if !first.contains("/") {
                repeated.append(name.text)
            }
        }
        if names.isEmpty, let first = faults.first { throw first }
        guard !names.isEmpty else { throw MediaError.invalidArgument("\(path) names no sequence.") }
        self.init(names: names, findings: faults.findings + Self.findings(repeated: repeated))
    }

    /// Names that a list has a second time.
    static func findings(repeated names: [String]) -> [ScoringFinding] {
        names.first.map {
            [
                ScoringFinding(
                    .description, $0, count: names.count,
                    "the list names this video again; it counts once (\(names.count) such lines in all)")
            ]
        } ?? []
    }
}

/// Names in lists and descriptions that are none, or that lead elsewhere: they are left out, and said.
struct NameFaults {
    private(set) var first: VideoNameError?
    private var count = 0

    /// - Returns: nil for what is no name; any other error goes on.
    mutating func checked<Value>(_ name: () throws -> Value) throws -> Value? {
        do { return try name() } catch let error as VideoNameError {
            first = first ?? error
            count += 1
            return nil
        }
    }

    var findings: [ScoringFinding] {
        first.map {
            [ScoringFinding(.description, count: count, "\($0) It is left out\(count > 1 ? ", and so are \(count - 1) more" : "").")]
        } ?? []
    }
}
