import Media
import Support

/// Where points of a video truly are: benchmarks' annotations, or the exact tracks of synthetic clips.
public struct PointTruth: Sendable, Equatable {
    public let pointCount: Int
    public let frameCount: Int
    /// Point by point, `frameCount` positions each, as fractions of the frame's width and height: (0, 0) is the top left corner of the
    /// picture, (1, 1) the bottom right one. What a hidden point has does not count.
    public let positions: [SIMD2<Double>]
    /// Whether the point is hidden or outside the frame, in the same order.
    public let occluded: [Bool]

    /// - Throws: `PointBenchmarkError.wrongShape` when the counts disagree, `.notFinite` when a visible point has no place.
    public init(pointCount: Int, frameCount: Int, positions: [SIMD2<Double>], occluded: [Bool], name: String) throws {
        guard pointCount >= 0, frameCount > 0, pointCount.multipliedReportingOverflow(by: frameCount) == (positions.count, false),
            occluded.count == positions.count
        else {
            throw PointBenchmarkError.wrongShape(
                video: name,
                reason: "\(pointCount) points in \(frameCount) frames have \(positions.count) positions and \(occluded.count) flags")
        }
        if let bad = positions.indices.first(where: { !occluded[$0] && !(positions[$0].x.isFinite && positions[$0].y.isFinite) }) {
            throw PointBenchmarkError.notFinite(video: name, point: bad / frameCount, frame: bad % frameCount)
        }
        (self.pointCount, self.frameCount, self.positions, self.occluded) = (pointCount, frameCount, positions, occluded)
    }

    public func isOccluded(_ point: Int, _ frame: Int) -> Bool { occluded[point * frameCount + frame] }

    public func position(_ point: Int, _ frame: Int) -> SIMD2<Double> { positions[point * frameCount + frame] }

    /// The queries that TAP-Vid makes of the tracks, in its order.
    public func queries(_ mode: QueryMode) -> [TruthQuery] {
        switch mode {
        case .first:
            return (0..<pointCount).compactMap { point in
                (0..<frameCount).first { !isOccluded(point, $0) }.map { TruthQuery(point: point, frame: $0) }
            }
        case .strided:
            return stride(from: 0, to: frameCount, by: QueryMode.stride).flatMap { frame in
                (0..<pointCount).filter { !isOccluded($0, frame) }.map { TruthQuery(point: $0, frame: frame) }
            }
        }
    }
}

/// How TAP-Vid turns tracks into queries, and which frames it scores.
public enum QueryMode: String, Sendable, CaseIterable, Codable {
    /// Each track is asked for in the first frame that shows it; the frames after that count.
    case first
    /// Each track is asked for in frames 0, 5, 10, ... where they show it, each time as a query of its own; all frames but the query's
    /// count.
    case strided

    static let stride = 5

    /// Whether a frame counts for a query in frame `query`.
    public func counts(frame: Int, query: Int) -> Bool { self == .first ? frame > query : frame != query }
}

/// A track asked for in one of its frames.
public struct TruthQuery: Sendable, Hashable {
    public var point: Int
    public var frame: Int

    public init(point: Int, frame: Int) {
        (self.point, self.frame) = (point, frame)
    }
}

/// A video with the truth about its points.
public struct PointVideo: Sendable {
    public var name: String
    public var frames: any FrameSource
    public var truth: PointTruth

    /// - Throws: `PointBenchmarkError.wrongShape` when the counts of frames differ.
    public init(name: String, frames: any FrameSource, truth: PointTruth) throws {
        guard frames.frameCount == truth.frameCount else {
            throw PointBenchmarkError.wrongShape(
                video: name, reason: "the video has \(frames.frameCount) frames, its tracks \(truth.frameCount)")
        }
        (self.name, self.frames, self.truth) = (name, frames, truth)
    }
}

/// Videos with tracks, one at a time.
public protocol PointDataset: Sendable {
    /// For reports: the file's name, or what the clips are made from.
    var name: String { get }
    /// One name for each video, each once.
    var videoNames: [String] { get }
    /// Opens a video. Its memory is freed with it.
    func video(at index: Int) throws -> PointVideo
}

/// What is wrong with a benchmark's data.
public enum PointBenchmarkError: DescribedError, Sendable, Equatable {
    case wrongShape(video: String, reason: String)
    case notFinite(video: String, point: Int, frame: Int)
    /// The file is none of the known forms.
    case unknownForm(file: String, reason: String)
    case noVideos(file: String)
    /// A report is there already, of another evaluation.
    case otherReport(path: String, difference: String)

    public var description: String {
        switch self {
        case .wrongShape(let video, let reason): "\(video): its tracks do not fit: \(reason)."
        case .notFinite(let video, let point, let frame):
            "\(video): point \(point) is visible in frame \(frame) but has no finite position."
        case .unknownForm(let file, let reason):
            "\(file): is not a file of point tracks (TAP-Vid's pickle, or the JSON form of docs/point-benchmarks.md): \(reason)."
        case .noVideos(let file): "\(file): holds no videos."
        case .otherReport(let path, let difference):
            "\(path): is the report of another evaluation (\(difference)). Choose another folder, or --restart to replace it."
        }
    }
}
