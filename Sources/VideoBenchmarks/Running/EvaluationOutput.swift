import Foundation
import Media
import Support

/// The folder of an evaluation: what ran (`evaluation.json`), masks and records of every run, and at the end scores, reports and archives.
public struct EvaluationOutput: Sendable {
    /// What ran; equal commands write equal ones.
    public struct Manifest: Sendable, Codable, Equatable {
        public var program: String
        public var command: [String]
        public var processor: String
        public var dataset: String
        public var location: [String: String]
        public var prompt: String
        public var runs: [EvaluationRun]
        /// What others have published on the data set.
        public var published: PublishedTable?

        public init(
            program: String, command: [String], processor: String, dataset: String, location: [String: String], prompt: String,
            runs: [EvaluationRun], published: PublishedTable? = nil
        ) {
            (self.program, self.command, self.processor, self.dataset) = (program, command, processor, dataset)
            (self.location, self.prompt, self.runs, self.published) = (location, prompt, runs, published)
        }

        public init(
            program: String, command: [String], processor: String, dataset: DatasetKind, location: DatasetKind.Location, prompt: PromptKind,
            runs: [EvaluationRun], published: PublishedTable? = nil
        ) {
            let values = [
                ("root", location.root), ("split", location.split), ("list", location.list), ("resolution", location.resolution),
                ("categories", location.categories), ("truth", location.truth),
            ]
            self.init(
                program: program, command: command, processor: processor, dataset: dataset.rawValue,
                location: Dictionary(uniqueKeysWithValues: values.compactMap { key, value in value.map { (key, $0) } }),
                prompt: prompt.text,
                runs: runs, published: published)
        }

        /// Reads the data set again.
        public func readDataset() throws -> VideoDataset {
            guard let kind = DatasetKind(rawValue: dataset), let root = location["root"] else {
                throw MediaError.invalidArgument("The evaluation names a data set \"\(dataset)\" that is not known.")
            }
            return try kind.read(
                DatasetKind.Location(
                    root: root, split: location["split"], list: location["list"], resolution: location["resolution"],
                    categories: location["categories"], truth: location["truth"]))
        }
    }

    public static let manifestName = "evaluation.json"
    public let path: String
    public let manifest: Manifest

    public init(path: String, manifest: Manifest) { (self.path, self.manifest) = (path, manifest) }

    /// That of an earlier run.
    /// - Throws: `MediaError`, also for a folder that holds none.
    public init(reading path: String) throws {
        let file = path + "/" + Self.manifestName
        let data = try InputFile.read(file, limit: 1 << 26)
        guard let manifest = try? JSONDecoder().decode(Manifest.self, from: data) else {
            throw FileError.unreadable(path: file, reason: "it does not describe an evaluation")
        }
        // What is merged goes into folders of these names.
        for run in manifest.runs {
            let parts = run.folder.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            guard run.folder.isEmpty || parts.allSatisfy({ !$0.isEmpty && $0.first != UInt8(ascii: ".") }) else {
                throw FileError.unreadable(path: file, reason: "the folder \"\(run.folder)\" in it leads elsewhere")
            }
        }
        guard manifest.published.map({ $0.rows.allSatisfy { [count = $0.columns.count] in $0.count == count } }) ?? true else {
            throw FileError.unreadable(path: file, reason: "a published row in it has not as many values as there are columns")
        }
        self.init(path: path, manifest: manifest)
    }

    public func writeManifest() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        _ = try OutputFolder(path)
        try AtomicFile.write(encoder.encode(manifest), to: path + "/" + Self.manifestName)
    }

    /// What a run has done of a data set. Records are read once, here.
    public struct Progress: Sendable {
        public var records: [RunRecord]
        /// The videos that it has not done.
        public var missing: [String]
        /// What did not fit while the data set was read, why videos failed, and what has not been run.
        public var findings: [ScoringFinding]
    }

    public func progress(of run: EvaluationRun, _ set: EvaluatedSet) -> Progress {
        let made = set.videos.compactMap { RunRecord.read(run.record(of: $0, in: path)) }.filter { $0.settings == run.settings }
        let records = made.filter(set.isCurrent)
        let done = Set(records.map(\.video))
        let stale = Set(made.map(\.video)).subtracting(done)
        let missing = set.videos.filter { !done.contains($0) }
        let absences = missing.map { video in
            failure(of: video, run)?.finding
                ?? ScoringFinding(
                    .missingSequence, video,
                    stale.contains(video)
                        ? "has results of other files than those that are there now (names, sizes or times of change differ); it is not in the scores and must be run again"
                        : "has not been run; it is not in the scores")
        }
        return Progress(records: records, missing: missing, findings: set.findings + records.flatMap(\.findings) + absences)
    }

    /// Why a run of a video failed; nil where it did not, or was another's.
    func failure(of video: String, _ run: EvaluationRun) -> RunFailure? {
        RunFailure.read(run.failure(of: video, in: path)).flatMap { $0.settings == run.settings ? $0 : nil }
    }
}

/// A data set as its outputs are gathered: what its videos are called, what is wrong with it, and where a video's results are.
public struct EvaluatedSet: Sendable {
    public var videos: [String]
    public var findings: [ScoringFinding]
    /// What its videos' files are now, by video; of those whose files are not all there, nothing.
    var data: [String: String]
    /// The file or folder of a run's results of a video, below an output's folder.
    var product: @Sendable (_ run: EvaluationRun, _ video: String, _ output: String) -> String

    /// Whether a video's results were made from the files that are there now, as far as that can be told.
    func isCurrent(_ record: RunRecord) -> Bool { data[record.video].map { $0 == record.data } ?? true }
}

extension VideoDataset {
    public var evaluated: EvaluatedSet {
        let data = videos.compactMap { video -> (String, String)? in
            let fingerprint = dataFingerprint(of: video)
            return fingerprint.isComplete ? (video.name.text, fingerprint.text) : nil
        }
        return EvaluatedSet(
            videos: videos.map(\.name.text), findings: findings, data: Dictionary(data) { first, _ in first }
        ) { [submission] run, video, output in run.masks(in: output, submission) + "/" + video }
    }
}
