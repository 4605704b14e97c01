import Foundation
import Media
import SegmentationJobs
import TestSupport
import Testing

@testable import SamptCommands

@Suite("sampt simulate")
struct SimulateCommandTests {
    /// A folder of a video with the clip's frames and its disk as the object.
    private func withDataset(_ body: (TestClip, _ arguments: [String]) throws -> Void) throws {
        let clip = try TestClip(frameCount: 4)
        defer { clip.remove() }
        var disk = IndexMask(width: 96, height: 72)
        for y in 22..<50 { for x in 26..<54 { disk.values[y * 96 + x] = 3 } }
        for folder in ["root/JPEGImages", "root/Annotations/a"] {
            try FileManager.default.createDirectory(atPath: clip.path(folder), withIntermediateDirectories: true)
        }
        try FileManager.default.copyItem(atPath: clip.frames, toPath: clip.path("root/JPEGImages/a"))
        for index in 0..<4 { try ImageFile.writeIndexMask(disk, to: clip.path("root/Annotations/a/shot-\(index).png")) }
        try body(clip, ["folder", "--root", clip.path("root"), "--tracker", "lucas-kanade", "--quiet"])
    }

    @Test("Records, curves and reports; the same command does nothing again; several in one figure")
    func everything() throws {
        try withDataset { clip, arguments in
            let runs = [
                ("tracked", ["simulate", "sam-pt"] + arguments + ["--budget", "5"]),
                ("single", ["simulate", "sam-pt"] + arguments + ["--no-tracking", "--offline", "--target", "0.8"]),
                ("clicks", ["simulate", "sam2-offline"] + arguments + ["--frames", "2", "--clicks", "1"]),
                ("watching", ["simulate", "sam2-online"] + arguments + ["--frames", "2", "--pause-below", "0.9"]),
            ]
            for (name, command) in runs {
                let first = try Program.run(command + ["--out", clip.path(name), "--json", clip.path(name + ".json")])
                #expect(first.status == 0, "\(name): \(first.errors)")
                #expect(
                    Set(clip.contents(name)) == [
                        "simulation.json", "interactions", "curves.svg", "curves.png", "curves.csv", "report.html", "report.json",
                        "report.csv", "report.md",
                    ])
                let record = clip.path(name + "/interactions/seed-72/a/object-3.json")
                let before = try Data(contentsOf: URL(fileURLWithPath: record))
                let again = try Program.run(command + ["--out", clip.path(name)])
                #expect(again.status == 0, "\(again.errors)")
                #expect(try Data(contentsOf: URL(fileURLWithPath: record)) == before)
                let json = try Data(contentsOf: URL(fileURLWithPath: clip.path(name + ".json")))
                #expect(try JSONSerialization.jsonObject(with: json) is [String: Any])
            }
            let figure = try Program.run(["simulate", "figure"] + runs.map { clip.path($0.0) } + ["--out", clip.path("figure")])
            #expect(figure.status == 0, "\(figure.errors)")
            let curves = try String(contentsOfFile: clip.path("figure/curves.csv"), encoding: .utf8)
            #expect(curves.split(separator: "\n").count == 1 + 4 * 121)
            #expect(figure.output.contains("J&F after prompted frames") == false && figure.output.contains("frame by frame, offline"))
        }
    }

    @Test("Parts that are put together, with what failed in one of them")
    func parts() throws {
        try withDataset { clip, arguments in
            for folder in ["JPEGImages", "Annotations"] {
                for video in ["b", "c"] {
                    try FileManager.default.copyItem(
                        atPath: clip.path("root/\(folder)/a"), toPath: clip.path("root/\(folder)/\(video)"))
                }
            }
            try Data("no picture".utf8).write(to: URL(fileURLWithPath: clip.path("root/JPEGImages/b/shot-2.png")))
            let command = ["simulate", "sam-pt"] + arguments + ["--budget", "2"]
            for part in 1...2 {
                let outcome = try Program.run(command + ["--out", clip.path("part\(part)"), "--shard", "\(part)/2"])
                #expect(outcome.status == (part == 1 ? 0 : CommandStatus.partial.rawValue), "\(outcome.errors)")
                #expect(!clip.exists("part\(part)/report.md"))
            }
            let half = try Program.run(["simulate", "merge", clip.path("part1"), "--out", clip.path("half")])
            #expect(half.status == CommandStatus.partial.rawValue && half.errors.contains("b: has not been simulated"), "\(half.errors)")
            let figure = try Program.run(["simulate", "figure", clip.path("part1"), "--out", clip.path("figure")])
            #expect(figure.status == CommandStatus.partial.rawValue && figure.errors.contains("b: has not been"), "\(figure.errors)")
            #expect(try String(contentsOfFile: clip.path("figure/report.md"), encoding: .utf8).contains("| missing-sequence | b |"))
            // Of the second part nothing is there but the failure.
            let merged = try Program.run(["simulate", "merge", clip.path("part1"), clip.path("part2"), "--out", clip.path("whole")])
            #expect(merged.status == CommandStatus.partial.rawValue && merged.errors.contains("shot-2.png"), "\(merged.errors)")
            #expect(try String(contentsOfFile: clip.path("whole/report.md"), encoding: .utf8).contains("| failed | b |"))
            #expect(clip.contents("whole/interactions/seed-72") == ["a", "c"])
        }
    }

    @Test("What has no effect, or is no simulation, is refused by name")
    func refused() throws {
        try withDataset { clip, arguments in
            let out = ["--out", clip.path("out")]
            let bad: [(arguments: [String], word: String)] = [
                (["sam-pt"] + arguments + ["--no-tracking", "--policy", "paper"] + out, "--policy"),
                (["sam-pt"] + arguments + ["--offline", "--target", "0.5"] + out, "--target"),
                (["sam-pt"] + arguments + ["--target", "1.5"] + out, "target"),
                (["sam-pt"] + arguments + ["--budget", "0"] + out, "budget"),
                (["sam-pt"] + arguments + ["--categories", "x.json"] + out, "--categories"),
                (["sam2-offline"] + arguments + ["--pause-below", "0.5"] + out, "--pause-below"),
                (["sam2-online"] + arguments + ["--clicks", "0"] + out, "Clicks"),
                (["sam-pt", "nowhere", "--root", clip.path("root")] + out, "nowhere"),
            ]
            for (arguments, word) in bad {
                let outcome = try Program.run(["simulate"] + arguments)
                #expect(outcome.status == CommandStatus.usage.rawValue && outcome.errors.contains(word), "\(word): \(outcome.errors)")
            }
            #expect(clip.contents("out").isEmpty)
            let none = try Program.run(["simulate", "figure", clip.path("root"), "--out", clip.path("figure")])
            #expect(none.status != 0 && none.errors.contains("holds no simulation"))
        }
    }

    @Test("Data sets with first masks only are refused, unless the truth is given") func firstMasksOnly() throws {
        try withDataset { clip, arguments in
            try FileManager.default.createDirectory(atPath: clip.path("mose/valid"), withIntermediateDirectories: true)
            try FileManager.default.copyItem(atPath: clip.path("root/JPEGImages"), toPath: clip.path("mose/valid/JPEGImages"))
            try FileManager.default.createDirectory(atPath: clip.path("mose/valid/Annotations/a"), withIntermediateDirectories: true)
            try FileManager.default.copyItem(
                atPath: clip.path("root/Annotations/a/shot-0.png"), toPath: clip.path("mose/valid/Annotations/a/shot-0.png"))
            let command =
                ["simulate", "sam-pt", "mose", "--root", clip.path("mose"), "--out", clip.path("out"), "--budget", "2", "--quiet"]
                + ["--tracker", "lucas-kanade"]
            let refused = try Program.run(command)
            #expect(refused.status != 0 && refused.errors.contains("--truth"), "\(refused.errors)")
            let given = try Program.run(command + ["--truth", clip.path("root/Annotations")])
            #expect(given.status == 0, "\(given.errors)")
        }
    }
}
