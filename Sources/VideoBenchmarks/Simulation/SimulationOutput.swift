import Foundation
import Media
import Support

/// The folder of a simulation: what ran (`simulation.json`), a record for each object and seed, curves, and reports.
public struct SimulationOutput: Sendable {
    /// What ran.
    public struct Manifest: Sendable, Codable, Equatable {
        public var program: String
        public var command: [String]
        public var processor: String
        public var dataset: String
        /// As in tables and figures.
        public var name: String
        public var options: [String: String]
        public var settings: [String: String]
        public var seeds: [UInt64]
        /// All of the data set; nil: written before this was.
        public var videos: [String]?
        /// What their files were, by video, as in the records; nil: written before this was.
        public var data: [String: String]?

        public init(
            program: String, command: [String], processor: String, dataset: String, name: String, options: [String: String],
            settings: [String: String], seeds: [UInt64], videos: [String]? = nil, data: [String: String]? = nil
        ) {
            (self.program, self.command, self.processor, self.dataset) = (program, command, processor, dataset)
            (self.name, self.options, self.settings, self.seeds, self.videos) = (name, options, settings, seeds, videos)
            self.data = data
        }

        /// - Parameter videos: as they are simulated, with the files that are there now.
        public init(
            program: String, command: [String], processor: String, dataset: String, name: String, options: [String: String],
            settings: [String: String], seeds: [UInt64], of videos: [DatasetVideo]
        ) {
            self.init(
                program: program, command: command, processor: processor, dataset: dataset, name: name, options: options,
                settings: settings, seeds: seeds, videos: videos.map(\.name.text),
                data: Dictionary(videos.map { ($0.name.text, $0.dataFingerprint().text) }) { first, _ in first })
        }

        /// Whether a record is of one of the videos, made from the files that it had.
        func covers(_ record: SimulationRecord) -> Bool {
            guard let data else { return videos?.contains(record.video) ?? true }
            return data[record.video] == record.data
        }

        func identity(seed: UInt64) -> [String: String] { settings.merging(options) { $1 }.merging(["seed": "\(seed)"]) { $1 } }
    }

    public static let manifestName = "simulation.json"
    /// What is written beside the records.
    public static let names = [
        manifestName, "curves.svg", "curves.png", "curves.csv", "report.html", "report.json", "report.csv", "report.md",
    ]
    public let path: String
    public let manifest: Manifest

    public init(path: String, manifest: Manifest) { (self.path, self.manifest) = (path, manifest) }

    /// That of an earlier run.
    /// - Throws: `SimulationError.noSimulation` for a folder that holds none; `VideoNameError` for one whose videos have names that lead
    ///   elsewhere.
    public init(reading path: String) throws {
        guard let data = try? InputFile.read(path + "/" + Self.manifestName, limit: 1 << 26),
            let manifest = try? JSONDecoder().decode(Manifest.self, from: data)
        else { throw SimulationError.noSimulation(path: path) }
        for video in manifest.videos ?? [] { _ = try VideoName(video, in: path + "/" + Self.manifestName) }
        self.init(path: path, manifest: manifest)
    }

    public func writeManifest() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        _ = try OutputFolder(path)
        try AtomicFile.write(encoder.encode(manifest), to: path + "/" + Self.manifestName)
    }

    /// The records that belong to what ran, in the order of seeds, videos and objects.
    /// - Throws: `MediaError`; `SimulationError.noSimulation` where there are none.
    public func records() throws -> [SimulationRecord] {
        let records = try recordsThere()
        guard !records.isEmpty else { throw SimulationError.noSimulation(path: path) }
        return records
    }

    /// The same, also where there are none.
    func recordsThere() throws -> [SimulationRecord] { try recordsOfOptions().filter(manifest.covers) }

    /// Those made with the same options, models and versions, also of other videos or other files.
    func recordsOfOptions() throws -> [SimulationRecord] {
        var records: [SimulationRecord] = []
        for seed in manifest.seeds {
            let identity = manifest.identity(seed: seed)
            let folder = "\(path)/interactions/seed-\(seed)"
            guard FileManager.default.fileExists(atPath: folder) else { continue }
            for video in try FolderListing.folders(folder) {
                for name in try FolderListing.names(folder + "/" + video, pathExtensions: ["json"]) {
                    if let record = SimulationRecord.read("\(folder)/\(video)/\(name)"), record.settings == identity {
                        records.append(record)
                    }
                }
            }
        }
        return records
    }
}
