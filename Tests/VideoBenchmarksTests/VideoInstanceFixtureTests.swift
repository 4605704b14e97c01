import Foundation
import TestSupport
import Testing

@testable import VideoBenchmarks

/// AP and AR of tubes against SAM-PT's copy of the YouTube-VIS program.
@Suite(.enabled(if: Fixtures.hasEvaluation("ytvis"), Comment(rawValue: Fixtures.missing)))
struct VideoInstanceFixtureTests {
    private let fixture: EvaluationFixture
    private let truth: VideoInstanceTruth
    private let predictions: [InstanceTube]

    init() throws {
        fixture = try EvaluationFixture("ytvis")
        truth = try VideoInstanceTruth(path: fixture.path("gt.json"))
        predictions = try VideoInstanceResults.read(fixture.path("predictions.json"))
    }

    private func expect(_ report: InstanceReport, equals expected: Any?, _ name: String) throws {
        let expected = try #require(expected as? [String: Any])
        for (key, value) in report.numbers {
            // The program says -1 where there is nothing to find.
            #expect(isEqual(value.isNaN ? -1 : value, number(expected[key])), "\(name) \(key)")
        }
    }

    @Test func averages() throws {
        let agnostic = InstanceScorer(categories: .agnostic)
        try expect(
            InstanceScorer(categories: .separate).score(predictions: predictions, truth: truth),
            equals: fixture["with_categories", "stats"],
            "separate")
        try expect(agnostic.score(predictions: predictions, truth: truth), equals: fixture["class_agnostic_uvo", "stats"], "agnostic")
        try expect(
            InstanceScorer(categories: .pooled).score(predictions: predictions, truth: truth), equals: fixture["use_cats_0"], "pooled")
        try expect(
            agnostic.score(predictions: predictions.reversed(), truth: truth),
            equals: fixture["class_agnostic_reversed_prediction_order"], "reversed")
        try expect(
            agnostic.score(predictions: truth.tubes, truth: truth), equals: fixture["perfect_predictions_class_agnostic"], "perfect")
        try expect(
            agnostic.score(predictions: Array(predictions.prefix(1)), truth: truth),
            equals: fixture["first_prediction_only_class_agnostic"], "first")
    }

    @Test func categories() throws {
        let report = try InstanceScorer(categories: .separate).score(predictions: predictions, truth: truth)
        let expected = try #require(fixture["with_categories", "per_category_AP"] as? [String: Any])
        for (category, value) in expected { #expect(isEqual(report.precision(ofCategory: try integer(category)), number(value))) }
    }

    @Test(arguments: [("with_categories", InstanceScorer.Categories.separate), ("class_agnostic_uvo", .agnostic)])
    func overlaps(_ key: String, _ categories: InstanceScorer.Categories) throws {
        let cells = try InstanceScorer(categories: categories).cells(predictions, truth)
        let expected = try #require(fixture[key, "ious"] as? [String: [String: Any]])
        #expect(!expected.isEmpty)
        for (name, entry) in expected {
            let parts = name.split(separator: "/").compactMap { Int($0) }
            let cell = try #require(cells.first { $0.video == parts[0] && (categories == .agnostic || $0.category == parts[1]) })
            #expect(cell.predictions.map { $0.id - 1 } == entry["rows_prediction_index"] as? [Int], "\(name)")
            #expect(cell.truths.map(\.id) == entry["columns_gt_id"] as? [Int], "\(name)")
            let rows = try #require(entry["iou"] as? [[Any]])
            #expect(zip(cell.overlaps, rows).allSatisfy { isEqual($0, numbers($1)) } && cell.overlaps.count == rows.count, "\(name)")
        }
    }

    @Test func averageAreas() throws {
        let expected = try #require(fixture["average_area_by_gt_id"] as? [String: Any])
        for tube in truth.tubes { #expect(isEqual(tube.area, number(expected[String(tube.id)]))) }
    }

    @Test func scoresThatAreNoNumbersAreNotWritten() throws {
        let folder = try Fixtures.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        var tube = try #require(predictions.first)
        tube.score = -.infinity
        let path = folder.appendingPathComponent("results.json").path
        #expect(throws: InstanceError.self) { try VideoInstanceResults.write([tube], to: path) }
        #expect(!FileManager.default.fileExists(atPath: path))
        try VideoInstanceResults.write(Array(predictions.prefix(3)), to: path)
        #expect(try VideoInstanceResults.read(path) == Array(predictions.prefix(3)))
    }
}
