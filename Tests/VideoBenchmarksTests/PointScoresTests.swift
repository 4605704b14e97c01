import Foundation
import Media
import TestSupport
import Testing

@testable import VideoBenchmarks

func pointData(_ name: String) -> URL { Fixtures.packageRoot.appendingPathComponent("Tests/Data/\(name)") }

/// Against the official TAP-Vid program (Scripts/point-fixtures.py).
@Suite("TAP-Vid's queries and measures")
struct PointScoresTests {
    struct Cases: Decodable {
        struct Case: Decodable {
            var name: String
            var mode: QueryMode
            var frames: Int
            var points: [[[Double]]]
            var occluded: [[Int]]
            var queries: [[Double]]
            var predicted: [[[Double]]]
            var predictedOccluded: [[Int]]
            var metrics: [String: Double?]
        }
        var cases: [Case]
    }

    @Test("Queries and measures equal the official program's, in both modes, also where nothing counts")
    func official() throws {
        let cases = try JSONDecoder().decode(Cases.self, from: Data(contentsOf: pointData("tapvid-measures.json"))).cases
        #expect(cases.count == 10)
        for item in cases {
            let truth = try PointTruth(
                pointCount: item.points.count, frameCount: item.frames, positions: item.points.joined().map { SIMD2($0[0], $0[1]) },
                occluded: item.occluded.joined().map { $0 != 0 }, name: item.name)
            let queries = truth.queries(item.mode)
            try #require(queries.count == item.queries.count, "\(item.name) \(item.mode)")
            for (query, wanted) in zip(queries, item.queries) {
                let position = truth.position(query.point, query.frame) * 256
                #expect(query.frame == Int(wanted[0]) && position == SIMD2(wanted[1], wanted[2]))
            }
            let scores = PointScores(
                of: queries, mode: item.mode, truth: truth,
                position: { SIMD2(item.predicted[$0][$1][0], item.predicted[$0][$1][1]) },
                isVisible: { item.predictedOccluded[$0][$1] == 0 })
            #expect(Set(scores.named.map(\.name)) == Set(item.metrics.keys))
            for (name, value) in scores.named {
                if let wanted = item.metrics[name] ?? nil {
                    #expect(abs(value - wanted) < 1e-12, "\(item.name) \(item.mode) \(name)")
                } else {
                    #expect(value.isNaN, "\(item.name) \(item.mode) \(name)")
                }
            }
        }
    }

    private func scores(_ value: Double, _ jaccard: Double) -> PointScores {
        PointScores(occlusionAccuracy: value, pointsWithin: [value, value, 1, 1, 1], jaccard: [jaccard, 0, 0, 0, 0])
    }

    @Test("Means leave out what is undefined")
    func means() {
        let mean = PointScores.mean([scores(0.5, .nan), scores(1, 0.5), scores(.nan, 0.25)])
        #expect(mean.occlusionAccuracy == 0.75 && mean.jaccard[0] == 0.375 && mean.pointsWithin == [0.75, 0.75, 1, 1, 1])
        #expect(abs(mean.averagePointsWithin - 0.9) < 1e-12 && abs(mean.averageJaccard - 0.075) < 1e-12)
        #expect(PointScores.mean([]).occlusionAccuracy.isNaN)
    }

    @Test("Predictions without a place are misses, not traps")
    func notFinite() throws {
        let truth = try PointTruth(pointCount: 1, frameCount: 2, positions: [.zero, .zero], occluded: [false, false], name: "x")
        let scores = PointScores(
            of: truth.queries(.first), mode: .first, truth: truth, position: { _, _ in SIMD2(.nan, .infinity) }, isVisible: { _, _ in true }
        )
        #expect(scores.averagePointsWithin == 0 && scores.averageJaccard == 0 && scores.occlusionAccuracy == 1)
    }

    @Test("Truth that does not fit is refused")
    func refusals() {
        #expect(throws: PointBenchmarkError.self) {
            try PointTruth(pointCount: 2, frameCount: 2, positions: [.zero], occluded: [true], name: "x")
        }
        #expect(throws: PointBenchmarkError.notFinite(video: "x", point: 1, frame: 0)) {
            try PointTruth(pointCount: 2, frameCount: 1, positions: [.zero, SIMD2(.nan, 0)], occluded: [false, false], name: "x")
        }
        #expect(throws: Never.self) {
            try PointTruth(pointCount: 1, frameCount: 1, positions: [SIMD2(.nan, 0)], occluded: [true], name: "x")
        }
        #expect(throws: PointBenchmarkError.self) {
            try PointTruth(pointCount: Int.max, frameCount: 2, positions: [], occluded: [], name: "x")
        }
    }

    @Test("Scores survive their report; another evaluation's report is not gone on with")
    func report() throws {
        let folder = try Fixtures.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        var report = PointReport(settings: ["mode": "first", "tracker": "x"])
        report.add(.init(name: "a,\"b\"", frames: 3, queries: 2, seconds: 0.5, scores: scores(0.5, .nan)))
        report.add(.init(name: "c", frames: 4, queries: 1, seconds: 0.5, scores: scores(1, 0.5)))
        try report.write(to: folder.path)
        let read = try PointReport.resume(in: folder.path, settings: report.settings)
        #expect(read.videos.map(\.name) == ["a,\"b\"", "c"] && read.contains("c") && !read.complete)
        #expect(read.videos[0].scores.jaccard[0].isNaN && read.videos[1].scores == report.videos[1].scores)
        let lines = try String(contentsOf: folder.appendingPathComponent("scores.csv"), encoding: .utf8).split(separator: "\n")
        try #require(lines.count == 4)
        #expect(lines[1].hasPrefix("\"a,\"\"b\"\"\",3,2,0.500,,"))
        #expect(lines[3].hasPrefix("mean,7,3,1.000,"))
        let object =
            try JSONSerialization.jsonObject(with: Data(contentsOf: folder.appendingPathComponent("scores.json"))) as? [String: Any]
        #expect((object?["mean"] as? [String: Any])?["occlusion_accuracy"] as? Double == 0.75)
        #expect(throws: PointBenchmarkError.self) {
            try PointReport.resume(in: folder.path, settings: ["mode": "strided", "tracker": "x"])
        }
        try Data("{".utf8).write(to: folder.appendingPathComponent("scores.json"))
        #expect(throws: PointBenchmarkError.self) { try PointReport.resume(in: folder.path, settings: report.settings) }
        #expect(try PointReport.resume(in: folder.path + "/absent", settings: [:]).videos.isEmpty)
    }
}
