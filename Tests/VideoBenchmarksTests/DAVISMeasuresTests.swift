import Foundation
import Media
import Support
import TestSupport
import Testing
import VideoBenchmarks

private let folder = "evaluation-fixtures"

private func decode<T: Decodable>(_ path: String) throws -> T {
    try JSONDecoder().decode(T.self, from: Data(contentsOf: Fixtures.url("\(folder)/\(path)")))
}

private func isClose(_ a: Double, _ b: Double?) -> Bool {
    guard let b else { return a.isNaN }
    return abs(a - b) < 1e-9
}

/// Against the official DAVIS programs.
@Suite(.enabled(if: Fixtures.has(folder), Comment(rawValue: Fixtures.missing)))
struct DAVISMeasuresTests {
    private struct Published: Decodable {
        struct Convention: Decodable {
            var per_sequence: [String: Sequence]
            var global_open8: [String: Double]
        }
        struct Sequence: Decodable {
            var J: [String: Double]
            var F: [String: Double]
            var JF_mean: Double
        }
        var conventions: [String: Convention]
    }

    @Test(.enabled(if: Fixtures.has("datasets/davis2016-open"), Comment(rawValue: Fixtures.missing)))
    func publishedMasksScoreAsPublished() throws {
        let fixture: Published = try decode("davis-osvos/statistics.json")
        let expected = try #require(fixture.conventions["davis2016"])
        let root = Fixtures.url("datasets/davis2016-open")
        let dataset = try DAVIS2016(root: root.path, list: root.appendingPathComponent("ImageSets/480p/val-open.txt").path)
        #expect(dataset.sequences.count == 8)
        let report = try dataset.score(results: Fixtures.url("\(folder)/davis-osvos/results").path)
        for (name, entry) in report.sequences {
            let wanted = try #require(expected.per_sequence[name])
            #expect(isClose(entry.j, wanted.J["mean"]) && isClose(entry.f, wanted.F["mean"]), "\(name)")
            #expect(isClose(entry.jRecall, wanted.J["recall"]) && isClose(entry.fRecall, wanted.F["recall"]), "\(name)")
            #expect(isClose(entry.jDecay, wanted.J["decay"]) && isClose(entry.fDecay, wanted.F["decay"]), "\(name)")
            #expect(isClose(entry.jf, wanted.JF_mean), "\(name)")
        }
        #expect(isClose(report.mean.j, expected.global_open8["J_mean"]))
        #expect(isClose(report.mean.f, expected.global_open8["F_mean"]))
        let object = try #require(try JSONSerialization.jsonObject(with: report.json()) as? [String: Any])
        let mean = try #require(object["mean"] as? [String: Double])
        #expect(Set(mean.keys) == ["j", "f", "jf"])
    }

    @Test(.enabled(if: Fixtures.has("datasets/davis2016-open"), Comment(rawValue: Fixtures.missing)))
    func missingResultsAreNamed() throws {
        let root = Fixtures.url("datasets/davis2016-open")
        let dataset = try DAVIS2016(root: root.path, list: root.appendingPathComponent("ImageSets/480p/val-open.txt").path)
        let empty = try Fixtures.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: empty) }
        #expect(throws: FileError.notFound(path: empty.appendingPathComponent("blackswan/00001.png").path)) {
            try dataset.score(results: empty.path)
        }
    }
}
