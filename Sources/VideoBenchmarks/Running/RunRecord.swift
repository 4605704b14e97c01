import Foundation
import Media
import Support

/// What one video's run was made from and came to; written when its masks are whole, and compared before it is done again.
public struct RunRecord: Sendable, Codable, Equatable {
    public var video: String
    /// Options, models' fingerprints, versions: everything that decides the masks.
    public var settings: [String: String]
    /// Of the video's files: names, sizes, times of change.
    public var data: String
    public var frames: Int
    public var objects: Int
    public var seconds: Double
    public var findings: [ScoringFinding]

    private static let largest = 1 << 40

    /// - Returns: nil where there is none, or one that cannot be read.
    static func read(_ path: String) -> RunRecord? {
        guard let data = try? InputFile.read(path, limit: 1 << 26), let record = try? JSONDecoder().decode(RunRecord.self, from: data)
        else { return nil }
        // They are added up.
        return (0...largest).contains(record.frames) && (0...largest).contains(record.objects) ? record : nil
    }

    func write(to path: String) throws {
        _ = try OutputFolder(PathParts(path).folder)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try AtomicFile.write(encoder.encode(self), to: path)
    }
}

/// Why a video's run failed; there until the video has been run.
struct RunFailure: Sendable, Codable, Equatable {
    /// Options, models' fingerprints, versions.
    var settings: [String: String]
    var finding: ScoringFinding

    /// - Returns: nil where there is none, or one that cannot be read.
    static func read(_ path: String) -> RunFailure? {
        guard let data = try? InputFile.read(path, limit: 1 << 26) else { return nil }
        return try? JSONDecoder().decode(RunFailure.self, from: data)
    }

    func write(to path: String) throws {
        _ = try OutputFolder(PathParts(path).folder)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try AtomicFile.write(encoder.encode(self), to: path)
    }
}
