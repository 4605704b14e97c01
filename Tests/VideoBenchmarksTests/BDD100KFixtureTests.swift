import Foundation
import TestSupport
import Testing
import VideoBenchmarks

/// Short, medium and long objects, against SAM-PT's program.
@Suite(.enabled(if: Fixtures.hasEvaluation("bdd100k"), Comment(rawValue: Fixtures.missing)))
struct BDD100KFixtureTests {
    @Test func everything() async throws {
        let fixture = try EvaluationFixture("bdd100k")
        let report = try await FolderScorer(.bdd100k).score(truth: fixture.masks("Annotations"), results: fixture.masks("results"))
        let objects = try #require(fixture["objects"] as? [[String: Any]])
        #expect(report.objects.count == objects.count && !objects.isEmpty)
        for entry in objects {
            let name = try #require(entry["Sequence"] as? String)
            let score = try #require(report.objects.first { "\($0.sequence)_\($0.object)" == name })
            #expect(isEqual(score.j.mean, number(entry["J-Mean"])) && isEqual(score.f.mean, number(entry["F-Mean"])), "\(name)")
            for (suffix, isVisible) in [("Vis", true), ("NonVis", false)] {
                let means = score.means(whereVisible: isVisible)
                #expect(isEqual(means.j, number(entry["J-Mean-\(suffix)"])), "\(name) \(suffix)")
                #expect(isEqual(means.f, number(entry["F-Mean-\(suffix)"])), "\(name) \(suffix)")
            }
            #expect(score.visibleFrames == entry["visible_frames"] as? Int, "\(name)")
            #expect(VisibilityRule.code.span(of: score.visibleFrames).rawValue == entry["short-medium-long"] as? String, "\(name)")
            for (key, statistics) in [("J", score.j), ("F", score.f)] {
                let wanted = try #require(fixture["statistics", key, name] as? [String: Any])
                #expect(
                    isEqual(statistics.recall, number(wanted["recall"])) && isEqual(statistics.decay, number(wanted["decay"])), "\(name)")
            }
        }
        let all = try #require(fixture["global"] as? [String: Any])
        let mean = report.mean
        for (key, value) in [
            ("J&F-Mean", mean.jf), ("J-Mean", mean.j), ("J-Recall", mean.jRecall), ("J-Decay", mean.jDecay), ("F-Mean", mean.f),
            ("F-Recall", mean.fRecall), ("F-Decay", mean.fDecay),
        ] { #expect(isEqual(value, number(all[key])), "\(key)") }
        let groups = Dictionary(uniqueKeysWithValues: report.groups.map { ($0.name, $0) })
        for (name, suffix) in [("short", "Short"), ("medium", "Medium"), ("long", "Long"), ("visible", "Vis"), ("invisible", "NonVis")] {
            let group = try #require(groups[name])
            #expect(isEqual(group.j, number(all["J-Mean-\(suffix)"])) && isEqual(group.f, number(all["F-Mean-\(suffix)"])), "\(name)")
            #expect(isEqual(group.jf, number(all["J&F-Mean-\(suffix)"])), "\(name)")
        }
        let missing = try #require(fixture["missing_result_frames"] as? [String: [String]])
        for (sequence, frames) in missing {
            let finding = try #require(report.findings.first { $0.kind == .missingFrame && $0.sequence == sequence })
            #expect(finding.count == frames.count)
        }
    }

    @Test func bothRulesForBorders() {
        #expect([4, 5, 6, 29, 30, 31].map { VisibilityRule.code.span(of: $0) } == [.short, .medium, .medium, .medium, .long, .long])
        #expect([4, 5, 6, 29, 30, 31].map { VisibilityRule.paper.span(of: $0) } == [.short, .short, .medium, .medium, .medium, .long])
    }
}
