import Foundation
import Testing

@testable import BatchJobs

@Suite("Manifests are checked as a whole, and shared out by content")
struct ManifestTests {
    @Test("A line becomes an entry") func aLineBecomesAnEntry() throws {
        let folder = try BatchTestFolder()
        let manifest = try folder.manifest([
            #"{"batch": "first-try", "options": {"max-side": 480, "seed": 7}, "outputs": ["masks"]}"#,
            #"{"video": "clips/Goat 1.mp4", "prompts": "goat.json", "options": {"seed": 9}}"#,
            #"{"id": "b", "video": "/data/b.mp4", "outputs": ["rle", "overlay", "rle"], "#
                + #""prompts": {"objects": [{"mask": {"file": "m.png", "id": 3}}, {"mask": "/n.png"}]}}"#,
        ])
        #expect(manifest.batch == "first-try")
        let first = try manifest.entry(manifest.items[0])
        #expect(first.id == "Goat_1" && first.video == folder.path + "/clips/Goat 1.mp4")
        #expect(first.prompts == .file(folder.path + "/goat.json"))
        #expect(first.options == ["max-side": .integer(480), "seed": .integer(9)])
        #expect(first.outputs == [.masks])
        let second = try manifest.entry(manifest.items[1])
        #expect(second.outputs == [.rle, .overlay])
        #expect(try second.inputPaths == ["/data/b.mp4", folder.path + "/m.png", "/n.png"])
    }

    @Test("Without a header the file names the batch") func withoutAHeaderTheFileNamesTheBatch() throws {
        let folder = try BatchTestFolder()
        #expect(try folder.manifest([folder.video("a")]).batch == "trial")
    }

