import Media
import PointTrackers

/// TAP-Vid's measures of one video, or means of them: fractions from 0 to 1, NaN where nothing counted.
///
/// Defined by Doersch et al., "TAP-Vid: A Benchmark for Tracking Any Point in a Video" (2022), and equal to the official
/// `compute_tapvid_metrics`.
public struct PointScores: Sendable, Equatable {
    /// In pixels of a frame of 256x256.
    public static let thresholds = [1, 2, 4, 8, 16]
    /// The size that distances are measured at, whatever the video's own.
    public static let raster = ImageSize(width: 256, height: 256)

    /// How often the tracker says rightly whether the point is visible (OA).
    public var occlusionAccuracy: Double
    /// For each threshold: of the points that are visible in truth, how many lie nearer than it, whatever the tracker says of their
    /// visibility.
    public var pointsWithin: [Double]
    /// For each threshold: hits / (visible points + false alarms). A hit is visible, said to be, and nearer than the threshold; a false
    /// alarm is said to be visible but is not, or lies further away.
    public var jaccard: [Double]

    public init(occlusionAccuracy: Double, pointsWithin: [Double], jaccard: [Double]) {
        (self.occlusionAccuracy, self.pointsWithin, self.jaccard) = (occlusionAccuracy, pointsWithin, jaccard)
    }

    /// The mean over the thresholds (delta-avg).
    public var averagePointsWithin: Double { pointsWithin.reduce(0, +) / Double(pointsWithin.count) }
    /// The mean over the thresholds (AJ).
    public var averageJaccard: Double { jaccard.reduce(0, +) / Double(jaccard.count) }

    /// The measures by TAP-Vid's names, in the order of its tables.
    public var named: [(name: String, value: Double)] {
        var values = [
            ("average_jaccard", averageJaccard), ("average_pts_within_thresh", averagePointsWithin),
            ("occlusion_accuracy", occlusionAccuracy),
        ]
        values += zip(Self.thresholds, jaccard).map { ("jaccard_\($0)", $1) }
        values += zip(Self.thresholds, pointsWithin).map { ("pts_within_\($0)", $1) }
        return values.map { (name: $0.0, value: $0.1) }
    }

    /// Means of each measure; videos where it is NaN are left out of it.
    public static func mean(_ scores: [PointScores]) -> PointScores {
        func mean(_ value: (PointScores) -> Double) -> Double {
            let values = scores.map(value).filter { !$0.isNaN }
            return values.isEmpty ? .nan : values.reduce(0, +) / Double(values.count)
        }
        return PointScores(
            occlusionAccuracy: mean(\.occlusionAccuracy), pointsWithin: thresholds.indices.map { i in mean { $0.pointsWithin[i] } },
            jaccard: thresholds.indices.map { i in mean { $0.jaccard[i] } })
    }
}

extension PointScores {
    /// Scores tracks of `queries` against the truth.
    /// - Parameters:
    ///   - position: where the tracker puts a query's point in a frame, in pixels of the raster (pixel centres at +0.5). A position that is
    ///     not finite is a miss.
    ///   - isVisible: whether the tracker says that the point is visible.
    public init(
        of queries: [TruthQuery], mode: QueryMode, truth: PointTruth, position: (_ query: Int, _ frame: Int) -> SIMD2<Double>,
        isVisible: (_ query: Int, _ frame: Int) -> Bool
    ) {
        let raster = SIMD2(Double(Self.raster.width), Double(Self.raster.height))
        let squares = Self.thresholds.map { Double($0 * $0) }
        var counted = 0
        var agreeing = 0
        var visible = 0
        var near = [Int](repeating: 0, count: squares.count)
        var hits = near
        var falseAlarms = near
        for (index, query) in queries.enumerated() {
            for frame in 0..<truth.frameCount where mode.counts(frame: frame, query: query.frame) {
                let isThere = !truth.isOccluded(query.point, frame)
                let isSaid = isVisible(index, frame)
                counted += 1
                if isThere == isSaid { agreeing += 1 }
                if isThere { visible += 1 }
                let d = position(index, frame) - truth.position(query.point, frame) * raster
                let distance = d.x * d.x + d.y * d.y
                for (i, square) in squares.enumerated() {
                    // A NaN is not below anything.
                    let isNear = distance < square
                    if isThere, isNear { near[i] += 1 }
                    if isThere, isNear, isSaid { hits[i] += 1 }
                    if isSaid, !isThere || !isNear { falseAlarms[i] += 1 }
                }
            }
        }
        func ratio(_ a: Int, _ b: Int) -> Double { Double(a) / Double(b) }
        occlusionAccuracy = ratio(agreeing, counted)
        pointsWithin = near.map { ratio($0, visible) }
        jaccard = zip(hits, falseAlarms).map { ratio($0, visible + $1) }
    }

    /// Scores a tracker's tracks.
    /// - Parameter size: of the frames that the tracker worked on.
    public init(of queries: [TruthQuery], mode: QueryMode, truth: PointTruth, tracks: PointTracks, size: ImageSize) {
        let scale = SIMD2(Double(Self.raster.width) / Double(size.width), Double(Self.raster.height) / Double(size.height))
        self.init(
            of: queries, mode: mode, truth: truth,
            position: { query, frame in
                let position = tracks[query, frame].position
                return SIMD2(Double(position.x), Double(position.y)) * scale
            },
            isVisible: { tracks[$0, $1].isVisible })
    }
}

extension PointScores: Codable {
    private struct Key: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// NaN is null.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        for (name, value) in named { try container.encode(value.isNaN ? nil : value, forKey: Key(stringValue: name)) }
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        func value(_ name: String) throws -> Double { try container.decodeIfPresent(Double.self, forKey: Key(stringValue: name)) ?? .nan }
        occlusionAccuracy = try value("occlusion_accuracy")
        pointsWithin = try Self.thresholds.map { try value("pts_within_\($0)") }
        jaccard = try Self.thresholds.map { try value("jaccard_\($0)") }
    }
}
