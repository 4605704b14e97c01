import Foundation
import Media
import Support
import TensorFiles
internal import Yams

/// A grid of settings to compare, such as a table of ablations: a YAML file.
///
///     title: Table 2 of the paper
///     rows:
///       - preset: table2-random-8-0-0
///       - preset: table2-kmedoids-8-0-0
///         against: table2-random-8-0-0
///     # or every combination of values
///     grid:
///       positive-points: [1, 8]
///       refinement: [0, 3]
public struct Sweep: Sendable, Equatable {
    public struct Row: Sendable, Equatable {
        /// Unique in the sweep.
        public var name: String
        public var preset: String?
        /// Applied after the preset, and after those of the whole sweep.
        public var assignments: [PresetSetting]
        /// The row that the gain is counted from.
        public var against: String?
        /// Where the paper has it, and its result by data set; nil: as the preset says.
        public var paper: String?
        public var paperScores: [String: String] = [:]
    }

    /// What others have published, to stand beside the rows.
    public struct Published: Sendable, Equatable {
        /// The data sets that it is about, as `sampt evaluate` names them.
        public var data: [String]
        public var columns: [String]
        /// As many texts each as there are columns.
        public var rows: [[String]]
    }

    public var title: String
    public var rows: [Row]
    public var published: Published?
    /// The paths of the files it was loaded from; a built-in one has none.
    public var files: [String]

    /// The sweeps that come with the package, a table of the paper each.
    public static let builtIn = (1...7).map { "table\($0)" }
    private static let largest = 1 << 18
    private static let mostRows = 10_000

    private struct File: Decodable {
        struct Row: Decodable {
            var name: String?
            var preset: String?
            var settings: [String: Scalar]?
            var against: String?
            var paper: String?
            var paperScores: [String: Scalar]?

            private enum CodingKeys: String, CodingKey {
                case name, preset, settings, against, paper
                case paperScores = "paper-scores"
            }
        }
        struct Published: Decodable {
            var data: [String]
            var columns: [String]
            var rows: [[Scalar]]
        }
        var published: Published?
        var title: String?
        var settings: [String: Scalar]?
        var rows: [Row]?
        var grid: [String: [Scalar]]?
    }

    /// A value as it is written.
    private struct Scalar: Decodable {
        var text: String

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            text = try container.decode(String.self)
        }
    }

    /// - Parameter text: the name of one that comes with the package, or a file's path.
    /// - Throws: `PresetError`, `MissingResource`.
    public static func load(_ text: String) throws -> Sweep {
        if builtIn.contains(text) {
            let url = try PackageResource("Presets/Sweeps/\(text).yaml", title: "sweep \(text).yaml", target: "MethodPresets").locate()
            return try Sweep(yaml: String(contentsOf: url, encoding: .utf8), source: .builtIn(text), files: [])
        }
        let source = PresetSource.file(path: text, line: nil)
        let bytes: Data
        do { bytes = try InputFile.read(text, limit: largest) } catch FileError.unreadable(_, let reason) {
            throw PresetError.unreadable(path: text, reason: reason)
        } catch { throw PresetError.unreadable(path: text, reason: "no such file; sweeps by name are \(builtIn.joined(separator: ", "))") }
        guard let yaml = String(data: bytes, encoding: .utf8) else {
            throw PresetError.invalidFile(reason: "it is not text (UTF-8)", source: source)
        }
        return try Sweep(yaml: yaml, source: source, files: [text])
    }

    init(yaml: String, source: PresetSource, files: [String]) throws {
        // A few anchors that repeat each other stand for more than memory holds.
        guard !yaml.contains(" &"), !yaml.contains(" *") else {
            throw PresetError.invalidFile(reason: "it repeats values by name (&name, *name); write them out", source: source)
        }
        let file: File
        do { file = try YAMLDecoder().decode(File.self, from: yaml + String(repeating: "\n", count: 32)) } catch {
            throw PresetError.invalidFile(reason: "it is no sweep: \(Self.describe(error))", source: source)
        }
        func settings(_ values: [String: Scalar]?) -> [PresetSetting] {
            (values ?? [:]).sorted { $0.key < $1.key }.map { PresetSetting($0.key, $0.value.text, source: source) }
        }
        let common = settings(file.settings)
        var rows = (file.rows ?? []).enumerated().map { index, row in
            Row(
                name: row.name ?? row.preset ?? "row \(index + 1)", preset: row.preset, assignments: common + settings(row.settings),
                against: row.against, paper: row.paper, paperScores: (row.paperScores ?? [:]).mapValues(\.text))
        }
        rows += try Self.combinations(file.grid ?? [:], common, source)
        guard !rows.isEmpty else { throw PresetError.invalidFile(reason: "it lists neither rows nor a grid", source: source) }
        var known = Set<String>()
        for row in rows {
            guard known.insert(row.name).inserted else {
                throw PresetError.invalidFile(reason: "two rows are called \(row.name); give them names", source: source)
            }
        }
        if let row = rows.first(where: { $0.against.map { !known.contains($0) } ?? false }) {
            throw PresetError.invalidFile(reason: "\(row.name) is compared with \(row.against ?? ""), which is no row", source: source)
        }
        if let published = file.published, let row = published.rows.first(where: { $0.count != published.columns.count }) {
            throw PresetError.invalidFile(
                reason: "a published row has \(row.count) values, and there are \(published.columns.count) columns", source: source)
        }
        (title, self.rows, self.files) = (file.title ?? "", rows, files)
        published = file.published.map { Published(data: $0.data, columns: $0.columns, rows: $0.rows.map { $0.map(\.text) }) }
    }

    private static func combinations(_ grid: [String: [Scalar]], _ common: [PresetSetting], _ source: PresetSource) throws -> [Row] {
        guard !grid.isEmpty else { return [] }
        var rows: [[PresetSetting]] = [[]]
        for (key, values) in grid.sorted(by: { $0.key < $1.key }) {
            guard !values.isEmpty, rows.count * values.count <= mostRows else {
                throw PresetError.invalidFile(reason: "the grid has no value for \(key), or more than \(mostRows) rows", source: source)
            }
            rows = rows.flatMap { row in values.map { row + [PresetSetting(key, $0.text, source: source)] } }
        }
        return rows.map { row in
            Row(name: row.map { "\($0.key)=\($0.text)" }.joined(separator: " "), preset: nil, assignments: common + row, against: nil)
        }
    }

    private static func describe(_ error: any Error) -> String {
        guard let error = error as? DecodingError else { return "it is not YAML (\(error))" }
        func place(_ context: DecodingError.Context) -> String {
            context.codingPath.isEmpty ? "the file" : context.codingPath.map(\.stringValue).joined(separator: ".")
        }
        switch error {
        case .keyNotFound(let key, _): return "\(key.stringValue) is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context): return "\(place(context)) has another form than it should"
        case .dataCorrupted(let context): return "\(place(context)): \(context.debugDescription)"
        @unknown default: return "it has another form than it should"
        }
    }
}
