import Foundation
import Inference
import Media
import SegmentationJobs
import TestSupport
import Testing

@testable import SamptCommands
@testable import VideoBenchmarks

@Suite("sampt evaluate DATASET --out")
struct EvaluateDatasetTests {
    /// A folder of two videos, each with the clip's frames and a disk as the object.
    private func withDataset(_ body: (TestClip, _ arguments: [String]) throws -> Void) throws {
        let clip = try TestClip(frameCount: 4)
        defer { clip.remove() }
        var disk = IndexMask(width: 96, height: 72)
        for y in 22..<50 { for x in 26..<54 { disk.values[y * 96 + x] = 3 } }
        for video in ["a", "b"] {
            for folder in ["root/JPEGImages", "root/Annotations/\(video)"] {
                try FileManager.default.createDirectory(atPath: clip.path(folder), withIntermediateDirectories: true)
            }
            try FileManager.default.copyItem(atPath: clip.frames, toPath: clip.path("root/JPEGImages/\(video)"))
            for index in 0..<4 { try ImageFile.writeIndexMask(disk, to: clip.path("root/Annotations/\(video)/shot-\(index).png")) }
        }
        try body(clip, ["evaluate", "folder", "--root", clip.path("root"), "--tracker", "lucas-kanade", "--quiet"])
    }

    private func modified(_ path: String) throws -> Date? {
        try FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date
    }

