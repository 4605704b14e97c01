import Foundation
import Media
import TestSupport
import Testing

@testable import VideoBenchmarks

/// What does not fit between truth and results is said by every protocol, in every form of report.
@Suite("Truth and results that do not fit, by protocol")
struct MismatchTests {
    private static let frames = ["00", "01", "02", "03", "04", "05"]

    /// - Parameters:
    ///   - truth, results: the id of the one box.
    ///   - surplus: names of further frames of the results.
    private func withFolders(
        _ truth: UInt16, _ results: UInt16, frames: [String] = frames, surplus: [String] = [], _ body: (MaskFolders) async throws -> Void
    ) async throws {
        let folders = try MaskFolders()
        defer { folders.remove() }
        for frame in frames { try folders.write("truth/a/\(frame).png", [truth: 5]) }
        for frame in frames + surplus { try folders.write("results/a/\(frame).png", [results: 5]) }
        let meta: [String: Any] = ["videos": ["a": ["objects": ["1": ["category": "thing", "frames": frames]]]]]
        try folders.writeBytes("meta.json", JSONSerialization.data(withJSONObject: meta))
        try await body(folders)
    }

    private func score(_ name: ScoringProtocol, _ folders: MaskFolders) async throws -> ScoreReport {
        let needsDescription = name.rules.objects == .described
        let description = needsDescription ? try DatasetDescription(path: folders.path("meta.json")) : nil
        return try await folders.score(name) { $0.description = description }
    }

