import BatchJobs
import Foundation
import SegmentationJobs
import TestSupport
import Testing

@Suite("sampt batch from end to end", .serialized)
struct BatchCommandTests {
    /// Three clips of three frames, with prompts beside them.
    private final class Clips {
        private let clip: TestClip
        var folder: String { clip.path("clips") }
        var out: String { path("out") }
        var manifest: String { path("trial.jsonl") }

        init() throws {
            clip = try TestClip(frameCount: 3)
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
            for name in ["a", "b", "c"] {
                try add(name)
                try Data(#"{"objects": [{"points": [[40, 36]]}]}"#.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name).json"))
            }
        }

        deinit { clip.remove() }

        func path(_ name: String) -> String { clip.path(name) }
        func add(_ name: String) throws { try FileManager.default.copyItem(atPath: clip.frames, toPath: "\(folder)/\(name)") }

        func batch(_ arguments: String..., environment: [String: String] = [:]) throws -> Program.Outcome {
            try Program.run(["batch"] + arguments, environment: environment)
        }

        /// A manifest of the clips, with further lines.
        func writeManifest(_ options: [String] = [], adding lines: [String] = []) throws {
            let outcome = try Program.run(["batch", "manifest", folder, "--name", "trial"] + options)
            #expect(outcome.status == 0, "\(outcome.errors)")
            try Data((outcome.output + lines.map { $0 + "\n" }.joined()).utf8).write(to: URL(fileURLWithPath: manifest))
        }

        func files(under name: String) -> [String] {
            let all = FileManager.default.enumerator(atPath: path(name))?.compactMap { $0 as? String } ?? []
            return all.filter { !isFolder(path(name) + "/" + $0) }
        }

        private func isFolder(_ path: String) -> Bool {
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
        }
    }

    private struct Summary: Decodable { var done: Int, doneBefore: Int, setAside: Int, frames: Int }
    private struct Report: Decodable {
        struct Failure: Decodable { var id: String, kind: String }
        var counts: BatchCounts
        var failures: [Failure]
    }

    private func decode<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
        try JSONDecoder().decode(type, from: Data(text.utf8))
    }

    /// By video.
    private func digests(_ index: String) throws -> [String: String] {
        let lines = try String(contentsOfFile: index, encoding: .utf8).split(separator: "\n")
        return Dictionary(
            uniqueKeysWithValues: try lines.map { try decode(BatchIndex.Line.self, String($0)) }.map { ($0.id, $0.digest) })
    }

    /// A result's folder, relative to the output folder.
    private func resultFolder(_ id: String, in index: String) throws -> String {
        let lines = try String(contentsOfFile: index, encoding: .utf8).split(separator: "\n")
        return try #require(try lines.map { try decode(BatchIndex.Line.self, String($0)) }.first { $0.id == id }).path
    }

