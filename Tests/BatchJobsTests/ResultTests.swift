import Foundation
import Support
import TestSupport
import Testing

@testable import BatchJobs

@Suite("Results are whole, checked, and belong to one batch")
struct ResultTests {
    @Test("The folder of another batch is refused") func anotherBatchsFolderIsRefused() throws {
        let folder = try BatchTestFolder()
        _ = try folder.run(folder.manifest([folder.video("a")]))
        let other = try folder.manifest([#"{"batch": "other"}"#, folder.video("a")])
        let error = #expect(throws: BatchError.self) { try folder.run(other) }
        #expect(error == .otherBatch(folder: folder.out, found: "trial", wanted: "other"))
        let archived = try folder.manifest([#"{"batch": "trial", "archive": true}"#, folder.video("a")])
        #expect(throws: BatchError.self) { try folder.run(archived) }
        #expect(throws: BatchError.noBatch(folder: folder.path)) { try BatchFolder(existing: folder.path) }
    }

    @Test("Damage is found and mended", arguments: [false, true]) func damageIsFoundAndMended(isArchived: Bool) throws {
        let folder = try BatchTestFolder()
        let header = #"{"batch": "trial", "archive": \#(isArchived), "outputs": ["rle", "masks"]}"#
        let manifest = try folder.manifest([header] + (0..<3).map { try folder.video("v\($0)") })
        _ = try folder.run(manifest)
        let opened = try BatchFolder(existing: folder.out)
        let before = try folder.digests()
        #expect(try ResultVerification(opened, inputs: true).faults.isEmpty)
        let path = try opened.resultPath("v1") + (isArchived ? "" : "/masks/1.png")
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        let place = isArchived ? try #require(bytes.range(of: Data("mask 1 of".utf8))).lowerBound : 2
        bytes[place] ^= 1
        try bytes.write(to: URL(fileURLWithPath: path))
        try folder.write("v2\nframes 12\n", to: "v2.mp4")
        let verification = try ResultVerification(opened, inputs: true, removing: true)
        #expect(verification.checked == 3)
        #expect(verification.faults.map(\.id) == ["v1", "v2"])
        #expect(verification.faults[0].reason.contains("masks/1.png"))
        #expect(try folder.run(manifest).done == 2)
        #expect(try folder.digests()["v1"] == before["v1"])
        #expect(try ResultVerification(opened, inputs: true).faults.isEmpty)
    }

    @Test("Archives are what tar reads") func archivesAreWhatTarReads() throws {
        let folder = try BatchTestFolder()
        let manifest = try folder.manifest([#"{"batch": "trial", "archive": true, "outputs": ["rle", "masks"]}"#, folder.video("a")])
        _ = try folder.run(manifest)
        let path = try BatchFolder(existing: folder.out).resultPath("a")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["tar", "-xf", path, "-C", folder.path]
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        #expect(try String(contentsOfFile: folder.path + "/masks/2.png", encoding: .utf8).hasPrefix("mask 2 of a"))
        #expect(try ResultRecord(parsing: Data(contentsOf: URL(fileURLWithPath: folder.path + "/record.json")), path: "").id == "a")
    }

    @Test("Folders of nodes are merged") func foldersOfNodesAreMerged() throws {
        let folder = try BatchTestFolder()
        let manifest = try folder.manifest((0..<8).map { try folder.video("v\($0)", $0 == 5 ? "crash" : "frames 10") })
        for index in 0..<2 {
            var options = folder.options()
            options.shard = try Shard(index, of: 2)
            _ = try folder.run(manifest, out: folder.path + "/node\(index)", options: options)
        }
        let out = try BatchFolder(folder.out, for: .init(batch: "trial", isArchived: false))
        let others = try (0..<2).map { try BatchFolder(existing: folder.path + "/node\($0)") }
        #expect(try BatchMerge(from: others, into: out).taken == 7)
        #expect(try BatchMerge(from: others, into: out).alreadyThere == 7)
        let plan = try folder.plan(manifest)
        #expect(plan.counts.done == 7 && plan.counts.setAside == 1)
        try BatchIndex.write(plan, to: out)
        let index = try String(contentsOfFile: out.indexPath, encoding: .utf8)
        #expect(index.split(separator: "\n").count == 7)
        #expect(try ResultVerification(out).faults.isEmpty)
    }

    @Test("The report names failures and the least confident") func theReportNamesFailuresAndTheLeastConfident() throws {
        let folder = try BatchTestFolder()
        let manifest = try folder.manifest([
            folder.video("sure", "confidence 0.9"), folder.video("unsure", "confidence 0.1"), folder.video("wrong", "fail input"),
        ])
        _ = try folder.run(manifest)
        let opened = try BatchFolder(existing: folder.out)
        let report = try BatchReport(folder.plan(manifest), manifest: manifest, folder: opened)
        #expect(report.leastConfident.map(\.id) == ["unsure", "sure"])
        #expect(report.failures.map(\.id) == ["wrong"])
        try report.write(to: opened)
        let page = try String(contentsOfFile: opened.reportPath, encoding: .utf8)
        #expect(page.contains("wrong: as it was told.") && page.contains("data:image/png;base64,"))
        #expect(try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: opened.reportDataPath))) is [String: Any])
    }

    @Test("A claim of a run that is gone holds nobody up") func aClaimOfARunThatIsGoneHoldsNobodyUp() throws {
        let folder = try BatchTestFolder()
        _ = try folder.run(folder.manifest([folder.video("x")]))
        let opened = try BatchFolder(existing: folder.out)
        let own = RunIdentity.new()
        let claims = try Claims(folder: opened, own: own, lease: 0.3)
        func item(_ id: String) throws -> BatchItem {
            let entry = ManifestEntry(id: id, video: "/\(id).mp4", prompts: .file("/\(id).json"))
            return BatchItem(id: id, line: 1, index: 0, key: try JobKey(entry, models: [:], isArchived: false), models: "", replaces: false)
        }
        func claim(_ id: String, by holder: RunIdentity) throws {
            #expect(try ExclusiveFile.create(opened.claimPath(id), JSONLine.encode(holder)))
        }
        #expect(try claims.take(item("free")) == .taken)
        // This process's number is alive.
        var alive = own
        alive.id = "alive"
        try SmallFile.replace(opened.runPath("alive"), with: JSONLine.encode(alive))
        try claim("a", by: alive)
        #expect(try claims.take(item("a")) == .held(alive))
        // A process that has ended.
        var ended = own
        (ended.id, ended.processID) = ("ended", 0x3fff_fff0)
        try claim("b", by: ended)
        #expect(try claims.take(item("b")) == .abandoned(ended))
        #expect(try claims.take(item("b")) == .taken && claims.lossCount(item("b")) == 1)
        // The same task of the scheduler, started anew.
        var (before, after) = (own, own)
        (before.id, before.task, before.system, before.host) = ("before", "slurm/7", "elsewhere", "node1")
        (after.task, after.restarts) = ("slurm/7", 1)
        try claim("c", by: before)
        #expect(try Claims(folder: opened, own: after, lease: 1000).take(item("c")) == .abandoned(before))
        // Another machine's run: gone when its number has stood still for the lease, whatever its clock says.
        var far = before
        (far.id, far.task) = ("far", nil)
        try claim("d", by: far)
        let holder = far
        try SmallFile.replace(opened.runPath("far"), with: JSONLine.encode(far))
        #expect(try claims.take(item("d")) == .held(holder))
        Thread.sleep(forTimeInterval: 0.2)
        far.beats = 1
        try SmallFile.replace(opened.runPath("far"), with: JSONLine.encode(far))
        #expect(try claims.take(item("d")) == .held(holder))
        Thread.sleep(forTimeInterval: 0.2)
        #expect(try claims.take(item("d")) == .held(holder))
        Thread.sleep(forTimeInterval: 0.2)
        #expect(try claims.take(item("d")) == .abandoned(holder))
    }

    @Test("A cut journal and an absent one are made up for by the results") func aCutJournalAndAnAbsentOneAreMadeUpForByTheResults() throws
    {
        let folder = try BatchTestFolder()
        let manifest = try folder.manifest((0..<3).map { try folder.video("v\($0)") })
        _ = try folder.run(manifest)
        let journal = folder.out + "/journal"
        for name in try FolderNames.all(in: journal) { #expect(truncate("\(journal)/\(name)", 40) == 0) }
        #expect(try folder.run(manifest) == BatchRun.Outcome(doneBefore: 3))
    }

    @Test("Time limits follow the slowest video") func timeLimitsFollowTheSlowestVideo() {
        var limit = TimeLimit(factor: 10, least: 60, start: 900, unknown: 100)
        #expect(limit.seconds(frames: 10) == 1900)
        limit.learn(frames: 100, seconds: 50)
        limit.learn(frames: 100, seconds: 20)
        #expect(limit.seconds(frames: 1000) == 5000 && limit.seconds(frames: 3) == 60)
        #expect(limit.seconds(frames: .max).isFinite)
    }

    @Test("A long video is not judged by the pace of a far shorter one") func timeLimitsOfLongVideos() {
        var limit = TimeLimit()
        // Mostly what every video takes, whatever its length.
        limit.learn(frames: 1, seconds: 5)
        #expect(limit.seconds(frames: 1500) < 2 * 3600)
        #expect(limit.seconds(frames: 16) == 800)
        limit.learn(frames: 250, seconds: 50)
        #expect(limit.seconds(frames: 1500) == 3000)
        #expect(limit.seconds(frames: 16) == 800 && limit.seconds(frames: 0) == 120)
        var fast = TimeLimit()
        fast.learn(frames: 1, seconds: 0.02)
        #expect(fast.seconds(frames: 1500) == 300)
        // What was measured is of videos as long as the sample's.
        var measured = TimeLimit()
        measured.learn(
            WorkerMeasurement(rows: [
                .init(
                    shape: WorkerShape(workers: 4, threads: 1), framesPerSecond: 4, peakMemory: 1 << 28, videos: 8, secondsPerVideo: 450,
                    greatestSeconds: 500)
            ]))
        #expect(measured.seconds(frames: 6000) == 60_000)
        measured.learn(
            WorkerMeasurement(rows: [
                .init(
                    shape: WorkerShape(workers: .max, threads: 1), framesPerSecond: .leastNonzeroMagnitude, peakMemory: 0, videos: 0,
                    secondsPerVideo: .greatestFiniteMagnitude, greatestSeconds: 0)
            ]))
        #expect(measured.seconds(frames: .max).isFinite)
    }

    @Test("Digests are those of the standard") func digestsAreThoseOfTheStandard() throws {
        #expect(try SHA256Digest.text(of: Data("abc".utf8)) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(try SHA256Digest.text(of: Data()) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    }
}
