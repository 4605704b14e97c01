import Foundation
import Media
import PointTrackers
import SAMPT
import TestSupport
import Testing

@testable import VideoBenchmarks

@Suite("Data sets of video instances")
struct InstanceDatasetTests {
    /// Annotations of two videos of two frames, and proposals for some ids.
    private func withFiles(proposals: [Int], _ body: (URL) async throws -> Void) async throws {
        let folder = try Fixtures.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let videos = (1...2).map { ["id": $0, "width": 16, "height": 16, "file_names": ["\($0)/0.png", "\($0)/1.png"]] as [String: Any] }
        try JSONSerialization.data(withJSONObject: ["videos": videos]).write(to: folder.appendingPathComponent("annotations.json"))
        var mask = Mask(width: 16, height: 16)
        for y in 4..<12 { for x in 4..<12 { mask[x, y] = true } }
        let empty = Mask(width: 16, height: 16)
        let entries = proposals.flatMap { id in
            [mask, empty].map { mask in
                ["video_id": id, "score": 1, "segmentation": ["size": [16, 16], "counts": RunLengthMask(mask).compressed]] as [String: Any]
            }
        }
        try JSONSerialization.data(withJSONObject: entries).write(to: folder.appendingPathComponent("proposals.json"))
        try await body(folder)
    }

    private func dataset(_ folder: URL) throws -> InstanceDataset {
        try InstanceDataset(
            root: folder.path, annotations: folder.path + "/annotations.json", proposals: folder.path + "/proposals.json")
    }

    @Test("Proposals for no video, videos without, and empty ones are named and counted")
    func findings() async throws {
        try await withFiles(proposals: [1, 7, 9]) { folder in
            let findings = try dataset(folder).findings
            #expect(findings.map(\.kind) == [.surplusSequence, .missingSequence, .emptySequence])
            #expect(findings.map(\.count) == [4, 1, 1] && findings[0].message.contains("7"))
        }
    }

    @Test("A video whose frames are absent is a failure, and the other goes on; tubes are kept until a frame changes")
    func running() async throws {
        try await withFiles(proposals: [1, 2]) { folder in
            var image = RGBImage(width: 16, height: 16, red: 40, green: 40, blue: 40)
            for y in 4..<12 { for x in 4..<12 { image[x, y] = (220, 220, 220) } }
            try FileManager.default.createDirectory(at: folder.appendingPathComponent("1"), withIntermediateDirectories: true)
            for frame in 0..<2 { try ImageFile.writePNG(image, to: folder.path + "/1/\(frame).png") }
            var evaluation = InstanceDatasetEvaluation(try dataset(folder), output: folder.path + "/out")
            evaluation.jobs = 2
            let run = EvaluationRun(folder: "", setting: "s", seed: 1, settings: ["seed": "1"])
            let entry = DatasetEvaluation.Entry(
                run: run, segmenter: VideoSegmenter(segmenter: BrightnessSegmenter(), tracker: LucasKanadeTracker()))
            let first = try await evaluation.run([entry])
            #expect(first.done.map(\.video) == ["1"] && first.failures.map(\.sequence) == ["2"])
            let again = try await evaluation.run([entry])
            #expect(again.done.isEmpty && again.kept == 1)
            let output = EvaluationOutput(
                path: evaluation.output,
                manifest: .init(
                    program: "test", command: [], processor: "", dataset: "uvo", location: evaluation.dataset.location, prompt: "",
                    runs: [run]))
            let progress = output.progress(of: run, evaluation.dataset.evaluated)
            #expect(progress.missing == ["2"] && progress.findings.contains { $0.kind == .failed && $0.sequence == "2" })
            let tubes = try output.tubes(run, progress, evaluation.dataset)
            #expect(tubes.count == 1 && tubes[0].masks.count == 2)
            // Another's folder takes over what is there, the failure with it.
            let whole = EvaluationOutput(path: folder.path + "/whole", manifest: output.manifest)
            #expect(try whole.merge([output], evaluation.dataset.evaluated) == 1)
            #expect(whole.progress(of: run, evaluation.dataset.evaluated).findings == progress.findings)
            image[0, 0] = (1, 2, 3)
            try ImageFile.writePNG(image, to: folder.path + "/1/1.png")
            #expect(try await evaluation.run([entry]).done.map(\.video) == ["1"])
        }
    }

    @Test("The report has the same numbers, what does not fit and what ran, in every form")
    func report() throws {
        var mask = Mask(width: 8, height: 8)
        mask[2, 2] = true
        let tube = InstanceTube(id: 1, video: 1, category: 1, score: 0.5, masks: [RunLengthMask(mask)])
        let truth = VideoInstanceTruth(videos: [.init(id: 1, width: 8, height: 8)], categories: [1], tubes: [tube])
        let (right, wrong) = (
            try InstanceScorer().score(predictions: [tube], truth: truth), try InstanceScorer().score(predictions: [], truth: truth)
        )
        let report = InstanceEvaluationReport(
            title: "t <1>", ran: [("program", "sampt")],
            rows: [
                .init(setting: "a", runs: [.init(seed: 1, score: wrong), .init(seed: 2, score: wrong)]),
                .init(setting: "b", against: "a", runs: [.init(seed: 1, score: right, frames: 10, seconds: 5)]),
            ], findings: [ScoringFinding(.failed, "2", "could not")])
        let lines = report.csv.split(separator: "\n").map(String.init)
        #expect(lines.count == 8 && lines[4].hasPrefix("b,1,") && lines[7].hasSuffix("ran: program,,sampt"))
        #expect(abs(number(Double(lines[4].split(separator: ",")[2])) - 1) < 1e-9)
        #expect(lines[6].hasSuffix(",2,failed,1,could not"))
        #expect(report.markdown.contains("+100.0") && report.markdown.contains("| failed | 2 | 1 | could not |"))
        #expect(report.html.contains("t &lt;1&gt;") && report.html.contains("could not") && report.html.contains("sampt"))
        let json = try #require(JSONSerialization.jsonObject(with: report.json()) as? [String: Any])
        let rows = try #require(json["rows"] as? [[String: Any]])
        #expect(abs(number(rows[1]["gain"]) - 1) < 1e-9 && (json["ran"] as? [String: String]) == ["program": "sampt"])
        #expect((json["findings"] as? [Any])?.count == 1)
    }
}