    @Test("Run, look, mend, retry, verify") func life() throws {
        let clips = try Clips()
        let absent = #"{"id": "late", "video": "clips/late", "prompts": {"objects": [{"points": [[40, 36]]}]}}"#
        try clips.writeManifest(["--outputs", "rle,tracks", "--option", "seed=3"], adding: [absent])
        let run = ["run", clips.manifest, "--out", clips.out, "--workers", "1", "--threads", "1", "--json"]
        let first = try Program.run(["batch"] + run)
        #expect(first.status == CommandStatus.partial.rawValue, "\(first.errors)")
        let summary = try decode(Summary.self, first.output)
        #expect((summary.done, summary.setAside, summary.frames) == (3, 1, 9))
        #expect(first.errors.contains("late: set aside: ") && first.errors.contains("no such file"))
        #expect(clips.files(under: "out/results").filter { $0.hasSuffix("tracks.json") }.count == 3)
        #expect(clips.files(under: "out/claims") + clips.files(under: "out/runs") + clips.files(under: "out/work") == [])

        let status = try clips.batch("status", clips.manifest, "--out", clips.out, "--json")
        let report = try decode(Report.self, status.output)
        #expect(status.status == 0 && report.counts.done == 3 && report.counts.setAside == 1)
        #expect(report.failures.map(\.id) == ["late"] && report.failures.map(\.kind) == ["missing"])

        // The video comes, and its line does not change: a second run does it and nothing else.
        try clips.add("late")
        #expect(try clips.batch("retry", "a", "--out", clips.out).status == CommandStatus.usage.rawValue)
        let retry = try clips.batch("retry", "late", "--out", clips.out)
        #expect(retry.status == 0 && retry.errors.contains("1 video is tried again"))
        let second = try Program.run(["batch"] + run)
        #expect(second.status == 0, "\(second.errors)")
        let again = try decode(Summary.self, second.output)
        #expect((again.done, again.doneBefore, again.setAside) == (1, 3, 0))
        let made = try digests(clips.path("out/index.jsonl"))
        #expect(made.count == 4)

        #expect(try clips.batch("verify", "--out", clips.out, "--inputs").status == 0)
        let damaged = try #require(clips.files(under: "out/results").first { $0.hasSuffix("/a/masks.json") })
        try Data("{}".utf8).write(to: URL(fileURLWithPath: "\(clips.out)/results/\(damaged)"))
        let verify = try clips.batch("verify", "--out", clips.out, "--remove")
        #expect(verify.status == CommandStatus.invalidInput.rawValue && verify.output.hasPrefix("a: masks.json has another content"))
        let third = try Program.run(["batch"] + run)
        #expect(try third.status == 0 && decode(Summary.self, third.output).done == 1, "\(third.errors)")
        #expect(try digests(clips.path("out/index.jsonl")) == made)
        #expect(FileManager.default.fileExists(atPath: clips.path("out/report.html")))
    }

    @Test("Shares on disks of their own are merged, equal to a run without shares") func shares() throws {
        let clips = try Clips()
        try clips.writeManifest()
        func run(_ out: String, _ more: [String] = []) throws {
            let outcome = try Program.run(
                ["batch", "run", clips.manifest, "--out", clips.path(out), "--workers", "1", "--threads", "1", "--quiet"] + more)
            #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
        }
        try run("whole")
        for index in 0..<2 { try run("node\(index)", ["--shard", "\(index)/2"]) }
        let first = try ["a", "b", "c"].filter { try Shard(0, of: 2).contains($0) }
        let early = try clips.batch("merge", clips.manifest, "--out", clips.out, "--from", clips.path("node0"))
        #expect(early.status == (first.count == 3 ? 0 : CommandStatus.partial.rawValue), "\(early.errors)")
        #expect(try digests(clips.path("out/index.jsonl")).keys.sorted() == first)
        let late = try clips.batch(
            "merge", clips.manifest, "--out", clips.out, "--from", clips.path("node0"), "--from", clips.path("node1"))
        #expect(late.status == 0, "\(late.errors)")
        #expect(try digests(clips.path("out/index.jsonl")) == digests(clips.path("whole/index.jsonl")))
        // One bad result of a node: the others come, the report is made, and the status says it.
        let faulty = try BatchFolder(existing: clips.path("whole"))
        try FileManager.default.removeItem(
            atPath: faulty.path + "/" + resultFolder("a", in: clips.path("whole/index.jsonl")) + "/record.json")
        let partial = try clips.batch("merge", clips.manifest, "--out", clips.path("second"), "--from", faulty.path)
        #expect(partial.status == CommandStatus.invalidInput.rawValue, "\(partial.errors)")
        #expect(partial.errors.contains("record.json") && partial.errors.contains("2 results taken, 0 were there already, 1 not taken."))
        #expect(try digests(clips.path("second/index.jsonl")).keys.sorted() == ["b", "c"])
        #expect(clips.files(under: "second").contains("report.html"))
    }

