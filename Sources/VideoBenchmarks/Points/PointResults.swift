import Foundation
import Media
import Support
import TensorFiles

/// Tracks that some tracker made: a folder with an `.npz` of numpy for each video, in the arrays that TAP-Vid's programs take
/// (`PointPredictions`).
public struct PointResults: Sendable {
    public let folder: String

    public init(folder: String) { self.folder = folder }

    /// Scores a video's tracks.
    /// - Throws: `FileError.notFound` where the video has none; `TensorFileError`; `PointBenchmarkError.wrongShape` for arrays that do not
    ///   fit the truth; `VideoNameError`.
    public func score(_ video: PointVideo, mode: QueryMode) throws -> PointEvaluation.Outcome {
        let start = ContinuousClock.now
        let queries = video.truth.queries(mode)
        let (count, frames) = (queries.count, video.truth.frameCount)
        let path = try file(of: video.name)
        guard FileManager.default.fileExists(atPath: path) else { throw FileError.notFound(path: path) }
        let arrays = try NumpyArrays(url: URL(fileURLWithPath: path))
        let tracks = try array("tracks", [count, frames, 2], arrays, video.name)
        let occluded = try array("occluded", [count, frames], arrays, video.name)
        try compareQueries(queries, arrays, video)
        let scores = PointScores(
            of: queries, mode: mode, truth: video.truth,
            position: { query, frame in
                let place = 2 * (query * frames + frame)
                return SIMD2(Double(tracks[place]), Double(tracks[place + 1]))
            },
            // Some programs give probabilities.
            isVisible: { !(occluded[$0 * frames + $1] > 0.5) })
        let seconds = Double((ContinuousClock.now - start) / .milliseconds(1)) / 1000
        return PointEvaluation.Outcome(name: video.name, frames: frames, queries: count, seconds: seconds, scores: scores)
    }

    /// Where a video's tracks are to be.
    /// - Throws: `VideoNameError`.
    func file(of video: String) throws -> String {
        let names = try video.split(separator: "/", omittingEmptySubsequences: false).map { try VideoName(String($0), in: folder).text }
        return folder + "/" + PredictionFolder.fileName(of: names.joined(separator: "/"))
    }

    /// With or without TAP-Vid's batch dimension.
    private func array(_ name: String, _ shape: [Int], _ arrays: NumpyArrays, _ video: String) throws -> [Float] {
        guard let found = arrays.shape(of: name), let tensor = try arrays.tensor(name) else {
            throw PointBenchmarkError.wrongShape(video: video, reason: "\(arrays.file) has no array \(name)")
        }
        guard found == shape || found == [1] + shape else {
            throw PointBenchmarkError.wrongShape(video: video, reason: "\(name) in \(arrays.file) has the shape \(found), not \(shape)")
        }
        return tensor.values
    }

    /// Where the queries are named, they must be those of this mode: tracks of others would be compared with the wrong points.
    private func compareQueries(_ queries: [TruthQuery], _ arrays: NumpyArrays, _ video: PointVideo) throws {
        guard arrays.shape(of: "query_points") != nil else { return }
        let points = try array("query_points", [queries.count, 3], arrays, video.name)
        let raster = SIMD2(Double(PointScores.raster.width), Double(PointScores.raster.height))
        for (index, query) in queries.enumerated() {
            let truth = video.truth.position(query.point, query.frame) * raster
            let (frame, y, x) = (Double(points[3 * index]), Double(points[3 * index + 1]), Double(points[3 * index + 2]))
            guard frame == Double(query.frame), abs(x - truth.x) < 2, abs(y - truth.y) < 2 else {
                throw PointBenchmarkError.wrongShape(
                    video: video.name,
                    reason:
                        "query \(index) of \(arrays.file) is not that of the truth; queries are made in TAP-Vid's order, and --mode must be theirs"
                )
            }
        }
    }
}
