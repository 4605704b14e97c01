import Foundation

/// What a person should know of a batch: how far it is, what failed and why, and which results to look at first.
public struct BatchReport: Sendable, Codable {
    public struct Result: Sendable, Codable, Equatable {
        public var id: String
        /// Of the least certain object in its least certain frame.
        public var confidence: Double?
        public var meanConfidence: Double?
        public var damage: String?
        /// Relative to the output folder; nil where results are archives.
        public var folder: String?
    }

    public var batch: String
    public var counts: BatchCounts
    public var frames: Int
    /// Of all workers together.
    public var workerSeconds: Double
    public var bytes: Int
    public var peakMemory: Int
    /// How many results each version made.
    public var versions: [String: Int]
    public var failures: [FailureRecord]
    /// Lines of the manifest that are left out.
    public var skippedLines: [ManifestProblem]
    /// Least certain first.
    public var leastConfident: [Result]
    /// Results of damaged videos.
    public var damaged: [Result]

    /// - Parameter shown: how many results are listed.
    public init(_ plan: BatchPlan, manifest: Manifest, folder: BatchFolder, shown: Int = 24) throws {
        (batch, counts, skippedLines) = (manifest.batch, plan.counts, manifest.problems)
        var done: [JournalEntry] = []
        var failures: [FailureRecord] = []
        for (_, state) in plan.items {
            switch state {
            case .done(let entry): done.append(entry)
            case .setAside(let failure): failures.append(failure)
            case .missing, .changed: break
            }
        }
        self.failures = failures
        frames = done.reduce(0) { $0 &+ $1.frames }
        workerSeconds = done.reduce(0) { $0 + $1.seconds }
        bytes = done.reduce(0) { $0 &+ $1.bytes }
        peakMemory = done.map(\.peakMemory).max() ?? 0
        versions = done.reduce(into: [:]) { $0[$1.version ?? "unknown", default: 0] += 1 }
        func result(_ entry: JournalEntry) throws -> Result {
            let path = try folder.resultPath(entry.id).dropFirst(folder.path.count + 1)
            return Result(
                id: entry.id, confidence: entry.confidence, meanConfidence: entry.meanConfidence, damage: entry.damage,
                folder: folder.settings.isArchived ? nil : String(path))
        }
        leastConfident = try done.filter { $0.confidence != nil }
            .sorted { ($0.confidence ?? 1, $0.meanConfidence ?? 1, $0.id) < ($1.confidence ?? 1, $1.meanConfidence ?? 1, $1.id) }
            .prefix(shown).map(result)
        damaged = try done.filter { $0.damage != nil }.map(result)
    }

    public func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        return try encoder.encode(self) + Data("\n".utf8)
    }

    /// Writes `report.json` and `report.html`.
    /// - Throws: `BatchError.unwritable`.
    public func write(to folder: BatchFolder) throws {
        try SmallFile.replace(folder.reportDataPath, with: try json())
        try SmallFile.replace(folder.reportPath, with: Data(ReportPage(report: self, folder: folder).html.utf8))
    }

    /// For the terminal.
    public var lines: [String] {
        var lines = [
            "\(batch): \(counts.done) of \(counts.total) videos done"
                + (counts.setAside > 0 ? ", \(counts.setAside) set aside" : "") + (counts.missing > 0 ? ", \(counts.missing) to do" : "")
                + (counts.changed > 0 ? ", \(counts.changed) to do again (changed)" : "") + "."
        ]
        if frames > 0 {
            lines.append(
                String(
                    format: "%d frames in %.2f hours of workers, %.1f MB of results; a worker took at most %d MB of memory.", frames,
                    workerSeconds / 3600, Double(bytes) / 1e6, peakMemory >> 20))
        }
        if versions.count > 1 {
            let list = versions.sorted { $0.key < $1.key }.map { "\($0.value) by \($0.key)" }.joined(separator: ", ")
            lines.append("Results are of several versions of sampt: \(list).")
        }
        return lines
    }
}
