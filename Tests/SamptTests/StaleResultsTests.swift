import Foundation
import Media
import SegmentationJobs
import TestSupport
import Testing

@testable import VideoBenchmarks

@Suite("Results of other data are not taken for those of the data that are there")
struct StaleResultsTests {
    /// DAVIS's folders with two videos, each with two objects beside each other.
    private func withDataset(_ body: (TestClip, _ options: [String]) throws -> Void) throws {
        let clip = try TestClip(frameCount: 4)
        defer { clip.remove() }
        var mask = IndexMask(width: 96, height: 72)
        for y in 22..<50 { for x in 26..<54 { mask.values[y * 96 + x] = x < 40 ? 1 : 2 } }
        for video in ["a", "b"] {
            for folder in ["davis/JPEGImages/480p", "davis/Annotations/480p/\(video)"] {
                try FileManager.default.createDirectory(atPath: clip.path(folder), withIntermediateDirectories: true)
            }
            try FileManager.default.copyItem(atPath: clip.frames, toPath: clip.path("davis/JPEGImages/480p/\(video)"))
            for index in 0..<4 {
                try ImageFile.writeIndexMask(mask, to: clip.path("davis/Annotations/480p/\(video)/shot-\(index).png"))
            }
        }
        try body(clip, ["--root", clip.path("davis"), "--tracker", "lucas-kanade", "--quiet"])
    }

    private func touch(_ path: String) throws {
        try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSince1970: 1_000_000_000)], ofItemAtPath: path)
    }

    @Test("The same folders read as another data set are run again") func otherDataset() throws {
        try withDataset { clip, options in
            let out = clip.path("out")
            for (name, objects) in [("davis2016", 1), ("davis2017", 2), ("davis2016", 1)] {
                let outcome = try Program.run(["evaluate", name] + options + ["--out", out])
                #expect(outcome.status == 0, "\(outcome.errors)")
                let records = try ["a", "b"].map { try #require(RunRecord.read(out + "/records/\($0).json")) }
                #expect(records.map(\.objects) == [objects, objects], "\(name)")
            }
            let other = try Program.run(["evaluate", "davis2017"] + options + ["--out", clip.path("other")])
            #expect(other.status == 0, "\(other.errors)")
            let merged = try Program.run(["evaluate", "merge", out, clip.path("other"), "--out", clip.path("whole")])
            #expect(merged.status != 0 && merged.errors.contains("davis2017"), "\(merged.errors)")
        }
    }

    @Test("Parts that were made before a file changed are named where they are put together, and not scored") func changedPart() throws {
        try withDataset { clip, options in
            let command = ["evaluate", "davis2017"] + options + ["--out", clip.path("out")]
            let whole = try Program.run(command)
            #expect(whole.status == 0, "\(whole.errors)")
            try touch(clip.path("davis/JPEGImages/480p/b/shot-2.png"))
            let part = try Program.run(command + ["--shard", "1/2"])
            #expect(part.status == 0, "\(part.errors)")
            for out in [[], ["--out", clip.path("merged")]] {
                let merged = try Program.run(["evaluate", "merge", clip.path("out"), "--quiet"] + out)
                #expect(merged.status == CommandStatus.partial.rawValue, "\(merged.errors)")
                #expect(merged.errors.contains("b: has results of other files") && !merged.errors.contains("a: has"), "\(merged.errors)")
            }
            let report = try String(contentsOfFile: clip.path("merged/report.csv"), encoding: .utf8)
            #expect(report.contains(",a,1,") && !report.contains(",b,1,"))
            // The other part makes it whole again; what is stale elsewhere does not come back.
            let rest = try Program.run(command + ["--shard", "2/2"])
            #expect(rest.status == 0, "\(rest.errors)")
            for parts in [["out", "merged"], ["merged", "out"]] {
                let again = try Program.run(["evaluate", "merge"] + parts.map(clip.path) + ["--out", clip.path("all"), "--quiet"])
                #expect(again.status == 0, "\(parts): \(again.errors)")
            }
        }
    }

    @Test("A video that one seed lacks is named with the seed, and so is that means are of different videos") func missingSeed() throws {
        try withDataset { clip, options in
            let run = try Program.run(["evaluate", "davis2017"] + options + ["--seeds", "2", "--out", clip.path("out")])
            #expect(run.status == 0 && !run.errors.contains("different videos"), "\(run.errors)")
            try FileManager.default.removeItem(atPath: clip.path("out/default/seed-73/records/b.json"))
            let merged = try Program.run(["evaluate", "merge", clip.path("out"), "--quiet"])
            #expect(merged.status == CommandStatus.partial.rawValue, "\(merged.errors)")
            for form in ["html", "json", "md", "csv"] {
                let report = try String(contentsOfFile: clip.path("out/report.\(form)"), encoding: .utf8)
                #expect(report.contains("(default, seed 73)") && report.contains("different videos"), "\(form)")
            }
        }
    }

    @Test("A simulation on the same folders read as another data set is made again") func otherSimulation() throws {
        try withDataset { clip, options in
            var data: [String] = []
            for name in ["davis2016", "davis2017"] {
                let outcome = try Program.run(["simulate", "sam-pt", name] + options + ["--budget", "2", "--out", clip.path("out")])
                #expect(outcome.status == 0, "\(outcome.errors)")
                data.append(try #require(SimulationRecord.read(clip.path("out/interactions/seed-72/a/object-1.json"))).data)
            }
            #expect(data[0] != data[1])
        }
    }

    @Test("Figures and merged simulations count the videos of the last run alone") func otherList() throws {
        try withDataset { clip, options in
            let command = ["simulate", "sam-pt", "davis2016"] + options + ["--budget", "1", "--out", clip.path("out")]
            let both = try Program.run(command)
            #expect(both.status == 0, "\(both.errors)")
            try Data("a\n".utf8).write(to: URL(fileURLWithPath: clip.path("list.txt")))
            let one = try Program.run(command + ["--list", clip.path("list.txt")])
            #expect(one.status == 0, "\(one.errors)")
            for name in ["figure", "merge"] {
                let outcome = try Program.run(["simulate", name, clip.path("out"), "--out", clip.path(name), "--quiet"])
                #expect(outcome.status == 0, "\(name): \(outcome.errors)")
                let report = try String(contentsOfFile: clip.path("\(name)/report.md"), encoding: .utf8)
                #expect(report.contains("| a |") && !report.contains("| b |"), "\(name)")
            }
        }
    }
}
