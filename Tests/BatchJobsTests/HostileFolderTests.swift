import Foundation
import Testing

@testable import BatchJobs

@Suite("What others put into an output folder leads nowhere else and holds nobody up")
struct HostileFolderTests {
    private func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    @Test("Names in records and runs do not lead out of the folder") func namesLeadNowhere() throws {
        let folder = try BatchTestFolder()
        let manifest = try folder.manifest([folder.video("a"), folder.video("b", "fail input")])
        _ = try folder.run(manifest, out: folder.path + "/node")
        let node = try BatchFolder(existing: folder.path + "/node")
        let own = try BatchFolder(folder.out, for: .init(batch: "trial", isArchived: false))
        // A failure that names another place.
        let failure = try node.failurePath("b")
        let text = try String(contentsOfFile: failure, encoding: .utf8)
        try Data(text.replacingOccurrences(of: "\"id\" : \"b\"", with: "\"id\" : \"../../../planted\"").utf8)
            .write(to: URL(fileURLWithPath: failure))
        #expect(try BatchMerge(from: [node], into: own).taken == 1)
        #expect(!exists(folder.path + "/planted.json") && !exists(folder.out + "/planted.json"))
        // A run that names another's work.
        try folder.write("precious", to: "precious")
        var dead = RunIdentity.new()
        (dead.id, dead.processID) = ("../../precious", 0x3fff_fff0)
        try SmallFile.replace(own.runPath("x"), with: JSONLine.encode(dead))
        try own.removeLeftovers(seenFrom: .new())
        #expect(exists(folder.path + "/precious"))
        dead.id = "Documents"
        try SmallFile.replace(own.runPath(dead.id), with: JSONLine.encode(dead))
        try SmallFile.write(Data(), to: own.workPath(dead.id))
        try own.removeLeftovers(seenFrom: .new())
        #expect(exists(own.workPath(dead.id)) && exists(own.runPath(dead.id)))
        // A result that is another's.
        let record = try own.resultPath("a") + "/record.json"
        let other = try String(contentsOfFile: record, encoding: .utf8).replacingOccurrences(
            of: "\"id\" : \"a\"", with: "\"id\" : \"../b\"")
        try Data(other.utf8).write(to: URL(fileURLWithPath: record))
        #expect(throws: BatchError.self) { try ResultStore(folder: own).record(of: "a") }
        #expect(try ResultVerification(own).faults.map(\.id) == ["a"])
    }

    @Test(
        "Outputs that a record names outside of its result are not copied", arguments: ["../../../planted/x", "/planted", "", ".", "a//b"])
    func outputsLeadNowhere(path: String) throws {
        let folder = try BatchTestFolder()
        _ = try folder.run(folder.manifest([folder.video("a")]), out: folder.path + "/node")
        let node = try BatchFolder(existing: folder.path + "/node")
        let record = try node.resultPath("a") + "/record.json"
        var found = try ResultStore(folder: node).record(of: "a")
        found.outputs[0].path = path
        try found.json().write(to: URL(fileURLWithPath: record))
        let own = try BatchFolder(folder.out, for: .init(batch: "trial", isArchived: false))
        let merge = try BatchMerge(from: [node], into: own)
        #expect(merge.faults == [.damagedFile(path: try node.resultPath("a"), reason: "it names files outside of itself")])
        #expect(merge.taken == 0 && !exists(folder.path + "/planted") && !exists(folder.out + "/planted"))
        #expect(try own.ids(in: "results").isEmpty)
    }

    @Test("Pipes and links among results are faults, and nobody waits for them") func pipesAndLinks() throws {
        let folder = try BatchTestFolder()
        let manifest = try folder.manifest((0..<3).map { try folder.video("v\($0)") })
        _ = try folder.run(manifest)
        let opened = try BatchFolder(existing: folder.out)
        #expect(mkfifo(try opened.resultPath("v0") + "/extra", 0o600) == 0)
        #expect(symlink("/etc/hostname", try opened.resultPath("v1") + "/extra") == 0)
        let record = try opened.resultPath("v2") + "/record.json"
        #expect(unlink(record) == 0 && mkfifo(record, 0o600) == 0)
        #expect(try ResultVerification(opened, removing: true).faults.map(\.id) == ["v0", "v1", "v2"])
        #expect(try folder.run(manifest).done == 3)
    }

    @Test(
        "Links in the place of a batch's folders are refused, and nothing behind them is touched",
        arguments: ["results", "failed", "claims", "lost", "runs", "journal", "logs", "work", "slurm", "results/", "failed/"])
    func linkedFolders(name: String) throws {
        let folder = try BatchTestFolder()
        let manifest = try folder.manifest([folder.video("Documents"), folder.video("b", "fail input")])
        _ = try folder.run(manifest)
        let spread = name.hasSuffix("/") ? try BatchFolder.spread(name == "results/" ? "Documents" : "b") : ""
        let own = folder.out + "/" + name + spread
        // What is there is outside, under a name that the batch would replace or remove.
        let outside = folder.path + "/outside"
        if exists(own) {
            #expect(rename(own, outside) == 0)
        } else {
            try FileManager.default.createDirectory(atPath: outside, withIntermediateDirectories: false)
        }
        try FileManager.default.createDirectory(atPath: outside + "/Documents", withIntermediateDirectories: true)
        try folder.write("precious", to: "outside/Documents/letter")
        let before = try FileManager.default.subpathsOfDirectory(atPath: outside).sorted()
        #expect(symlink(outside, own) == 0)
        #expect(throws: BatchError.self) { try BatchFolder(existing: folder.out) }
        #expect(throws: BatchError.self) { try folder.run(manifest) }
        #expect(try FileManager.default.subpathsOfDirectory(atPath: outside).sorted() == before)
        // With a folder in its place, it goes on.
        #expect(unlink(own) == 0)
        #expect(try folder.run(manifest).isStopped == false)
    }

    @Test("A folder of somebody else's is not made a batch's") func aForeignFolder() throws {
        let folder = try BatchTestFolder()
        try FileManager.default.createDirectory(atPath: folder.out + "/results/mine", withIntermediateDirectories: true)
        let manifest = try folder.manifest([folder.video("a")])
        #expect(throws: BatchError.foreignFolder(folder: folder.out, name: "results")) { try folder.run(manifest) }
        #expect(try FolderNames.all(in: folder.out) == ["results"])
        // Other things in it do not matter.
        try FileManager.default.removeItem(atPath: folder.out + "/results")
        try FileManager.default.createDirectory(atPath: folder.out + "/lost+found", withIntermediateDirectories: true)
        #expect(try folder.run(manifest).done == 1)
    }

    @Test("A run that others took for gone gives back only what is still its own") func releasing() throws {
        let folder = try BatchTestFolder()
        let opened = try BatchFolder(folder.out, for: .init(batch: "trial", isArchived: false))
        let item = try folder.plan(folder.manifest([folder.video("a")])).pending[0]
        let first = try Claims(folder: opened, own: .new(), lease: 1)
        #expect(try first.take(item) == .taken)
        unlink(opened.claimPath("a"))
        let second = try Claims(folder: opened, own: .new(), lease: 1)
        #expect(try second.take(item) == .taken)
        first.release("a")
        #expect(exists(opened.claimPath("a")))
        second.release("a")
        #expect(!exists(opened.claimPath("a")))
    }
}
