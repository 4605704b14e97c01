import Foundation
import Media
import PointTrackers
import Support
import TestSupport
import Testing

@testable import VideoBenchmarks

@Suite("Tracks that others made")
struct PointResultsTests {
    private let clips = SyntheticClips(count: 1, seed: 3, size: ImageSize(width: 96, height: 96), frameCount: 8, pointCount: 6)

    @Test("What a tracker wrote scores as the tracker did", arguments: QueryMode.allCases)
    func roundTrip(mode: QueryMode) throws {
        let folder = try Fixtures.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let video = try clips.video(at: 0)
        let evaluation = PointEvaluation(tracker: LucasKanadeTracker(), mode: mode, resolution: nil)
        let made = try evaluation.run(video, writingTo: PredictionFolder(folder.path))
        let found = try PointResults(folder: folder.path).score(video, mode: mode)
        #expect(found.queries == made.queries && found.frames == made.frames)
        for (a, b) in zip(found.scores.named, made.scores.named) { #expect(abs(a.value - b.value) < 1e-9, "\(a.name)") }
        let other: QueryMode = mode == .first ? .strided : .first
        #expect(throws: PointBenchmarkError.self) { try PointResults(folder: folder.path).score(video, mode: other) }
    }

    @Test("Missing files and damaged ones are errors that name the video")
    func faults() throws {
        let folder = try Fixtures.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let video = try clips.video(at: 0)
        let path = folder.appendingPathComponent(PredictionFolder.fileName(of: video.name)).path
        #expect(throws: FileError.notFound(path: path)) { try PointResults(folder: folder.path).score(video, mode: .first) }
        try Data("no archive".utf8).write(to: URL(fileURLWithPath: path))
        #expect(throws: (any Error).self) { try PointResults(folder: folder.path).score(video, mode: .first) }
        var archive = NumpyArchive()
        try archive.add("tracks", shape: [1, 8, 2], [Float](repeating: 0, count: 16))
        try Data(archive.finished()).write(to: URL(fileURLWithPath: path))
        #expect(throws: PointBenchmarkError.self) { try PointResults(folder: folder.path).score(video, mode: .first) }
    }
}