    @Test("Broken lines are named before anything begins") func brokenLinesAreNamedBeforeAnythingBegins() throws {
        let folder = try BatchTestFolder()
        let count = 70_010
        var lines = (1...count).map { #"{"id": "v\#($0)", "video": "v.mp4", "prompts": "p.json"}"# }
        lines[69_999] = #"{"id": "v70000", "video": "v.mp4", "prompts": "p.json""#
        lines[70_003] = #"{"id": "V17", "video": "v.mp4", "prompts": "p.json"}"#
        lines[70_005] = #"{"id": "x", "vidoe": "v.mp4", "prompts": "p.json"}"#
        lines[70_006] = #"{"id": "../x", "video": "v.mp4", "prompts": "p.json"}"#
        lines[70_007] = String(repeating: "[", count: 100_000)
        try folder.write(lines.joined(separator: "\r\n"), to: "long.jsonl")
        let manifest = try Manifest(folder.path + "/long.jsonl", skipsBroken: true)
        let problems = manifest.problems
        #expect(manifest.items.count == count - 5)
        #expect(problems.map(\.line) == [70_000, 70_004, 70_006, 70_007, 70_008])
        #expect(problems[0].reason.contains("JSON"))
        #expect(problems[1].reason.contains("line 17"))
        #expect(problems[2].reason.contains("vidoe"))
        try folder.write(lines.suffix(11).joined(separator: "\n"), to: "short.jsonl")
        let error = #expect(throws: BatchError.self) { try Manifest(folder.path + "/short.jsonl") }
        guard case .brokenManifest(_, let found)? = error else {
            Issue.record("\(error as Any)")
            return
        }
        #expect(found.map(\.line) == [1, 7, 8, 9])
        #expect(error.map { "\($0)" }?.contains("line 7: has an unknown field") == true)
    }

    @Test("A manifest without videos is refused", arguments: ["", "\n\n", "{\"batch\": \"x\"}\n"]) func aManifestWithoutVideosIsRefused(
        text: String
    ) throws {
        let folder = try BatchTestFolder()
        try folder.write(text, to: "empty.jsonl")
        #expect(throws: BatchError.emptyManifest(path: folder.path + "/empty.jsonl")) { try Manifest(folder.path + "/empty.jsonl") }
    }

    @Test(
        "A first line that may be the header is not left out: the others would say something else",
        arguments: [
            #"{"batch": "x", "options": {"max-side": 480}, "archived": true}"#, #"{"options": {"max-side": 480}}"#,
            #"{"batch": "x", "#, #"{"batch": "../x"}"#,
        ])
    func aBrokenHeaderIsNotLeftOut(header: String) throws {
        let folder = try BatchTestFolder()
        try folder.write("\(header)\n\(folder.video("a"))\n", to: "trial.jsonl")
        let error = #expect(throws: BatchError.self) { try Manifest(folder.manifestPath, skipsBroken: true) }
        #expect(error.map { "\($0)" }?.contains("line 1: ") == true && error.map { "\($0)" }?.contains("header") == true)
        // One that is about a video is.
        try folder.write("{\"video\": \"x.mp4\"}\n\(folder.video("a"))\n", to: "trial.jsonl")
        #expect(try Manifest(folder.manifestPath, skipsBroken: true).items.map(\.id) == ["a"])
    }

    @Test("Options are checked once for each kind") func optionsAreCheckedOnceForEachKind() throws {
        let folder = try BatchTestFolder()
        try folder.write(
            try (0..<50).map { try folder.video("v\($0)", options: $0 % 2 == 0 ? "{\"seed\": 1}" : "{\"sede\": 1}") + "\n" }.joined(),
            to: "trial.jsonl")
        var calls = 0
        let manifest = try Manifest(folder.manifestPath, skipsBroken: true) { entry in
            calls += 1
            if entry.options["sede"] != nil { throw LineProblem("no option sede") }
        }
        #expect(calls == 2 && manifest.items.count == 25 && manifest.problems.count == 25)
        #expect(manifest.problems.allSatisfy { $0.reason == "no option sede" })
    }

    @Test("Lines that ask for the same models come together") func linesThatAskForTheSameModelsComeTogether() throws {
        let folder = try BatchTestFolder()
        let lines = try (0..<6).map { try folder.video("v\($0)", options: "{\"seed\": \($0), \"tracker\": \"\($0 % 2)\"}") }
        let manifest = try folder.manifest(lines)
        let opened = try BatchFolder(folder.out, for: .init(batch: "trial", isArchived: false))
        let plan = try BatchPlan(manifest, folder: opened) { EntryModels(loading: "\($0["tracker"] ?? .null)") }
        #expect(plan.pending.map(\.id) == ["v0", "v2", "v4", "v1", "v3", "v5"])
    }

    @Test("Shares are of equal size and move little") func sharesAreOfEqualSizeAndMoveLittle() throws {
        let ids = (0..<20_000).map { "clip-\($0)" }
        let before = try ids.map { try Shard.index(of: $0, count: 20) }
        let after = try ids.map { try Shard.index(of: $0, count: 21) }
        let moved = zip(before, after).filter { $0 != $1 }
        #expect(moved.allSatisfy { $0.1 == 20 })
        #expect((800...1100).contains(moved.count))
        let sizes = Dictionary(grouping: before) { $0 }.mapValues(\.count)
        #expect(sizes.count == 20 && sizes.values.allSatisfy { (850...1150).contains($0) })
        let shards = try (0..<3).map { try Shard($0, of: 3) }
        for id in ids.prefix(100) { #expect(try shards.filter { try $0.contains(id) }.count == 1) }
    }

    @Test("Impossible shares are refused", arguments: ["3/3", "-1/3", "1", "a/b", "0/0", "1/2/3", "0/99999999999999999999"])
    func impossibleSharesAreRefused(text: String) {
        #expect(throws: BatchError.self) { try Shard(text) }
    }

    @Test("A folder of videos becomes a manifest") func aFolderOfVideosBecomesAManifest() throws {
        let folder = try BatchTestFolder()
        for name in ["a.mp4", "a.mov", "A.json", "A.mkv", "a.json", "b c.mov", "b c.txt", "lonely.mkv", "notes.md"] {
            try folder.write("x", to: name)
        }
        let writer = try ManifestWriter(folder: folder.path, header: ManifestHeader(batch: "x"))
        // Some file systems take no notice of case.
        #expect(Set(writer.lines.map(\.id)) == ["A", "a-2", "a-3", "b_c"])
        #expect(writer.notes.count == 1 && writer.notes[0].contains("lonely.mkv"))
        try writer.text().write(to: URL(fileURLWithPath: folder.manifestPath))
        #expect(try Manifest(folder.manifestPath).items.count == 4)
    }
}
