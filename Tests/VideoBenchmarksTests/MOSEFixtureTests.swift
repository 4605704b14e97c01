import Foundation
import TestSupport
import Testing
import VideoBenchmarks

/// Objects that disappear and return, by DAVIS's rule and by vos-benchmark's.
@Suite(.enabled(if: Fixtures.hasEvaluation("mose"), Comment(rawValue: Fixtures.missing)))
struct MOSEFixtureTests {
    @Test func davisRule() async throws {
        let fixture = try EvaluationFixture("mose")
        let report = try await FolderScorer(.mose).score(truth: fixture.masks("GroundTruth"), results: fixture.masks("results"))
        try expect(report, equals: fixture.root, values: true)
    }

    @Test(arguments: ["skip_first_and_last", "all_frames"])
    func vosBenchmark(_ convention: String) async throws {
        let fixture = try EvaluationFixture("mose")
        var scorer = FolderScorer(.vosBenchmark)
        if convention == "all_frames" { scorer.rules.frames = .all }
        let report = try await scorer.score(truth: fixture.masks("GroundTruth"), results: fixture.masks("results"))
        try expect(report, equals: try #require(fixture["vos_benchmark", convention] as? [String: Any]), values: false)
    }

    private func expect(_ report: ScoreReport, equals expected: [String: Any], values: Bool) throws {
        let objects = try #require(expected["objects"] as? [String: [String: Any]])
        #expect(report.objects.count == objects.count && !objects.isEmpty)
        for (name, entry) in objects {
            let parts = name.split(separator: "/")
            let score = try scored(report.object(String(parts[0]), try integer(String(parts[1]))))
            if values {
                #expect(isEqual(score.jValues, numbers(entry["J"])) && isEqual(score.fValues, numbers(entry["F"])), "\(name)")
            }
            #expect(isEqual(score.j.mean, number(entry["J_mean"])) && isEqual(score.f.mean, number(entry["F_mean"])), "\(name)")
        }
        #expect(isEqual(report.mean.j, number(expected["J"])) && isEqual(report.mean.f, number(expected["F"])))
        #expect(isEqual(report.mean.jf, number(expected["JF"])))
    }
}
