import Foundation

/// The videos of a batch: a file of JSON objects, one a line, checked as a whole before anything is begun.
///
/// Its text is kept, and a line is taken apart when its turn comes: a hundred thousand lines are 40 MB.
public struct Manifest: Sendable {
    /// Absolute.
    public let path: String
    public let header: ManifestHeader
    public let items: [Item]
    /// Lines that are left out since they cannot be worked on.
    public let problems: [ManifestProblem]
    private let text: Data

    /// A line that names a video.
    public struct Item: Sendable {
        public let id: String
        /// Counted from 1.
        public let line: Int
        fileprivate let range: Range<Int>
    }

    /// The longest line.
    static let longestLine = 1 << 20
    /// The largest manifest in bytes.
    static let largestSize = 4 << 30

    /// - Parameters:
    ///   - path: a file; relative paths in it start from its folder.
    ///   - skipsBroken: whether broken lines are left out (`problems`); not the first, where that may be a header.
    ///   - check: finds what is wrong with an entry beyond its form; called once for lines with equal options and outputs.
    /// - Throws: `BatchError.unreadable`, `.brokenManifest` with all broken lines, `.emptyManifest`.
    public init(_ path: String, skipsBroken: Bool = false, check: (ManifestEntry) throws -> Void = { _ in }) throws {
        let absolute = AbsolutePath.of(path)
        var text = Data()
        try FilePieces.forEach(of: absolute) { piece in
            guard text.count + piece.count <= Self.largestSize else {
                throw BatchError.unreadable(path: path, reason: "it has more than \(Self.largestSize >> 30) GB; make several batches of it")
            }
            text.append(contentsOf: piece)
        }
        var reader = ManifestReader(path: absolute, text: text)
        try reader.read(check: check)
        if reader.isHeaderBroken, skipsBroken {
            throw BatchError.brokenManifest(
                path: path,
                problems: reader.problems.prefix(1).map {
                    ManifestProblem(line: $0.line, reason: $0.reason + "; a first line that may be the header is not left out")
                })
        }
        if !reader.problems.isEmpty, !skipsBroken { throw BatchError.brokenManifest(path: path, problems: reader.problems) }
        guard !reader.items.isEmpty else { throw BatchError.emptyManifest(path: path) }
        (self.path, header, items, problems, self.text) = (absolute, reader.header, reader.items, reader.problems, text)
    }

    /// The batch's name.
    public var batch: String { header.batch }
    public var isArchived: Bool { header.archive ?? false }

    /// What is to be done for an item of this manifest.
    public func entry(_ item: Item) throws -> ManifestEntry {
        try ManifestReader.entry(text[item.range], header: header, folder: ManifestReader.folder(of: path))
    }
}

extension Manifest.Item {
    init(id: String, line: Int, bytes: Range<Int>) { (self.id, self.line, range) = (id, line, bytes) }
}

/// Paths as they are for every process of a batch.
enum AbsolutePath {
    static func of(_ path: String, in folder: String = FileManager.default.currentDirectoryPath) -> String {
        path.hasPrefix("/") ? path : folder + (folder.hasSuffix("/") ? "" : "/") + path
    }
}
