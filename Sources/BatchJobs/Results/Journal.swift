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

/// A line that says that a result is about to be replaced. The one that takes its place may come without a line of its own, where its run
/// is killed in between.
struct ReplacementMark: Sendable, Equatable, Codable {
    var replaced: String
}

/// All runs' journals together.
struct Journal: Sendable {
    /// By video; several where it was done several times.
    private(set) var entries: [String: [JournalEntry]] = [:]
    /// Videos whose results were replaced, or were to be.
    private var replaced: Set<String> = []

    /// What the present result of a video is, if that is beyond doubt without reading it: journals have no order among each other.
    func entry(of id: String) -> JournalEntry? {
        guard !replaced.contains(id), let found = entries[id], found.count == 1 else { return nil }
        return found[0]
    }

    /// Lines that are cut off are left out.
    fileprivate mutating func add(_ line: Data) {
        if let entry = try? JSONDecoder().decode(JournalEntry.self, from: line) {
            if entries[entry.id]?.contains(entry) != true { entries[entry.id, default: []].append(entry) }
        } else if let mark = try? JSONDecoder().decode(ReplacementMark.self, from: line) {
            replaced.insert(mark.replaced)
        }
    }
}

/// Appends to a run's journal.
final class JournalWriter {
    private let path: String
    private var file: Int32 = -1

    init(path: String) { self.path = path }

    deinit { if file >= 0 { close(file) } }

    /// - Throws: `BatchError.unwritable`.
    func append(_ entry: some Encodable) throws {
        if file < 0 { file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666) }
        guard file >= 0 else { throw BatchError.unwritable(path: path, reason: SystemReason.last) }
        let code = SmallFile.writeAll(try JSONLine.encode(entry) + Data("\n".utf8), to: file)
        guard code == 0 else { throw BatchError.unwritable(path: path, reason: SystemReason.text(code)) }
    }
}

extension BatchFolder {
    func journal() throws -> Journal {
        var journal = Journal()
        for name in try FolderNames.all(in: path + "/journal") where name.hasSuffix(".jsonl") {
            var data = Data()
            try FilePieces.forEach(of: "\(path)/journal/\(name)") { data.append(contentsOf: $0) }
            for line in data.split(separator: UInt8(ascii: "\n")) { journal.add(Data(line)) }
        }
        return journal
    }
}
