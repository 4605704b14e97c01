import Foundation
import TestSupport
import Testing
import VideoBenchmarks

/// Seen and unseen categories, objects that appear later.
@Suite(.enabled(if: Fixtures.hasEvaluation("youtube-vos"), Comment(rawValue: Fixtures.missing)))
struct YouTubeVOSFixtureTests {
    @Test(arguments: ["reference_excluded", "reference_included", "reference_and_last_excluded"])
    func variants(_ variant: String) async throws {
        let fixture = try EvaluationFixture("youtube-vos")
        var description = try DatasetDescription(
            path: fixture.path("meta.json"), categories: fixture.path("categories.json"),
            countsFirstFrames: variant == "reference_included")
        if variant == "reference_and_last_excluded" {
            let last = try fixture.masks("GroundTruth").sequences.mapValues { $0.frames[$0.frames.count - 1] }
            description.objects = Dictionary(
                uniqueKeysWithValues: description.objects.map { sequence, objects in
                    (
                        sequence,
                        objects.mapValues { object in
                            var object = object
                            object.frames.removeAll { $0 == last[sequence] }
                            return object
                        }
                    )
                })
        }
        let report = try await FolderScorer(.youTubeVOS, description: description).score(
            truth: fixture.masks("GroundTruth"), results: fixture.masks("results"))
        let objects = try #require(fixture["variants", variant, "objects"] as? [String: [String: Any]])
        var count = 0
        for (name, entry) in objects {
            let parts = name.split(separator: "/")
            let score = report.object(String(parts[0]), try integer(String(parts[1])))
            guard entry["scored"] as? Bool == true else {
                #expect(score == nil, "\(name)")
                continue
            }
            count += 1
            let found = try #require(score)
            #expect(found.frames == entry["frames"] as? [String], "\(name)")
            #expect(isEqual(found.jValues, numbers(entry["J"])) && isEqual(found.fValues, numbers(entry["F"])), "\(name)")
            #expect(isEqual(found.j.mean, number(entry["J_mean"])) && isEqual(found.f.mean, number(entry["F_mean"])), "\(name)")
            #expect(found.isSeen == entry["seen"] as? Bool && found.category == entry["category"] as? String, "\(name)")
        }
        #expect(report.objects.count == count && count > 0)
        let groups = Dictionary(uniqueKeysWithValues: report.groups.map { ($0.name, $0) })
        for name in ["seen", "unseen"] {
            let group = try #require(groups[name])
            #expect(isEqual(group.j, number(fixture["variants", variant, "J_\(name)"])))
            #expect(isEqual(group.f, number(fixture["variants", variant, "F_\(name)"])))
        }
        #expect(isEqual(report.overall, number(fixture["variants", variant, "G"])))
    }
}
