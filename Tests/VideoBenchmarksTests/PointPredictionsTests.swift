import Foundation
import Media
import PointTrackers
import TensorFiles
import TestSupport
import Testing

@testable import VideoBenchmarks

@Suite("Predictions in TAP-Vid's arrays")
struct PointPredictionsTests {
    /// Every array of an archive: its shape and its elements as numbers.
    static func arrays(_ archive: Data) throws -> [String: (shape: [Int], values: [Float])] {
        let zip = try #require(StoredZip(archive))
        // With the checksums that are right.
        #expect(zip.records.map { StoredZip.checksum($0.bytes) } == checksums(archive))
        return try Dictionary(
            uniqueKeysWithValues: zip.records.map { record in
                let file = try NumpyFile(data: Data(record.bytes), name: record.name)
                let tensor = try file.tensor(NumpyFile.arrayName)
                return (record.name, (tensor.shape, tensor.values))
            })
    }

    /// Those in the archive's directory, in order.
    private static func checksums(_ archive: Data) -> [UInt32] {
        let bytes = [UInt8](archive)
        func number(_ offset: Int, _ size: Int) -> Int { (0..<size).reversed().reduce(0) { $0 << 8 | Int(bytes[offset + $1]) } }
        var position = number(bytes.count - 6, 4)
        return (0..<number(bytes.count - 12, 2)).map { _ in
            defer { position += 46 + number(position + 28, 2) }
            return UInt32(number(position + 16, 4))
        }
    }

    @Test("A known clip with a known tracker, at another size than the raster's", arguments: [QueryMode.first, .strided])
    func arrays(mode: QueryMode) throws {
        let folder = try Fixtures.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let video = try SyntheticClips(count: 1, seed: 4, size: ImageSize(width: 64, height: 48), frameCount: 7, pointCount: 5).video(at: 0)
        let output = PredictionFolder(folder.appendingPathComponent("tracks").path)
        let evaluation = PointEvaluation(tracker: LucasKanadeTracker(), mode: mode, resolution: nil)
        #expect(!output.holds("clip-000"))
        let outcome = try evaluation.run(video, writingTo: output)
        #expect(outcome.scores == (try evaluation.run(video).scores))
        #expect(output.holds("clip-000"))
        let arrays = try Self.arrays(Data(contentsOf: folder.appendingPathComponent("tracks/clip-000.npz")))
        #expect(Set(arrays.keys) == ["query_points.npy", "tracks.npy", "occluded.npy"])
        let (queries, tracks, occluded) = (
            try #require(arrays["query_points.npy"]), try #require(arrays["tracks.npy"]), try #require(arrays["occluded.npy"])
        )
        let wanted = video.truth.queries(mode)
        #expect(queries.shape == [wanted.count, 3] && tracks.shape == [wanted.count, 7, 2] && occluded.shape == [wanted.count, 7])
        for (index, query) in wanted.enumerated() {
            let position = video.truth.position(query.point, query.frame) * 256
            #expect(Array(queries.values[(3 * index)..<(3 * index + 3)]) == [Float(query.frame), Float(position.y), Float(position.x)])
            // In its own frame a point is where it was asked for.
            let start = 2 * (7 * index + query.frame)
            #expect(abs(tracks.values[start] - Float(position.x)) < 1e-3 && abs(tracks.values[start + 1] - Float(position.y)) < 1e-3)
        }
        // Judged from the arrays alone, the scores are those of the report.
        let again = PointScores(
            of: wanted, mode: mode, truth: video.truth,
            position: { SIMD2(Double(tracks.values[2 * (7 * $0 + $1)]), Double(tracks.values[2 * (7 * $0 + $1) + 1])) },
            isVisible: { occluded.values[7 * $0 + $1] == 0 })
        #expect(again == outcome.scores)
        #expect(Set(occluded.values).isSubset(of: [0, 1]))
    }

    @Test("Without points the arrays are empty")
    func empty() throws {
        let video = try SyntheticClips(count: 1, seed: 4, size: ImageSize(width: 64, height: 48), frameCount: 3, pointCount: 0).video(at: 0)
        let tracks = try LucasKanadeTracker().follow([], on: FrameStore(video.frames))
        let predictions = PointPredictions(of: [], truth: video.truth, tracks: tracks, size: video.frames.size)
        let arrays = try Self.arrays(Data(predictions.npz()))
        #expect(
            arrays["tracks.npy"]?.shape == [0, 3, 2] && arrays["occluded.npy"]?.shape == [0, 3]
                && arrays["query_points.npy"]?.shape == [0, 3])
    }

    @Test(
        "Names of videos do not lead out of the folder; a file's name may come before",
        arguments: ["..", "../x", "a/../../x", "/x", "a//x", "a/"])
    func names(name: String) throws {
        let folder = try Fixtures.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let output = PredictionFolder(folder.appendingPathComponent("tracks").path)
        let video = try SyntheticClips(count: 1, seed: 4, size: ImageSize(width: 64, height: 48), frameCount: 2, pointCount: 1).video(at: 0)
        let tracks = try LucasKanadeTracker().follow([], on: FrameStore(video.frames))
        let predictions = PointPredictions(of: [], truth: video.truth, tracks: tracks, size: video.frames.size)
        #expect(throws: VideoNameError.self) { try output.write(predictions, of: name) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
        try output.write(predictions, of: "0000_of_0010.pkl/0003")
        #expect(FileManager.default.fileExists(atPath: folder.path + "/tracks/0000_of_0010.pkl/0003.npz"))
    }
}
