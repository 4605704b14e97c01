import Foundation
import Media
import TestSupport
import Testing

@testable import VideoBenchmarks

/// J, F and their statistics against the official DAVIS programs.
@Suite(.enabled(if: Fixtures.hasEvaluation("davis-boundary"), Comment(rawValue: Fixtures.missing)))
struct DAVISFixtureTests {
    private func mask(_ rows: Any?) throws -> Mask {
        let rows = try #require(rows as? [String])
        return Mask(width: rows[0].count, height: rows.count, values: rows.flatMap { $0.utf8.map { $0 == UInt8(ascii: "1") ? 1 : 0 } })
    }

    @Test func boundariesAndMeasures() throws {
        let fixture = try EvaluationFixture("davis-boundary")
        let cases = try #require(fixture["cases"] as? [[String: Any]])
        #expect(!cases.isEmpty)
        for item in cases {
            let name = item["name"] as? String ?? ""
            let (truth, prediction) = (try mask(item["gt"]), try mask(item["pred"]))
            #expect(boundary(of: truth) == (try mask(item["gt_boundary"])), "\(name)")
            #expect(boundary(of: prediction) == (try mask(item["pred_boundary"])), "\(name)")
            #expect(Double(boundaryTolerance(truth.size)) == number(item["radius"]), "\(name)")
            #expect(isEqual(regionSimilarity(BitMask(prediction), BitMask(truth)), number(item["J"])), "\(name)")
            #expect(isEqual(boundaryAccuracy(prediction, truth), number(item["F"])), "\(name)")
        }
    }

    @Test func statistics() throws {
        let cases = try #require(try EvaluationFixture("davis-statistics")["cases"] as? [[String: Any]])
        #expect(!cases.isEmpty)
        for item in cases {
            let statistics = FrameStatistics(numbers(item["values"]))
            let name = item["name"] as? String ?? ""
            #expect(isEqual(statistics.mean, number(item["mean"])), "\(name)")
            #expect(isEqual(statistics.recall, number(item["recall"])), "\(name)")
            #expect(isEqual(statistics.decay, number(item["decay_without_uint8"] ?? item["decay"])), "\(name)")
        }
    }

    @Test func severalObjectsSemiSupervised() async throws {
        let fixture = try EvaluationFixture("davis-multi-object")
        let (truth, results) = (try fixture.masks("Annotations/480p"), try fixture.masks("results"))
        let expected = try #require(fixture["semi_supervised", "objects"] as? [String: [[String: Any]]])
        var scorer = FolderScorer(.davis2017)
        scorer.sequences = try #require(fixture["semi_supervised", "sequences"] as? [String])
        let report = try await scorer.score(truth: truth, results: results)
        #expect(report.objects.count == expected.values.map(\.count).reduce(0, +))
        for (sequence, objects) in expected {
            for entry in objects {
                let score = try scored(report.object(sequence, try integer(entry["gt_id"])))
                #expect(isEqual(score.jValues, numbers(entry["J"])) && isEqual(score.fValues, numbers(entry["F"])), "\(sequence)")
                #expect(score.equals(entry), "\(sequence) \(score.object)")
            }
        }
        let all = try #require(fixture["semi_supervised", "global"] as? [String: Any])
        #expect(report.mean.equals(all))
    }

    @Test func surplusObjectsAreRefusedOrNamed() async throws {
        let fixture = try EvaluationFixture("davis-multi-object")
        let (truth, results) = (try fixture.masks("Annotations/480p"), try fixture.masks("results"))
        let refused = try #require(fixture["semi_supervised_refused"] as? [String])
        for sequence in refused {
            var official = FolderScorer(.davis2017)
            official.sequences = [sequence]
            let refusing = official
            await #expect(throws: ScoringError.self) { try await refusing.score(truth: truth, results: results) }
            var lenient = FolderScorer(.davis)
            lenient.sequences = [sequence]
            let report = try await lenient.score(truth: truth, results: results)
            #expect(report.findings.contains { $0.kind == .surplusObject && $0.sequence == sequence })
            guard let expected = fixture["\(sequence)_if_surplus_id_is_background"] as? [[String: Any]] else { continue }
            for entry in expected {
                let score = try scored(report.object(sequence, try integer(entry["gt_id"])))
                #expect(isEqual(score.jValues, numbers(entry["J"])) && isEqual(score.fValues, numbers(entry["F"])))
            }
        }
    }

    @Test func severalObjectsUnsupervised() async throws {
        let fixture = try EvaluationFixture("davis-multi-object")
        let (truth, results) = (try fixture.masks("Annotations/480p"), try fixture.masks("results"))
        let alone = fixture.root.keys.filter { $0.hasPrefix("unsupervised_") && $0.hasSuffix("_alone") }
        for key in ["unsupervised"] + alone {
            let expected = try #require(fixture[key, "objects"] as? [String: [[String: Any]]])
            var scorer = FolderScorer(.davisUnsupervised)
            scorer.sequences = expected.keys.sorted()
            let report = try await scorer.score(truth: truth, results: results)
            for (sequence, objects) in expected {
                for entry in objects {
                    let score = try scored(report.object(sequence, try integer(entry["gt_id"])))
                    #expect(isEqual(score.jValues, numbers(entry["J"])) && isEqual(score.fValues, numbers(entry["F"])), "\(sequence)")
                    #expect(score.equals(entry), "\(sequence) \(score.object)")
                }
            }
            let all = try #require(fixture[key, "global"] as? [String: Any])
            #expect(report.mean.equals(all))
        }
    }
}
