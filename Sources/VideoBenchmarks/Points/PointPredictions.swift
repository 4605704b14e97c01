import Media
import PointTrackers

/// A tracker's answers for one video in the arrays that TAP-Vid's programs take (`compute_tapvid_metrics`), without their batch dimension.
/// Places are in pixels of a frame of 256x256 (`PointScores.raster`), pixel centres at +0.5.
public struct PointPredictions: Sendable, Equatable {
    public let queryCount: Int
    public let frameCount: Int
    /// For each query its frame, y and x: `query_points`, N x 3.
    public let queryPoints: [Float]
    /// For each query and frame x and y: `tracks`, N x T x 2.
    public let tracks: [Float]
    /// For each query and frame whether the point is said to be hidden: `occluded`, N x T.
    public let occluded: [Bool]

    /// - Parameters:
    ///   - queries: in TAP-Vid's order, which its own programs make them in.
    ///   - tracks: of these queries.
    ///   - size: of the frames that the tracker worked on.
    public init(of queries: [TruthQuery], truth: PointTruth, tracks: PointTracks, size: ImageSize) {
        let raster = SIMD2(Double(PointScores.raster.width), Double(PointScores.raster.height))
        let scale = raster / SIMD2(Double(size.width), Double(size.height))
        (queryCount, frameCount) = (queries.count, truth.frameCount)
        queryPoints = queries.flatMap { query in
            let position = truth.position(query.point, query.frame) * raster
            return [Float(query.frame), Float(position.y), Float(position.x)]
        }
        self.tracks = tracks.points.flatMap { point in
            let position = SIMD2(Double(point.position.x), Double(point.position.y)) * scale
            return [Float(position.x), Float(position.y)]
        }
        occluded = tracks.points.map { !$0.isVisible }
    }

    /// The arrays in a file for `numpy.load`.
    /// - Throws: `NumpyArchive.TooLarge`.
    func npz() throws -> [UInt8] {
        var archive = NumpyArchive()
        try archive.add("query_points", shape: [queryCount, 3], queryPoints)
        try archive.add("tracks", shape: [queryCount, frameCount, 2], tracks)
        try archive.add("occluded", shape: [queryCount, frameCount], occluded)
        return try archive.finished()
    }
}
