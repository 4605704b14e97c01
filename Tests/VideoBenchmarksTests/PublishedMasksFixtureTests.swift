import Foundation
import Media
import Support
import TestSupport
import Testing

@testable import VideoBenchmarks

/// Masks of OSVOS as published, and the first mask copied into every frame, on DAVIS 2016: under three conventions, against the official
/// programs. (What warps the first mask by optical flow cannot be made here.)
@Suite("Published masks", .enabled(if: PublishedMasks.root != nil, Comment(rawValue: Fixtures.missing)))
struct PublishedMasksFixtureTests {
    private static let results = PublishedMasks.results
    private static let root = PublishedMasks.root

    struct Convention: Sendable {
        var name: String
        var protocolName: ScoringProtocol
        var allFrames: Bool
    }

    private static let conventions = [
        Convention(name: "davis2016", protocolName: .davis2016, allFrames: false),
        Convention(name: "davis2017_semisupervised", protocolName: .davis, allFrames: false),
        Convention(name: "all_frames", protocolName: .davis2016, allFrames: true),
    ]

    private func truth() throws -> MaskFolder {
        try MaskFolder(try #require(Self.root).appendingPathComponent("Annotations/480p").path)
    }

    private func score(_ results: MaskFolder, _ convention: Convention) async throws -> ScoreReport {
        let truth = try truth()
        var scorer = FolderScorer(convention.protocolName)
        if convention.allFrames { scorer.rules.frames = .all }
        scorer.sequences = results.names.filter { truth.sequences[$0] != nil }
        return try await scorer.score(truth: truth, results: results)
    }

    private func expect(_ report: ScoreReport, equals convention: [String: Any]) throws {
        let expected = try #require(convention["per_sequence"] as? [String: [String: Any]])
        #expect(!report.objects.isEmpty)
        for score in report.objects {
            let entry = try #require(expected[score.sequence])
            for (statistics, key) in [(score.j, "J"), (score.f, "F")] {
                let wanted = try #require(entry[key] as? [String: Any])
                #expect(isEqual(statistics.mean, number(wanted["mean"])), "\(score.sequence)")
                #expect(isEqual(statistics.recall, number(wanted["recall"])), "\(score.sequence)")
                #expect(isEqual(statistics.decay, number(wanted["decay"])), "\(score.sequence)")
            }
        }
        // Means are over all sequences, and over groups of them, of which those that are here may be one.
        let means = convention.filter { $0.key.hasPrefix("global") }.compactMapValues { $0 as? [String: Any] }
        if report.objects.count == expected.count {
            #expect(report.mean.equals(try #require(means["global"])))
        } else if means.count > 1 {
            #expect(means.values.contains { report.mean.equals($0) })
        }
    }

    @Test(arguments: conventions) func statistics(_ convention: Convention) async throws {
        let fixture = try EvaluationFixture("davis-osvos", "statistics.json")
        let report = try await score(MaskFolder(Self.results.path), convention)
        try expect(report, equals: try #require(fixture["conventions", convention.name] as? [String: Any]))
    }

    @Test func everyFrame() async throws {
        let fixture = try EvaluationFixture("davis-osvos", "per-frame.json")
        let expected = try #require(fixture["sequences"] as? [String: [String: Any]])
        let report = try await score(MaskFolder(Self.results.path), Convention(name: "", protocolName: .davis2016, allFrames: true))
        #expect(!expected.isEmpty)
        for (sequence, entry) in expected {
            let score = try scored(report.object(sequence, 1))
            #expect(isEqual(score.jValues, numbers(entry["J"])) && isEqual(score.fValues, numbers(entry["F"])), "\(sequence)")
        }
    }

    @Test("The reader of DAVIS 2016's own lists comes to the same") func listed() throws {
        let fixture = try EvaluationFixture("davis-osvos", "statistics.json")
        let expected = try #require(fixture["conventions", "davis2016", "per_sequence"] as? [String: [String: Any]])
        let folder = try Fixtures.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let (truth, results) = (try truth(), try MaskFolder(Self.results.path))
        let list = folder.appendingPathComponent("list.txt")
        try Data(results.names.filter { truth.sequences[$0] != nil }.joined(separator: "\n").utf8).write(to: list)
        let report = try DAVIS2016(root: try #require(Self.root).path, list: list.path).score(results: results.path)
        #expect(!report.sequences.isEmpty)
        for (name, entry) in report.sequences {
            let (j, f) = (expected[name]?["J"] as? [String: Any], expected[name]?["F"] as? [String: Any])
            #expect(isEqual([entry.j, entry.jRecall, entry.jDecay], ["mean", "recall", "decay"].map { number(j?[$0]) }), "\(name)")
            #expect(isEqual([entry.f, entry.fRecall, entry.fDecay], ["mean", "recall", "decay"].map { number(f?[$0]) }), "\(name)")
        }
        let object = try #require(try JSONSerialization.jsonObject(with: report.json()) as? [String: Any])
        #expect(Set(try #require(object["mean"] as? [String: Double]).keys) == ["j", "f", "jf"])
    }

    // MARK: Baselines

    private static let hasBaselines = Fixtures.hasEvaluation("baselines/baselines.json")

    @Test(.enabled(if: hasBaselines, Comment(rawValue: Fixtures.missing)), arguments: conventions)
    func publishedBaseline(_ convention: Convention) async throws {
        try expect(baseline: "osvos", await score(MaskFolder(Self.results.path), convention), convention)
    }

    @Test(.enabled(if: hasBaselines, Comment(rawValue: Fixtures.missing)), arguments: conventions)
    func copiedFirstMask(_ convention: Convention) async throws {
        let folder = try Fixtures.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let fixture = try EvaluationFixture("baselines", "baselines.json")
        let names = try #require(fixture["methods", "copy_first"] as? [String: Any]).keys
        let truth = try truth()
        for sequence in names.compactMap({ truth.sequences[$0] }) {
            let target = folder.appendingPathComponent(sequence.name)
            try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
            for frame in sequence.frames {
                try FileManager.default.copyItem(
                    atPath: sequence.file(sequence.frames[0]), toPath: target.appendingPathComponent("\(frame).png").path)
            }
        }
        try expect(baseline: "copy_first", await score(MaskFolder(folder.path), convention), convention)
    }

    private func expect(baseline name: String, _ report: ScoreReport, _ convention: Convention) throws {
        let fixture = try EvaluationFixture("baselines", "baselines.json")
        try expect(report, equals: try #require(fixture["all_statistics", name, convention.name] as? [String: Any]))
        guard (fixture["convention"] as? String)?.hasPrefix(convention.name) == true else { return }
        for sequence in report.sequences {
            let entry = fixture["methods", name, sequence.name] as? [String: Any]
            let (found, wanted) = ([sequence.means.j, sequence.means.f, sequence.means.jf], ["J", "F", "JF"].map { number(entry?[$0]) })
            #expect(isEqual(found, wanted), "\(sequence.name)")
        }
    }
}

struct DAVIS2016Tests {
    @Test func missingResultsAreNamed() throws {
        let folders = try MaskFolders()
        defer { folders.remove() }
        for frame in 0..<4 {
            try folders.write("Annotations/480p/a/0\(frame).png", [1: 5])
            try folders.write("JPEGImages/480p/a/0\(frame).png", [1: 5])
        }
        try folders.writeBytes("list.txt", Data("a\n".utf8))
        let dataset = try DAVIS2016(root: folders.root.path, list: folders.path("list.txt"))
        #expect(throws: FileError.notFound(path: folders.path("results/a/01.png"))) {
            try dataset.score(results: folders.path("results"))
        }
    }
}

private enum PublishedMasks {
    static let results = Fixtures.evaluation.appendingPathComponent("davis-osvos/results")

    /// The data set that has the truth.
    static let root = Fixtures.evaluationDataset(with: (try? FileManager.default.contentsOfDirectory(atPath: results.path)) ?? [])
}
