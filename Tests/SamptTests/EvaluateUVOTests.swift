import Foundation
import Media
import SegmentationJobs
import TestSupport
import Testing

@testable import SamptCommands

@Suite("sampt evaluate uvo")
struct EvaluateUVOTests {
    /// Two videos of the clip's frames, with its disk as annotation and as proposal, and a proposal for a video that is not there.
    private func withDataset(_ body: (TestClip, _ arguments: [String]) throws -> Void) throws {
        let clip = try TestClip(frameCount: 3)
        defer { clip.remove() }
        var disk = Mask(width: 96, height: 72)
        for y in 22..<50 { for x in 26..<54 { disk[x, y] = true } }
        let shape: [String: Any] = ["size": [72, 96], "counts": RunLengthMask(disk).compressed]
        let names = (0..<3).map { "frames/shot-\($0).png" }
        let videos = (1...2).map { ["id": $0, "width": 96, "height": 72, "file_names": names] as [String: Any] }
        let tubes = (1...2).map { ["id": $0, "video_id": $0, "category_id": 1, "segmentations": [shape, shape, shape]] as [String: Any] }
        func write(_ name: String, _ value: Any) throws {
            try JSONSerialization.data(withJSONObject: value).write(to: URL(fileURLWithPath: clip.path(name)))
        }
        try write("annotations.json", ["videos": videos, "categories": [["id": 1]], "annotations": tubes] as [String: Any])
        try write("proposals.json", [1, 2, 77].map { ["video_id": $0, "score": 0.9, "segmentation": shape] as [String: Any] })
        try body(
            clip,
            [
                "evaluate", "uvo", "--root", clip.folder.path, "--annotations", clip.path("annotations.json"), "--proposals",
                clip.path("proposals.json"), "--tracker", "lucas-kanade",
            ])
    }

    private func text(_ clip: TestClip, _ name: String) throws -> String { try String(contentsOfFile: clip.path(name), encoding: .utf8) }

    @Test("Tubes, scores and reports; what does not fit is said; the same command again does nothing again")
    func everything() throws {
        try withDataset { clip, arguments in
            let first = try Program.run(arguments + ["--out", clip.path("out"), "--jobs", "2"])
            #expect(first.status == 0 && first.errors.contains("77"), "\(first.errors)")
            #expect(
                Set(clip.contents("out")) == [
                    "evaluation.json", "records", "report.csv", "report.html", "report.json", "report.md", "results.json", "scores.json",
                    "tubes",
                ])
            for form in ["csv", "html", "json", "md"] {
                let report = try text(clip, "out/report.\(form)")
                #expect(report.contains("surplus-sequence") && report.contains("lucas-kanade"), "\(form)")
            }
            let results = try Data(contentsOf: URL(fileURLWithPath: clip.path("out/results.json")))
            #expect((try JSONSerialization.jsonObject(with: results) as? [Any])?.count == 2)
            let again = try Program.run(arguments + ["--out", clip.path("out")])
            #expect(again.status == 0 && again.errors.contains("2 videos were there already"), "\(again.errors)")
        }
    }

    @Test("Seeds, and parts that are put together")
    func parts() throws {
        try withDataset { clip, arguments in
            for part in 1...2 {
                let outcome = try Program.run(
                    arguments + ["--out", clip.path("part\(part)"), "--shard", "\(part)/2", "--seeds", "2", "--quiet"])
                #expect(outcome.status == 0, "\(outcome.errors)")
                #expect(!clip.exists("part\(part)/report.md"))
            }
            let half = try Program.run(["evaluate", "merge", clip.path("part1"), "--out", clip.path("half")])
            #expect(half.status == CommandStatus.partial.rawValue && half.errors.contains("has not been run"), "\(half.errors)")
            let whole = try Program.run(["evaluate", "merge", clip.path("part1"), clip.path("part2"), "--out", clip.path("whole")])
            #expect(whole.status == 0, "\(whole.errors)")
            #expect(try text(clip, "whole/report.md").contains("| default | 2 |"))
            #expect(clip.contents("whole/default/seed-73/tubes") == ["1.json", "2.json"])
        }
    }

    @Test("What has no effect is refused", arguments: [["--prompt", "box"], ["--no-archive"], ["--grid", "8"]])
    func idle(arguments: [String]) throws {
        try withDataset { clip, command in
            let outcome = try Program.run(command + ["--out", clip.path("out")] + arguments)
            #expect(outcome.status == CommandStatus.usage.rawValue, "\(outcome.errors)")
        }
    }

    @Test("sampt score says the same of results that are there, in every form")
    func score() throws {
        try withDataset { clip, _ in
            let tubes = try Data(contentsOf: URL(fileURLWithPath: clip.path("annotations.json")))
            let truth = try #require(try JSONSerialization.jsonObject(with: tubes) as? [String: Any])
            var results = try #require(truth["annotations"] as? [[String: Any]])
            for place in results.indices { results[place]["score"] = 0.5 }
            results[1]["video_id"] = 77
            try JSONSerialization.data(withJSONObject: results).write(to: URL(fileURLWithPath: clip.path("results.json")))
            let command = [
                "score", "--protocol", "uvo", "--truth", clip.path("annotations.json"), "--results", clip.path("results.json"),
            ]
            let files = ["json", "csv", "html", "md"].map { clip.path("s." + $0) }
            let outcome = try Program.run(
                command + ["--json", files[0], "--csv", files[1], "--html", files[2], "--markdown", files[3]])
            #expect(outcome.status == 0 && outcome.errors.contains("77"), "\(outcome.errors)")
            for file in files {
                let report = try String(contentsOfFile: file, encoding: .utf8)
                #expect(report.contains("surplus-sequence") && report.contains("--markdown"), "\(file)")
            }
            let strict = try Program.run(command + ["--strict"])
            #expect(strict.status == CommandStatus.invalidInput.rawValue && strict.errors.contains("77"), "\(strict.errors)")
        }
    }
}
