import Foundation

/// A video that was set aside.
public struct FailureRecord: Sendable, Equatable, Codable {
    public enum Kind: String, Sendable, Codable {
        /// The video, its prompts or its options are wrong; trying again does not help.
        case input
        /// Something is missing.
        case missing
        /// The worker ended: out of memory, a crash.
        case crash
        /// For far longer than its length accounts for, it got no further.
        case timeout
        /// Anything else.
        case failure
    }

    public var id: String
    public var line: Int
    public var video: String
    public var kind: Kind
    public var reason: String
    /// What is asked for again with another key, or with other inputs, is tried again.
    public var key: JobKey
    /// Of the inputs that were there.
    public var stamps: [String: String]
    public var attempts: Int
    public var run: String
    public var host: String
    /// By that host's clock, for people.
    public var time: Date

    init(_ item: BatchItem, entry: ManifestEntry, kind: Kind, reason: String, attempts: Int, run: String) {
        (id, line, video, key) = (item.id, item.line, entry.video, item.key)
        (self.kind, self.reason, self.attempts, self.run) = (kind, reason, attempts, run)
        stamps = Self.stamps(entry)
        (host, time) = (ProcessInfo.processInfo.hostName, Date())
    }

    /// Whether nothing is different from when it failed.
    func holds(for entry: ManifestEntry, key: JobKey) -> Bool { self.key == key && stamps == Self.stamps(entry) }

    private static func stamps(_ entry: ManifestEntry) -> [String: String] {
        let paths = (try? entry.inputPaths) ?? [entry.video]
        return Dictionary(paths.map { ($0, (try? InputListing($0).stamp()) ?? "absent") }) { first, _ in first }
    }
}

extension BatchFolder {
    /// - Parameter log: what the worker said last.
    func setAside(_ failure: FailureRecord, log: Data) throws {
        let path = try failurePath(failure.id)
        try Self.make((path as NSString).deletingLastPathComponent)
        if !log.isEmpty { try SmallFile.replace(try failureLogPath(failure.id), with: log) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        try SmallFile.replace(path, with: try encoder.encode(failure) + Data("\n".utf8))
    }

    /// nil where there is none that can be read.
    func failure(of id: String) throws -> FailureRecord? {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        guard let data = try? SmallFile.read(try failurePath(id)) else { return nil }
        return try? decoder.decode(FailureRecord.self, from: data)
    }

    /// Forgets that a video failed.
    func forgetFailure(of id: String) throws {
        unlink(try failurePath(id))
        unlink(try failureLogPath(id))
    }
}
