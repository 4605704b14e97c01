import Foundation

/// What a run finished, a line a video, so that whoever wants to know reads one file a run in place of one a video. The results
/// themselves are the truth: a line counts as long as its result is there.
public struct JournalEntry: Sendable, Equatable, Codable {
    public var id: String
    public var key: JobKey
    public var digest: String
    public var inputs: [InputRecord]
    public var frames: Int
    public var seconds: Double
    public var bytes: Int
    public var confidence: Double?
    public var meanConfidence: Double?
    public var damage: String?
    public var version: String?
    public var peakMemory: Int
    public var attempt: Int
    public var host: String

    public init(_ record: ResultRecord) {
        (id, key, digest, inputs, attempt) = (record.id, record.key, record.digest, record.inputs, record.attempt)
        (frames, seconds, damage) = (record.made.frames, record.made.seconds, record.made.damage)
        (confidence, meanConfidence) = (record.made.leastConfidence, record.made.leastMeanConfidence)
        (version, peakMemory, host) = (record.made.versions["sampt"], record.made.peakMemory, record.place.host)
        bytes = record.outputs.reduce(0) { $0 &+ $1.bytes }
    }
}

/// Appends to a run's journal.
final class JournalWriter {
    private let path: String
    private var file: Int32 = -1

    init(path: String) { self.path = path }

    deinit { if file >= 0 { close(file) } }

    /// - Throws: `BatchError.unwritable`.
    func append(_ entry: JournalEntry) throws {
        if file < 0 { file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666) }
        guard file >= 0 else { throw BatchError.unwritable(path: path, reason: SystemReason.last) }
        let code = SmallFile.writeAll(try JSONLine.encode(entry) + Data("\n".utf8), to: file)
        guard code == 0 else { throw BatchError.unwritable(path: path, reason: SystemReason.text(code)) }
    }
}

extension BatchFolder {
    /// All journals' entries by video; lines that are cut off are left out. Of a video with several, those with different keys.
    func journal() throws -> [String: [JournalEntry]] {
        var entries: [String: [JournalEntry]] = [:]
        for name in try FolderNames.all(in: path + "/journal") where name.hasSuffix(".jsonl") {
            var data = Data()
            try FilePieces.forEach(of: "\(path)/journal/\(name)") { data.append(contentsOf: $0) }
            for line in data.split(separator: UInt8(ascii: "\n")) {
                guard let entry = try? JSONDecoder().decode(JournalEntry.self, from: Data(line)) else { continue }
                if entries[entry.id]?.contains(entry) != true { entries[entry.id, default: []].append(entry) }
            }
        }
        return entries
    }
}
