import Foundation
import Media
import Support

/// One thing that the simulated annotator did, in the terms of SAM-PT's `history.json`.
public struct Interaction: Sendable, Codable, Equatable {
    public enum Action: String, Sendable, Codable { case add, remove }
    public enum Kind: String, Sendable, Codable { case positive, negative }

    public var action: Action
    public var type: Kind
    /// Place of the frame in the video, and its name.
    public var frame: Int
    public var frameName: String
    /// In pixels of the frame, pixel centres at +0.5.
    public var x: Float
    public var y: Float
    /// The budget that was left before it.
    public var interactionsLeft: Int
    /// What the frame's J should reach; with SAM 2's protocols, where online the pass pauses.
    public var threshold: Double?
    /// J and F of the frame.
    public var iouBefore: Double
    public var iouAfter: Double
    public var boundaryBefore: Double
    public var boundaryAfter: Double
    /// Means over the frames that count.
    public var overallIouBefore: Double
    public var overallIouAfter: Double
    public var overallBoundaryBefore: Double
    public var overallBoundaryAfter: Double
    public var jfBefore: Double
    public var jfAfter: Double
    /// Frames that were tracked or segmented because of it, its own not counted.
    public var framesComputed: Int
    public var seconds: Double
}

/// J and F of the whole video after some interactions.
public struct SimulationPoint: Sendable, Codable, Equatable {
    public var interactions: Int
    public var j: Double
    public var f: Double
    public var jf: Double { (j + f) / 2 }

    public init(interactions: Int, j: Double, f: Double) { (self.interactions, self.j, self.f) = (interactions, j, f) }
}

/// The end of a pass of SAM-PT's protocol.
public struct SimulationPass: Sendable, Codable, Equatable {
    public var threshold: Double
    public var reached: SimulationPoint
}

/// What one object's simulation was made from and came to; written when it has ended, and compared before it is done again.
public struct SimulationRecord: Sendable, Codable, Equatable {
    public var video: String
    public var object: Int
    public var label: String
    public var seed: UInt64
    /// Options, models' fingerprints, versions: everything that decides the result.
    public var settings: [String: String]
    /// Of the video's files: names, sizes, times of change.
    public var data: String
    public var firstFrame: Int
    /// The frames from the first one on: the video's length, by which interactions are divided.
    public var frames: Int
    /// Frames with truth.
    public var framesMeasured: Int
    /// Before anything was clicked.
    public var start: SimulationPoint
    public var interactions: [Interaction]
    public var passes: [SimulationPass]
    /// With SAM 2's protocols, after one prompted frame, two, and so on.
    public var promptedFrames: [SimulationPoint]
    /// The share of the measured frames whose J reaches 0.9 and 0.95 at the end.
    public var framesAt90: Double
    public var framesAt95: Double
    /// After how many interactions every frame did; nil: never.
    public var interactionsTo90: Int?
    public var interactionsTo95: Int?
    public var seconds: Double
    public var findings: [ScoringFinding]
    /// How many objects of its video are simulated; nil: written before this was.
    public var objectsOfVideo: Int?

    /// J and F after each interaction, before the first one included.
    public var curve: [SimulationPoint] {
        [start]
            + interactions.enumerated().map {
                SimulationPoint(interactions: $0 + 1, j: $1.overallIouAfter, f: $1.overallBoundaryAfter)
            }
    }

    public var end: SimulationPoint { curve.last ?? start }

    /// What is returned in the end: SAM-PT's protocol with several passes takes the pass with the best J.
    public var best: SimulationPoint { passes.map(\.reached).filter { $0.j > end.j }.max { $0.j < $1.j } ?? end }

    /// - Returns: nil where there is none, or one that cannot be read.
    public static func read(_ path: String) -> SimulationRecord? {
        guard let data = try? InputFile.read(path, limit: 1 << 28),
            let record = try? JSONDecoder().decode(SimulationRecord.self, from: data)
        else { return nil }
        // They are added up.
        guard (0...(1 << 32)).contains(record.objectsOfVideo ?? 1) else { return nil }
        return record.interactions.allSatisfy { (0...(1 << 32)).contains($0.framesComputed) } ? record : nil
    }

    /// - Throws: `FileError.unwritable`.
    func write(to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        _ = try OutputFolder(PathParts(path).folder)
        try AtomicFile.write(encoder.encode(self), to: path)
    }
}
