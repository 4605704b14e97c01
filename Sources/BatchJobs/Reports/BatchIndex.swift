import Foundation

/// All results of a batch in one file, a line a video in the manifest's order, for programs that go on with them.
public struct BatchIndex {
    /// A line of `index.jsonl`.
    public struct Line: Sendable, Equatable, Codable {
        public var id: String
        /// Relative to the output folder.
        public var path: String
        public var digest: String
        public var frames: Int
        public var seconds: Double
        public var bytes: Int
        public var confidence: Double?
        public var damage: String?
    }

    /// - Throws: `BatchError.unwritable`.
    public static func write(_ plan: BatchPlan, to folder: BatchFolder) throws {
        var text = Data()
        for case (let item, .done(let entry)) in plan.items {
            let path = try folder.resultPath(item.id).dropFirst(folder.path.count + 1)
            text += try JSONLine.encode(
                Line(
                    id: item.id, path: String(path), digest: entry.digest, frames: entry.frames, seconds: entry.seconds, bytes: entry.bytes,
                    confidence: entry.confidence, damage: entry.damage))
            text.append(UInt8(ascii: "\n"))
        }
        try SmallFile.replace(folder.indexPath, with: text)
    }
}