    @Test("What Slurm is asked for is measured, and its script does the work") func slurm() throws {
        let clips = try Clips()
        try clips.writeManifest()
        let outcome = try clips.batch("slurm", clips.manifest, "--out", clips.out, "--cpus", "1", "--throttle", "2")
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.errors.contains("Measuring 1 worker of 1 thread") && outcome.errors.contains("frames/s"))
        // The samples' results are not kept.
        #expect(clips.files(under: "out/results") == [])
        let script = try String(contentsOfFile: clips.path("out/slurm/job.sh"), encoding: .utf8)
        func value(_ name: String) -> String? {
            script.split(separator: "\n").first { $0.hasPrefix("#SBATCH --\(name)=") }.map { String($0.dropFirst(11 + name.count)) }
        }
        #expect(value("array") == "0-0%2" && value("cpus-per-task") == "1")
        let memory = try #require(value("mem").flatMap { Int($0.dropLast()) })
        // A quarter more than a worker with the built-in models took, and half a gigabyte.
        #expect((600...4000).contains(memory), "\(memory)")
        #expect(try #require(value("time").flatMap { Int($0) }) >= 10)
        let task = try Program.run(
            ["\(clips.out)/slurm/job.sh"], program: URL(fileURLWithPath: "/bin/bash"), environment: ["SLURM_ARRAY_TASK_ID": "0"])
        #expect(task.status == 0, "\(task.errors)")
        let merge = try clips.batch("merge", clips.manifest, "--out", clips.out)
        #expect(try merge.status == 0 && digests(clips.path("out/index.jsonl")).count == 3)
    }

    @Test("An array has no more tasks than the cluster takes") func arraySizes() throws {
        let clips = try Clips()
        try clips.writeManifest()
        let scontrol = clips.path("scontrol")
        try Data("#!/bin/sh\n[ \"$*\" = 'show config' ] && echo 'MaxArraySize            = 8'\n".utf8).write(
            to: URL(fileURLWithPath: scontrol))
        #expect(chmod(scontrol, 0o755) == 0)
        let path =
            URL(fileURLWithPath: scontrol).deletingLastPathComponent().path + ":"
            + (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")
        func slurm(_ more: [String]) throws -> Program.Outcome {
            let given = [
                "batch", "slurm", clips.manifest, "--out", clips.out, "--cpus", "1", "--threads", "1", "--mem", "1000", "--time", "10",
            ]
            return try Program.run(given + more, environment: ["PATH": path])
        }
        let refused = try slurm(["--tasks", "9"])
        #expect(refused.status == CommandStatus.usage.rawValue && refused.errors.contains("at most 8 tasks, not 9"), "\(refused.errors)")
        #expect(!FileManager.default.fileExists(atPath: clips.out + "/slurm/job.sh"))
        for (allowed, last) in [(["--tasks", "8"], 7), (["--tasks", "9", "--max-tasks", "9"], 8)] {
            let outcome = try slurm(allowed)
            #expect(outcome.status == 0, "\(outcome.errors)")
            let script = try String(contentsOfFile: clips.out + "/slurm/job.sh", encoding: .utf8)
            #expect(script.contains("#SBATCH --array=0-\(last)\n"))
        }
    }

    @Test("Broken manifests, other batches and missing folders end with their statuses, before anything is made") func refusals() throws {
        let clips = try Clips()
        try clips.writeManifest(adding: [
            #"{"id": "a", "video": "x.mp4", "prompts": "x.json"}"#, "{", #"{"video": "\u0000", "prompts": "x"}"#,
        ])
        let broken = try clips.batch("run", clips.manifest, "--out", clips.out)
        #expect(broken.status == CommandStatus.invalidInput.rawValue, "\(broken.errors)")
        for part in ["3 lines", "line 5: ", "line 2's", "line 6: ", "line 7: "] {
            #expect(broken.errors.contains(part), "\(broken.errors)")
        }
        #expect(!FileManager.default.fileExists(atPath: clips.out))
        #expect(try clips.batch("status", clips.path("none.jsonl"), "--out", clips.out).status == CommandStatus.missingInput.rawValue)
        try clips.writeManifest()
        #expect(try clips.batch("status", clips.manifest, "--out", clips.out).status == CommandStatus.missingInput.rawValue)
        #expect(try clips.batch("verify", "--out", clips.out).status == CommandStatus.missingInput.rawValue)
        #expect(try clips.batch("run", clips.manifest, "--out", clips.out, "--shard", "2/2").status == CommandStatus.usage.rawValue)
        #expect(!FileManager.default.fileExists(atPath: clips.out))
        // Another batch's folder.
        _ = try BatchFolder(clips.out, for: .init(batch: "other", isArchived: false))
        let other = try clips.batch("run", clips.manifest, "--out", clips.out)
        #expect(other.status == CommandStatus.usage.rawValue && other.errors.contains("belongs to the batch \"other\""))
    }
}