    /// Whether a finding is in every form of report, and what `--strict` refuses.
    private func expectSaid(_ kind: ScoringFinding.Kind, in score: ScoreReport, _ name: ScoringProtocol) throws {
        let finding = try #require(score.findings.first { $0.kind == kind && $0.sequence == "a" }, "\(name): \(score.findings)")
        #expect(finding.isMismatch)
        let report = EvaluationReport(title: "t", ran: [], rows: [.init(setting: "s", runs: [.init(seed: nil, score: score)])])
        let forms = [
            String(decoding: try score.json(), as: UTF8.self), String(decoding: try report.json(), as: UTF8.self), report.csv,
            report.markdown, try report.html(),
        ]
        for (place, form) in forms.enumerated() { #expect(form.contains(kind.rawValue), "\(name), form \(place)") }
    }

    @Test("Frames of the results that the truth does not have", arguments: ScoringProtocol.allCases)
    func surplusFrames(name: ScoringProtocol) async throws {
        for surplus in [["09"], ["x"]] {
            try await withFolders(1, 1, surplus: surplus) { folders in
                let score = try await score(name, folders)
                try expectSaid(.surplusFrame, in: score, name)
                #expect(score.mean.j == 1)
            }
        }
        try await withFolders(1, 1) { folders in
            let score = try await score(name, folders)
            #expect(score.findings.isEmpty)
        }
    }

    @Test(
        "Where every n-th frame is annotated, results have those between, and no others",
        arguments: [ScoringProtocol.youTubeVOS, .lvos, .saV, .vosBenchmark])
    func framesBetween(name: ScoringProtocol) async throws {
        let annotated = ["00005", "00010", "00015", "00020"]
        try await withFolders(1, 1, frames: annotated, surplus: ["00001", "00006", "00019", "00024"]) { folders in
            let score = try await score(name, folders)
            #expect(score.findings.isEmpty)
        }
        // A frame that the truth should have, and frames beside a truth whose steps differ.
        try await withFolders(1, 1, frames: ["00005", "00010", "00020", "00025", "00030"], surplus: ["00015", "00016"]) { folders in
            let score = try await score(name, folders)
            #expect(score.findings.map(\.kind) == [.surplusFrame] && score.findings[0].message.contains("00015"))
        }
        try await withFolders(1, 1, frames: ["00005", "00006", "00016", "00019"], surplus: ["00011", "00017"]) { folders in
            let score = try await score(name, folders)
            #expect(score.findings.isEmpty)
        }
        try await withFolders(1, 1, frames: ["5", "05", "005", "6"], surplus: ["9", "7"]) { folders in
            let score = try await score(name, folders)
            #expect(score.findings.contains { $0.kind == .surplusFrame })
        }
        for stray in ["00000", "00025", "99999999999999999999", "-0001", "00006a"] {
            try await withFolders(1, 1, frames: annotated, surplus: ["00006", stray]) { folders in
                let score = try await score(name, folders)
                try expectSaid(.surplusFrame, in: score, name)
                #expect(score.findings.first { $0.kind == .surplusFrame }?.count == 1)
            }
        }
    }

    @Test("0/1 against 0/255", arguments: ScoringProtocol.allCases)
    func levels(name: ScoringProtocol) async throws {
        try await withFolders(1, 255) { folders in
            if name == .davis2017 || name == .davisUnsupervised {
                // The official program refuses an id above the number of objects.
                await #expect(throws: ScoringError.self) { try await score(name, folders) }
            } else {
                let score = try await score(name, folders)
                try expectSaid(.levels, in: score, name)
                #expect(score.mean.j == 1)
            }
        }
        try await withFolders(255, 1) { folders in
            if name == .davis2017 {
                await #expect(throws: ScoringError.binaryTruth(sequence: "a")) { try await score(name, folders) }
            } else {
                let score = try await score(name, folders)
                try expectSaid(.levels, in: score, name)
                #expect(name == .davisUnsupervised ? score.objects.isEmpty : score.mean.j == 1)
            }
        }
    }

    @Test("Masks of our own count ids from 1, also where DAVIS 2016 has 255")
    func ownLevels() async throws {
        try await withFolders(255, 1) { folders in
            let score = try await folders.score(.davis2016) { $0.rules.expectsOtherLevels = true }
            #expect(score.findings.isEmpty && score.mean.j == 1)
        }
    }

    @Test("Objects that have folders belong together by name, by number only where the name is one")
    func folderNames() async throws {
        let folders = try MaskFolders()
        defer { folders.remove() }
        for frame in 0..<4 {
            for (object, left) in [("cat", 5), ("dog", 30)] { try folders.write("truth/a/\(object)/\(frame).png", [1: left]) }
            // The cat is missing: what stands first here is the dog.
            try folders.write("results/a/dog/\(frame).png", [1: 30])
            try folders.write("results/a/1/\(frame).png", [1: 5])
        }
        let score = try await folders.score(.saV)
        let values = Dictionary(uniqueKeysWithValues: score.objects.map { ($0.label, $0.j.mean) })
        #expect(values == ["cat": 0, "dog": 1])
        #expect(Set(score.findings.map(\.kind)) == [.missingObject, .surplusObject])
    }

    @Test("Tubes with too few or too many frames, for no video, and videos without any")
    func tubes() async throws {
        let folder = try Fixtures.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        func write(_ name: String, _ value: Any) throws -> String {
            let url = folder.appendingPathComponent(name)
            try JSONSerialization.data(withJSONObject: value).write(to: url)
            return url.path
        }
        var mask = Mask(width: 8, height: 8)
        mask[2, 2] = true
        let shape: [String: Any] = ["size": [8, 8], "counts": RunLengthMask(mask).compressed]
        let truth = try write(
            "truth.json",
            [
                "videos": (1...3).map { ["id": $0, "width": 8, "height": 8, "length": 2] }, "categories": [["id": 1]],
                "annotations": (1...2).map {
                    ["id": 1, "video_id": $0, "category_id": 1, "segmentations": [shape, shape], "areas": [1, 1]] as [String: Any]
                },
            ] as [String: Any])
        let results = try write(
            "results.json",
            [(1, 1), (2, 3), (9, 2)].map { video, frames in
                ["video_id": video, "category_id": 1, "score": 0.5, "segmentations": Array(repeating: shape, count: frames)]
                    as [String: Any]
            })
        let (_, findings) = try await VideoInstanceResults.score(truth: truth, results: results, categories: .agnostic)
        #expect(Set(findings.map(\.kind)) == [.missingFrame, .surplusFrame, .surplusSequence, .missingSequence, .repeatedObject])
        #expect(findings.allSatisfy { $0.isMismatch })
    }

    @Test("Annotations of tubes that share an id, and that have fewer or more frames than their video")
    func tubesOfTruth() throws {
        func tube(_ id: Int, _ video: Int, frames: Int) -> InstanceTube {
            InstanceTube(id: id, video: video, category: 1, masks: Array(repeating: nil, count: frames))
        }
        let json = #"[{"id": 1, "width": 8, "height": 8, "length": 3}, {"id": 2, "width": 8, "height": 8, "file_names": ["a", "b"]}]"#
        let videos = try JSONDecoder().decode([VideoInstanceTruth.Video].self, from: Data(json.utf8))
        let fine = [tube(1, 1, frames: 3), tube(2, 2, frames: 2)]
        #expect(VideoInstanceTruth(videos: videos, categories: [1], tubes: fine).findings.isEmpty)
        let tubes = fine + [tube(1, 1, frames: 3), tube(2, 1, frames: 2), tube(3, 2, frames: 4)]
        let findings = VideoInstanceTruth(videos: videos, categories: [1], tubes: tubes).findings
        #expect(findings.map(\.kind) == [.repeatedObject, .missingFrame, .surplusFrame] && findings.map(\.count) == [2, 1, 1])
        #expect(findings.allSatisfy { $0.isMismatch })
    }
}
