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

        public init(
            program: String, command: [String], processor: String, dataset: DatasetKind, location: DatasetKind.Location, prompt: PromptKind,
            runs: [EvaluationRun]
        ) {
            (self.program, self.command, self.processor, self.dataset) = (program, command, processor, dataset.rawValue)
            (self.prompt, self.runs) = (prompt.text, runs)
            let values = [
                ("root", location.root), ("split", location.split), ("list", location.list), ("resolution", location.resolution),
                ("categories", location.categories), ("truth", location.truth),
            ]
            self.location = Dictionary(uniqueKeysWithValues: values.compactMap { key, value in value.map { (key, $0) } })
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
        self.init(path: path, manifest: manifest)
    }

    public func writeManifest() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        _ = try OutputFolder(path)
        try AtomicFile.write(encoder.encode(manifest), to: path + "/" + Self.manifestName)
    }

    /// Takes over the videos that other folders of the same evaluation have (`--shard`).
    /// - Returns: how many runs of videos were taken.
    /// - Throws: `MediaError.invalidArgument` for a folder of another evaluation; `FileError.unwritable`.
    public func merge(_ parts: [EvaluationOutput], dataset: VideoDataset) throws -> Int {
        var count = 0
        for part in parts {
            for run in manifest.runs {
                guard part.manifest.runs.contains(where: { $0.folder == run.folder && $0.settings == run.settings }) else {
                    throw MediaError.invalidArgument(
                        "\(part.path) holds another evaluation than \(path): its \(run.setting) with seed \(run.seed) was made with other options, models or versions."
                    )
                }
                for video in dataset.videos {
                    try Cancellation.check()
                    if try take(video, run, from: part, dataset.submission) { count += 1 }
                }
            }
        }
        return count
    }

    private func take(_ video: DatasetVideo, _ run: EvaluationRun, from part: EvaluationOutput, _ form: SubmissionForm) throws -> Bool {
        let record = run.record(of: video.name, in: part.path)
        guard let known = RunRecord.read(record), known.settings == run.settings else { return false }
        let (source, target) = (run.masks(in: part.path, form) + "/\(video.name)", run.masks(in: path, form) + "/\(video.name)")
        guard source != target, FileManager.default.fileExists(atPath: source) else { return false }
        _ = try OutputFolder(PathParts(target).folder)
        let folder = try PartFolder(for: target, replacesContents: true)
        do {
            for name in try FileManager.default.contentsOfDirectory(atPath: source) {
                try FileManager.default.copyItem(atPath: source + "/" + name, toPath: folder.path + "/" + name)
            }
            try folder.commit()
        } catch {
            folder.discard()
            throw FileError.unwritable(path: target, reason: AtomicFile.reason(error))
        }
        let own = run.record(of: video.name, in: path)
        _ = try OutputFolder(PathParts(own).folder)
        try known.write(to: own)
        return true
    }

    private func records(_ run: EvaluationRun, _ dataset: VideoDataset) -> [RunRecord] {
        dataset.videos.compactMap { RunRecord.read(run.record(of: $0.name, in: path)) }.filter { $0.settings == run.settings }
    }

    /// The videos that a run has not done.
    public func missing(_ run: EvaluationRun, _ dataset: VideoDataset) -> [String] {
        let done = Set(records(run, dataset).map(\.video))
        return dataset.videos.map(\.name.text).filter { !done.contains($0) }
    }

    /// What did not fit while a run read the data set, and what it has not done.
    public func findings(_ run: EvaluationRun, _ dataset: VideoDataset) -> [ScoringFinding] {
        dataset.findings + records(run, dataset).flatMap(\.findings)
            + missing(run, dataset).map { ScoringFinding(.missingSequence, $0, "has not been run, or failed; it is not in the scores") }
    }

    /// Scores a run's masks as far as they are there.
    /// - Returns: nil where the data set has no truth here.
    public func score(
        _ run: EvaluationRun, _ dataset: VideoDataset, threads: Int
    ) async throws -> (report: ScoreReport, records: [RunRecord])? {
        let records = records(run, dataset)
        guard let truth = dataset.truth, !records.isEmpty else { return nil }
        var scorer = FolderScorer(dataset.scoring, description: dataset.description)
        scorer.sequences = records.map(\.video)
        scorer.threads = threads
        scorer.rules.expectsOtherLevels = true
        if let description = dataset.description {
            let done = Set(records.map(\.video))
            scorer.description?.objects = description.objects.filter { done.contains($0.key) }
        }
        let report = try await scorer.score(truth: MaskFolder(truth), results: MaskFolder(run.masks(in: path, dataset.submission)))
        return (
            ScoreReport(
                report.protocolName, objects: report.objects, findings: findings(run, dataset) + report.findings, truth: report.truth,
                results: report.results,
                cost: report.cost), records
        )
    }

    /// Packs a run's masks for the data set's server.
    /// - Returns: the archive.
    public func archive(_ run: EvaluationRun) throws -> String {
        let target = run.path(in: path) + "/submission.zip"
        try ZipFile.write(folder: run.path(in: path) + "/masks", to: target, pathExtensions: ["png"])
        return target
    }
}