    @Test("Masks, archive, reports; the same command again does nothing again")
    func everything() throws {
        try withDataset { clip, arguments in
            let out = clip.path("out")
            let first = try Program.run(arguments + ["--out", out])
            #expect(first.status == 0, "\(first.errors)")
            #expect(
                Set(clip.contents("out")) == [
                    "evaluation.json", "masks", "records", "report.csv", "report.html", "report.json", "report.md", "submission.zip",
                ])
            let mask = out + "/masks/a/shot-2.png"
            #expect(try ImageFile.readIndexMask(mask).ids.allSatisfy { $0 == 3 })
            let before = try modified(mask)
            let again = try Program.run(arguments + ["--out", out])
            #expect(again.status == 0, "\(again.errors)")
            #expect(try modified(mask) == before)
            let other = try Program.run(arguments + ["--out", out, "--seed", "5"])
            #expect(other.status == 0, "\(other.errors)")
            #expect(try modified(mask) != before)
        }
    }

    @Test("BDD100K's bitmasks: one that cannot be read is named, and the exit status says so")
    func bitmasks() throws {
        let clip = try TestClip(frameCount: 1)
        defer { clip.remove() }
        try FileManager.default.createDirectory(atPath: clip.path("bitmasks/v"), withIntermediateDirectories: true)
        // Three channels in place of four.
        try FileManager.default.copyItem(atPath: clip.path("frames/shot-0.png"), toPath: clip.path("bitmasks/v/1.png"))
        let outcome = try Program.run([
            "evaluate", "build-bdd100k", "--bitmasks", clip.path("bitmasks"), "--images", clip.frames, "--out", clip.path("out"),
        ])
        #expect(outcome.status == CommandStatus.partial.rawValue && outcome.errors.contains("1.png"), "\(outcome.errors)")
    }

    @Test("DAVIS 2016 at another size, by a split of its own, with truth that lies elsewhere")
    func davis2016() throws {
        try withDataset { clip, _ in
            for (from, to) in [
                ("JPEGImages", "davis/JPEGImages/720p"), ("Annotations", "davis/Annotations/720p"), ("Annotations", "truth"),
            ] {
                try FileManager.default.createDirectory(atPath: clip.path("davis/JPEGImages"), withIntermediateDirectories: true)
                try FileManager.default.createDirectory(atPath: clip.path("davis/Annotations"), withIntermediateDirectories: true)
                try FileManager.default.copyItem(atPath: clip.path("root/\(from)"), toPath: clip.path(to))
            }
            try FileManager.default.createDirectory(atPath: clip.path("davis/ImageSets/2016"), withIntermediateDirectories: true)
            try Data("b\n".utf8).write(to: URL(fileURLWithPath: clip.path("davis/ImageSets/2016/mine.txt")))
            let outcome = try Program.run([
                "evaluate", "davis2016", "--root", clip.path("davis"), "--resolution", "720p", "--split", "mine", "--truth",
                clip.path("truth"),
                "--out", clip.path("out"), "--tracker", "lucas-kanade", "--quiet",
            ])
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(clip.contents("out/masks") == ["b"])
            #expect(try String(contentsOfFile: clip.path("out/report.md"), encoding: .utf8).contains("truth \(clip.path("truth"))"))
        }
    }

    @Test("Rows of a sweep, seeds, and parts that are put together")
    func sweep() throws {
        try withDataset { clip, arguments in
            let yaml =
                "title: test\nrows:\n  - name: one\n    settings: {positive-points: 4}\n  - name: two\n    settings: {positive-points: 8}\n    against: one\npublished: {data: [folder], columns: [method, J], rows: [[theirs, 12.5]]}\n"
            try Data(yaml.utf8).write(to: URL(fileURLWithPath: clip.path("sweep.yaml")))
            let sweep = arguments + ["--sweep", clip.path("sweep.yaml"), "--seeds", "2", "--prompt", "clicks:2"]
            for part in 1...2 {
                let outcome = try Program.run(sweep + ["--out", clip.path("part\(part)"), "--shard", "\(part)/2"])
                #expect(outcome.status == 0, "\(outcome.errors)")
            }
            let merged = try Program.run(["evaluate", "merge", clip.path("part1"), clip.path("part2"), "--out", clip.path("whole")])
            #expect(merged.status == 0, "\(merged.errors)")
            let table = try String(contentsOfFile: clip.path("whole/report.md"), encoding: .utf8)
            #expect(table.contains("| one | 2 |") && table.contains("| two | 2 |") && table.contains("gain"))
            #expect(Set(clip.contents("whole/two/seed-72/masks")) == ["a", "b"])
            for form in ["html", "json", "md", "csv"] {
                let report = try String(contentsOfFile: clip.path("whole/report.\(form)"), encoding: .utf8)
                #expect(report.contains("theirs") && report.contains("12.5"), "\(form)")
            }
            #expect(merged.output.contains("theirs"), "\(merged.output)")
        }
    }

    @Test("A whole of which a part is missing says so, also where only a server has the truth", arguments: ["folder", "mose"])
    func missingPart(dataset: String) throws {
        try withDataset { clip, arguments in
            let run = [arguments[0], dataset] + arguments.dropFirst(2)
            var statuses: [Int32] = []
            for part in 1...2 {
                let outcome = try Program.run(run + ["--out", clip.path("part\(part)"), "--shard", "\(part)/2"])
                #expect(outcome.status == 0, "\(outcome.errors)")
                let merged = try Program.run(["evaluate", "merge", clip.path("part\(part)"), "--out", clip.path("half\(part)")])
                statuses.append(merged.status)
                guard merged.status != 0 else { continue }
                #expect(merged.errors.contains("has not been run"), "\(merged.errors)")
                for form in ["html", "json", "md"] {
                    let report = try String(contentsOfFile: clip.path("half\(part)/report.\(form)"), encoding: .utf8)
                    #expect(report.contains("has not been run"), "\(form)")
                }
            }
            // Two videos may be of one share.
            #expect(statuses.contains(CommandStatus.partial.rawValue) && statuses.allSatisfy { [0, 3].contains($0) }, "\(statuses)")
        }
    }

    @Test("A video that fails is named in the report, and the status says that it is partial")
    func failure() throws {
        try withDataset { clip, arguments in
            try Data("no picture".utf8).write(to: URL(fileURLWithPath: clip.path("root/JPEGImages/b/shot-2.png")))
            let outcome = try Program.run(arguments + ["--out", clip.path("out")])
            #expect(outcome.status == CommandStatus.partial.rawValue && outcome.errors.contains("b: "), "\(outcome.errors)")
            let report = try String(contentsOfFile: clip.path("out/report.csv"), encoding: .utf8)
            #expect(report.contains(",a,3,") && !report.contains(",b,3,"))
            #expect(try String(contentsOfFile: clip.path("out/report.md"), encoding: .utf8).contains("| failed | b |"))
        }
    }

    @Test("Where masks cannot be scored the report says why")
    func notScored() throws {
        try withDataset { clip, arguments in
            try FileManager.default.createDirectory(atPath: clip.path("truth/other"), withIntermediateDirectories: true)
            try FileManager.default.copyItem(
                atPath: clip.path("root/Annotations/a/shot-0.png"), toPath: clip.path("truth/other/shot-0.png"))
            let outcome = try Program.run(arguments + ["--truth", clip.path("truth"), "--out", clip.path("out")])
            #expect(outcome.status == CommandStatus.partial.rawValue && outcome.errors.contains("in common"), "\(outcome.errors)")
            #expect(try String(contentsOfFile: clip.path("out/report.md"), encoding: .utf8).contains("could not be scored"))
            #expect(clip.contents("out/masks") == ["a", "b"])
        }
    }

    @Test("Truth that is not there: said before anything runs; where it is gone afterwards, the report says so")
    func absentTruth() throws {
        try withDataset { clip, arguments in
            let run = arguments + ["--truth", clip.path("truth"), "--out", clip.path("out")]
            let absent = try Program.run(run)
            #expect(absent.status == CommandStatus.missingInput.rawValue && absent.errors.contains(clip.path("truth")), "\(absent.errors)")
            #expect(!clip.exists("out/masks"))
            try FileManager.default.copyItem(atPath: clip.path("root/Annotations"), toPath: clip.path("truth"))
            #expect(try Program.run(run).status == 0)
            try FileManager.default.removeItem(atPath: clip.path("truth"))
            let merged = try Program.run(["evaluate", "merge", clip.path("out")])
            #expect(merged.status == CommandStatus.partial.rawValue, "\(merged.errors)")
            #expect(try String(contentsOfFile: clip.path("out/report.md"), encoding: .utf8).contains("could not be scored"))
        }
    }

    @Test("Where every video fails there is a report that says so")
    func everythingFails() throws {
        try withDataset { clip, arguments in
            for video in ["a", "b"] { try Data().write(to: URL(fileURLWithPath: clip.path("root/Annotations/\(video)/shot-0.png"))) }
            let outcome = try Program.run(arguments + ["--out", clip.path("out")])
            #expect(outcome.status == CommandStatus.partial.rawValue, "\(outcome.errors)")
            let report = try String(contentsOfFile: clip.path("out/report.md"), encoding: .utf8)
            #expect(report.contains("| failed | a | 1 |") && report.contains("| failed | b | 1 |"))
        }
    }

    @Test("What failed in a part is named and counted where the parts are put together")
    func failureOfPart() throws {
        try withDataset { clip, arguments in
            try Data("no picture".utf8).write(to: URL(fileURLWithPath: clip.path("root/JPEGImages/b/shot-2.png")))
            for part in 1...2 {
                let outcome = try Program.run(arguments + ["--out", clip.path("part\(part)"), "--shard", "\(part)/2"])
                #expect(outcome.status == (part == 1 ? 0 : CommandStatus.partial.rawValue), "\(outcome.errors)")
            }
            let merged = try Program.run(["evaluate", "merge", clip.path("part1"), clip.path("part2"), "--out", clip.path("whole")])
            #expect(merged.status == CommandStatus.partial.rawValue && merged.errors.contains("shot-2.png"), "\(merged.errors)")
            for form in ["html", "json", "md", "csv"] {
                let report = try String(contentsOfFile: clip.path("whole/report.\(form)"), encoding: .utf8)
                #expect(report.contains("failed") && report.contains("shot-2.png"), "\(form)")
            }
        }
    }

    @Test("Rows that share a segmenter run together, whatever their trackers, as far as memory holds these")
    func groups() throws {
        try withDataset { clip, _ in
            let path = clip.path("sweep.yaml")
            let rows = ["nano", "lucas-kanade", "nano"].enumerated().map { "  - {name: r\($0), settings: {tracker: \($1), seed: \($0)}}" }
            try Data(("rows:\n" + rows.joined(separator: "\n") + "\n").utf8).write(to: URL(fileURLWithPath: path))
            let sweep = try EvaluationRows(
                models: .parse([]), method: .parse([]), running: .parse(["--sweep", path]), dataset: "folder")
            #expect(sweep.groups { _, _ in true }.map { $0.map(\.run.setting) } == [["r0", "r1", "r2"]])
            #expect(sweep.groups { _, trackers in trackers.count < 2 }.map { $0.map(\.run.setting) } == [["r0", "r2"], ["r1"]])
        }
    }

    @Test("Results are kept for the arithmetic that runs, not for what it is called") func precision() throws {
        func settings(_ networks: [String]) throws -> [String: String] {
            let models = try ModelOptions.parse(networks)
            return try EvaluationRows(models: models, method: .parse([]), running: .parse([]), dataset: "folder").rows[0].run.settings
        }
        let automatic = try settings(["--part-precision", "decoder=automatic"])
        let usual = try #require(automatic["precision"])
        // "bfloat16-or-int8": what the built-in networks have no eight-bit form for is in bfloat16.
        let words = usual.components(separatedBy: "-or-")
        #expect(["float32", "bfloat16"].contains(words[0]) && automatic["part-precision"] == "decoder=\(usual)")
        #expect(words.dropFirst() == (Precision.automatic.allowsEightBits ? ["int8"] : []))
        let named = try settings(["--precision", words[0], "--part-precision", "decoder=\(words[0])"])
        #expect((named == automatic) == (words.count == 1))
        // Where the processor has no bfloat16, it stands for float32.
        #expect(try settings(["--precision", "automatic"]) == settings([]))
        #expect(try settings(["--precision", "float32"])["precision"] == "float32")
    }

    @Test("The time left is that of all groups of settings")
    func timeLeft() {
        let progress = EvaluationProgress(video: "a", videosDone: 1, videos: 2, framesDone: 50, frames: 100, framesMade: 50)
        let line = EvaluationRunner.line(progress, done: 150, of: 300, made: 75, seconds: 15)
        #expect(line == "[1/2] a  150/300 frames, 5.0 frames/s, 30 s left")
        #expect(!EvaluationRunner.line(progress, done: 300, of: 300, made: 75, seconds: 15).contains("left"))
        #expect(!EvaluationRunner.line(progress, done: 100, of: 300, made: 0, seconds: 15).contains("left"))
    }

    @Test("Everything that is wrong with the data is named and counted in the report, and nothing is written elsewhere")
    func badData() throws {
        try withDataset { clip, arguments in
            let annotations = clip.path("root/Annotations")
            // a: one annotation is cut short. b: its masks have another size than its frames. c: no frames. d: no masks.
            let mask = URL(fileURLWithPath: annotations + "/a/shot-2.png")
            let whole = try Data(contentsOf: mask)
            try whole.prefix(whole.count / 2).write(to: mask)
            for index in 0..<4 {
                var small = IndexMask(width: 48, height: 36)
                small.values[700] = 1
                try ImageFile.writeIndexMask(small, to: annotations + "/b/shot-\(index).png")
            }
            for folder in ["root/JPEGImages/c", "root/Annotations/c"] {
                try FileManager.default.createDirectory(atPath: clip.path(folder), withIntermediateDirectories: true)
            }
            try FileManager.default.copyItem(atPath: clip.frames, toPath: clip.path("root/JPEGImages/d"))
            let list = clip.path("list.txt")
            try Data("a\nb\nc\nd\nghost\n../a\nx/../../a\n".utf8).write(to: URL(fileURLWithPath: list))
            let before = clip.contents("")
            let outcome = try Program.run(arguments + ["--list", list, "--out", clip.path("out")])
            #expect(outcome.status == CommandStatus.partial.rawValue, "\(outcome.errors)")
            #expect(clip.contents("") == (before + ["out"]).sorted() && clip.contents("out/masks") == ["a"])
            let report = try String(contentsOfFile: clip.path("out/report.md"), encoding: .utf8)
            for row in [
                "| failed | b |", "| empty-sequence | c |", "| empty-sequence | d |", "| description | ghost |", "| unreadable-truth | a |",
                "| description |  | 2 |",
            ] { #expect(report.contains(row), "\(row): \(report)") }
            #expect(outcome.errors.contains("../a"))
            // Each is said once, although the report has it, too.
            #expect(outcome.errors.components(separatedBy: "ghost: ").count == 2, "\(outcome.errors)")
        }
    }

    @Test(
        "What has no effect is refused",
        arguments: [
            ["--seeds", "2"], ["--out", "o", "--json", "s.json"], ["--out", "o", "--sweep", "table2", "--preset", "sam-pt"],
            ["--split", "val"], ["--resolution", "1080p"], ["--truth", "t"], ["--out", "o", "--categories", "c.json"],
        ])
    func idle(arguments: [String]) throws {
        try withDataset { clip, _ in
            let outcome = try Program.run(["evaluate", "davis2016", "--root", clip.path("root"), "--list", "x"] + arguments)
            #expect(outcome.status == CommandStatus.usage.rawValue, "\(outcome.errors)")
        }
    }
}
