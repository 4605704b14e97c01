import Foundation
import Testing

@testable import BatchJobs

@Suite("A video that ends whole runs is met last, alone, and not for ever")
struct LostRunTests {
    private func losses(_ folder: BatchTestFolder) throws -> [String: Int] {
        try BatchFolder(existing: folder.out).losses().mapValues(\.runs.count)
    }

    /// What was finished, in order, over all runs one after another.
    private func finished(_ folder: BatchTestFolder) throws -> [String] {
        let journal = folder.out + "/journal"
        return try FolderNames.all(in: journal).flatMap { name in
            try String(contentsOfFile: "\(journal)/\(name)", encoding: .utf8).split(separator: "\n").map {
                try JSONDecoder().decode(JournalEntry.self, from: Data($0.utf8)).id
            }
        }
    }

    @Test("Runs that are killed by a video get further every time, and it is set aside in the end") func aVideoThatKillsItsRuns() throws {
        let folder = try BatchTestFolder()
        var lines = try (0..<6).map { try folder.video("good\($0)", "seconds 0.1") }
        lines.insert(try folder.video("killer", "crash-run"), at: 1)
        let manifest = try folder.manifest(lines)
        #expect(try !folder.runInProcess())
        // All others are done before it is met again.
        #expect(try !folder.runInProcess())
        #expect(try folder.plan(manifest).counts.done >= 5)
        #expect(try !folder.runInProcess())
        #expect(try folder.plan(manifest).counts.done == 6)
        #expect(try !folder.runInProcess())
        #expect(try losses(folder)["killer"] == 3)
        #expect(try folder.runInProcess())
        let counts = try folder.plan(manifest).counts
        #expect(counts.done == 6 && counts.setAside == 1)
        let opened = try BatchFolder(existing: folder.out)
        let failure = try #require(try opened.failure(of: "killer"))
        #expect(failure.kind == .crash && failure.attempts == 4 && failure.reason.hasPrefix("4 runs ended"))
        #expect(try losses(folder).isEmpty)
        // Asked for again, it has as many tries as before.
        #expect(try opened.retry(nil) == ["killer"])
        #expect(try !folder.runInProcess())
        #expect(try !folder.runInProcess())
        #expect(try losses(folder) == ["killer": 1])
    }

    @Test("A video whose runs were killed without its fault is done, after all others") func aVideoThatWasPreempted() throws {
        let folder = try BatchTestFolder()
        let manifest = try folder.manifest((0..<4).map { try folder.video("v\($0)") })
        let opened = try BatchFolder(folder.out, for: .init(batch: "trial", isArchived: false))
        var dead = RunIdentity.new()
        for _ in 0..<3 {
            // A run that dies with it, and one that finds that out but is stopped.
            (dead.id, dead.processID) = (UUID().uuidString, 0x3fff_fff0)
            #expect(try ExclusiveFile.create(opened.claimPath("v0"), JSONLine.encode(dead)))
            let item = try folder.plan(manifest).pending[0]
            #expect(try Claims(folder: opened, own: .new(), lease: 1).take(item) == .abandoned(dead))
        }
        #expect(try losses(folder) == ["v0": 3])
        var last: [(String, Int)] = []
        let outcome = try folder.run(manifest, report: { if case .comesLast(let id, let count) = $0 { last.append((id, count)) } })
        #expect(outcome.done == 4 && outcome.setAside == 0)
        #expect(last.map(\.0) == ["v0"] && last.map(\.1) == [3])
        #expect(try finished(folder).last == "v0")
        #expect(try losses(folder).isEmpty)
    }

    @Test("What runs left on other machines goes when it is old, and what may be alive does not") func leftovers() throws {
        let folder = try BatchTestFolder()
        let manifest = try folder.manifest([folder.video("a")])
        let opened = try BatchFolder(folder.out, for: .init(batch: "trial", isArchived: false))
        func age(_ path: String) throws {
            let then = Date(timeIntervalSinceNow: -Double(BatchFolder.greatestSilence) - 3600)
            try FileManager.default.setAttributes([.modificationDate: then], ofItemAtPath: path)
        }
        func leaveWork(_ name: String) throws {
            try BatchFolder.make(opened.workPath(name))
            try SmallFile.write(Data("half".utf8), to: opened.workPath(name) + "/a-1")
        }
        func leaveRun() throws -> String {
            var run = RunIdentity.new()
            (run.host, run.system) = ("elsewhere", "elsewhere")
            try SmallFile.replace(opened.runPath(run.id), with: JSONLine.encode(run))
            try leaveWork(run.id)
            return run.id
        }
        func id() -> String { UUID().uuidString.lowercased() }
        // Of another machine: one that was killed long ago, one that works on a video for days, and one that may have been killed just now.
        let (dead, slow, fresh) = (try leaveRun(), try leaveRun(), try leaveRun())
        for path in [opened.runPath(dead), opened.workPath(dead), opened.workPath(slow)] { try age(path) }
        // Without a run; what was being removed, or made; and what is nobody's.
        let (orphan, young, removed, claim) = (id(), id(), "." + id().uppercased(), "." + id().uppercased())
        for name in [orphan, young, removed, "notes"] { try leaveWork(name) }
        for path in [orphan, removed, "notes"].map(opened.workPath) { try age(path) }
        try SmallFile.write(Data("{}".utf8), to: opened.claimPath(claim))
        try age(opened.claimPath(claim))
        #expect(try folder.run(manifest).done == 1)
        #expect(try Set(FolderNames.all(in: folder.out + "/work")) == [slow, fresh, young, "notes"])
        #expect(try Set(FolderNames.all(in: folder.out + "/runs")) == ["\(slow).json", "\(fresh).json"])
        #expect(try FolderNames.all(in: folder.out + "/claims").isEmpty)
    }

    @Test("Measuring leaves such videos out") func measuringLeavesThemOut() throws {
        let folder = try BatchTestFolder()
        let manifest = try folder.manifest([folder.video("killer", "crash")] + (0..<3).map { try folder.video("v\($0)") })
        let opened = try BatchFolder(folder.out, for: .init(batch: "trial", isArchived: false))
        var dead = RunIdentity.new()
        (dead.id, dead.processID) = (UUID().uuidString, 0x3fff_fff0)
        let item = try folder.plan(manifest).pending[0]
        try opened.write(LossRecord(key: item.key, runs: [.init(id: dead.id, host: dead.host)]), of: item.id)
        var options = folder.options()
        (options.workers, options.threads) = (nil, nil)
        let run = BatchRun(
            manifest, folder: opened, options: options,
            program: { WorkerProgram(path: BatchTestFolder.worker, arguments: [opened.path, "\($0)"]) }, models: { _ in EntryModels() })
        let measurement = try #require(try run.measure(atMost: 2))
        #expect(measurement.rows.allSatisfy { $0.videos > 0 })
        for name in try FolderNames.all(in: folder.out + "/logs") {
            #expect(try !String(contentsOfFile: "\(folder.out)/logs/\(name)", encoding: .utf8).contains("About to crash."))
        }
        #expect(try FolderNames.all(in: folder.out + "/claims").isEmpty)
    }
}
