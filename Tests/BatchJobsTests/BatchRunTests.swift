import Foundation
import Support
import TestSupport
import Testing

@testable import BatchJobs

@Suite("A batch does everything once, whatever happens to its workers")
struct BatchRunTests {
    @Test("Every video is done once and a second run does what changed") func everyVideoIsDoneOnceAndASecondRunDoesWhatChanged() throws {
        let folder = try BatchTestFolder()
        var lines = try (0..<8).map { try folder.video("v\($0)") }
        #expect(try folder.run(folder.manifest(lines)).done == 8)
        let first = try folder.digests()
        #expect(Set(first.values).count == 8)
        #expect(try folder.run(folder.manifest(lines)) == BatchRun.Outcome(doneBefore: 8))
        // One is removed, one changes, one gets other options, one is touched only, one is new, and one's video is gone.
        let store = ResultStore(folder: try BatchFolder(existing: folder.out))
        try store.moveAside(store.folder.resultPath("v0"))
        try folder.write("v1\nframes 11\n", to: "v1.mp4")
        lines[2] = try folder.video("v2", options: "{\"seed\": 3}")
        try folder.write("v3\nframes 10\n", to: "v3.mp4")
        lines.append(try folder.video("v8"))
        try folder.remove("v4.mp4")
        let manifest = try folder.manifest(lines)
        let counts = try folder.plan(manifest).counts
        #expect(counts.done == 5 && counts.changed == 2 && counts.missing == 2)
        let outcome = try folder.run(manifest)
        #expect(outcome.done == 4 && outcome.doneBefore == 5)
        let second = try folder.digests()
        #expect(second.count == 9 && second["v0"] == first["v0"] && second["v3"] == first["v3"] && second["v1"] != first["v1"])
        #expect(try FolderNames.all(in: folder.out + "/claims").isEmpty)
        #expect(try FolderNames.all(in: folder.out + "/work").isEmpty)
        #expect(try FolderNames.all(in: folder.out + "/runs").isEmpty)
    }

    @Test("What was asked for before is not what is there now") func whatWasAskedForBeforeIsNotWhatIsThereNow() throws {
        let folder = try BatchTestFolder()
        func run(_ seed: Int, _ text: String = "frames 10") throws -> (done: Int, digest: String?) {
            let outcome = try folder.run(folder.manifest([folder.video("a", text, options: "{\"seed\": \(seed)}")]))
            return (outcome.done, try folder.digests()["a"])
        }
        let first = try run(1)
        // Options, and then the video, change and change back: both times the journals know of the old result, too.
        let changes = try [run(2), run(1), run(1, "frames 11"), run(1)]
        #expect(changes.map(\.done) == [1, 1, 1, 1])
        #expect(changes[1].digest == first.digest && changes[3].digest == first.digest)
        #expect(changes[0].digest != first.digest && changes[2].digest != first.digest)
        #expect(try run(1).done == 0)
        // A run that is killed after its result is there and before its journal has it.
        _ = try run(2)
        let journal = folder.out + "/journal"
        for name in try FolderNames.all(in: journal) {
            let lines = try String(contentsOfFile: "\(journal)/\(name)", encoding: .utf8).split(separator: "\n")
            let kept = try lines.filter { line in
                guard let entry = try? JSONDecoder().decode(JournalEntry.self, from: Data(line.utf8)) else { return true }
                return try entry.digest == first.digest && entry.digest != folder.digests()["a"]
            }
            try Data(Set(kept).sorted().map { $0 + "\n" }.joined().utf8).write(to: URL(fileURLWithPath: "\(journal)/\(name)"))
        }
        #expect(try run(1).done == 1)
    }

    @Test("Videos that end their workers are tried alone and set aside") func videosThatEndTheirWorkersAreTriedAloneAndSetAside() throws {
        let folder = try BatchTestFolder()
        var lines = try (0..<6).map { try folder.video("good\($0)", "seconds 0.05") }
        lines.insert(try folder.video("bad", "crash"), at: 1)
        lines.insert(try folder.video("greedy", "crash-together"), at: 3)
        lines.insert(try folder.video("wrong", "fail input"), at: 4)
        lines.insert(try folder.video("short", "fail memory"), at: 5)
        lines.append(#"{"id": "gone", "video": "gone.mp4", "prompts": {"objects": []}}"#)
        let manifest = try folder.manifest(lines)
        var retries: [String] = []
        let outcome = try folder.run(manifest, report: { if case .willRetry(let id, _) = $0 { retries.append(id) } })
        #expect(outcome.done == 7 && outcome.setAside == 4)
        #expect(Set(retries) == ["bad", "greedy", "short", "gone"])
        let opened = try BatchFolder(existing: folder.out)
        let bad = try #require(try opened.failure(of: "bad"))
        #expect(bad.kind == .crash && bad.attempts == 2 && bad.reason.contains("signal 9"))
        #expect(try String(contentsOfFile: opened.failureLogPath("bad"), encoding: .utf8).contains("About to crash."))
        #expect(try opened.failure(of: "wrong").map { $0.kind == .input && $0.attempts == 1 } == true)
        #expect(try opened.failure(of: "gone")?.kind == .missing)
        // What was set aside stays so, until it is asked for or changes.
        #expect(try folder.run(manifest) == BatchRun.Outcome(doneBefore: 7, setAside: 4))
        try folder.write("gone\nframes 3\n", to: "gone.mp4")
        try folder.write("bad\nframes 3\n", to: "bad.mp4")
        #expect(try opened.retry(["wrong"]) == ["wrong"])
        #expect(throws: BatchError.self) { try opened.retry(["good1"]) }
        let again = try folder.run(manifest)
        #expect(again.done == 2 && again.setAside == 2)
        #expect(try opened.failure(of: "bad") == nil)
    }

    @Test("A changed video that fails is set aside as others are, its old result notwithstanding")
    func aChangedVideoThatFailsIsSetAside() throws {
        let folder = try BatchTestFolder()
        _ = try folder.run(try folder.manifest([folder.video("a"), folder.video("b")]))
        let changed = try folder.manifest([folder.video("a", "fail input", options: "{\"seed\": 3}"), folder.video("b")])
        #expect(try folder.run(changed).setAside == 1)
        // The second run leaves it alone.
        #expect(try folder.run(changed) == BatchRun.Outcome(doneBefore: 1, setAside: 1))
        let plan = try folder.plan(changed)
        #expect(plan.counts.setAside == 1 && plan.counts.isFinished && plan.pending.isEmpty)
        #expect(try SlurmWatch.shards(plan, count: 3).isEmpty)
        let opened = try BatchFolder(existing: folder.out)
        let report = try BatchReport(plan, manifest: changed, folder: opened)
        #expect(report.failures.map(\.id) == ["a"])
        // What it was before is there still; asked for again, it counts.
        #expect(try folder.run(folder.manifest([folder.video("a"), folder.video("b")])) == BatchRun.Outcome(doneBefore: 2))
        #expect(try opened.retry(nil) == ["a"])
        #expect(try folder.plan(changed).counts.changed == 1)
    }

    @Test("A stuck worker is ended") func aStuckWorkerIsEnded() throws {
        let folder = try BatchTestFolder()
        let manifest = try folder.manifest([folder.video("stuck", "hang"), folder.video("b"), folder.video("c")])
        var options = folder.options()
        options.timeLimit = TimeLimit(factor: 10, least: 0.6, start: 30, unknown: 0.05)
        let outcome = try folder.run(manifest, options: options)
        #expect(outcome.done == 2 && outcome.setAside == 1)
        #expect(try BatchFolder(existing: folder.out).failure(of: "stuck")?.kind == .timeout)
    }

    @Test("A worker that is stuck with a first video is judged by the videos that others finish, and by those of runs before")
    func aFirstVideoThatHangsIsEnded() throws {
        let folder = try BatchTestFolder()
        var options = folder.options()
        // By its length alone it would have a quarter of an hour.
        options.timeLimit = TimeLimit(factor: 10, least: 0.6, start: 30, unknown: 90)
        let lines = [try folder.video("stuck", "hang"), try folder.video("b"), try folder.video("c")]
        let began = ContinuousClock.now
        let outcome = try folder.run(try folder.manifest(lines), options: options)
        #expect(outcome.done == 2 && outcome.setAside == 1 && began.secondsAgo < 30, "\(outcome)")
        // Alone, with nobody to be measured by but the results that are there.
        let later = try folder.run(try folder.manifest(lines + [folder.video("also-stuck", "hang")]), options: options)
        #expect(later.setAside == 2 && later.doneBefore == 2 && began.secondsAgo < 60, "\(later)")
    }

    @Test("The very first video of a lone worker is ended when it gets no further, and a slow one that does is not")
    func theFirstVideoOfALoneWorker() throws {
        let folder = try BatchTestFolder()
        var options = folder.options(workers: 1)
        options.timeLimit = TimeLimit(factor: 1, least: 0.6, start: 4, unknown: 0)
        let lines = [try folder.video("stuck", "hang"), try folder.video("slow", "frames 40\nseconds 8")]
        let outcome = try folder.run(try folder.manifest(lines), options: options)
        #expect(outcome.done == 1 && outcome.setAside == 1, "\(outcome)")
        let failure = try #require(try BatchFolder(existing: folder.out).failure(of: "stuck"))
        #expect(failure.kind == .timeout && failure.reason.contains("no frame"))
    }

    @Test("Nobody waits for a first video as long as for all its frames one by one") func aFirstVideosLimitIsReasonable() {
        #expect(TimeLimit().seconds(frames: 24) < 20 * 60)
        #expect(TimeLimit().seconds(frames: 1500) < 2 * 3600)
    }

    @Test("A worker that cannot write stops the run and blames no video") func aFullDiskStopsTheRunAndBlamesNoVideo() throws {
        let folder = try BatchTestFolder()
        let manifest = try folder.manifest([folder.video("a", "fail unwritable"), folder.video("b", "seconds 5"), folder.video("c")])
        #expect(throws: BatchError.self) { try folder.run(manifest) }
        #expect(try BatchFolder(existing: folder.out).ids(in: "failed").isEmpty)
        #expect(try FolderNames.all(in: folder.out + "/claims").isEmpty)
        try folder.write("a\nframes 10\n", to: "a.mp4")
        try folder.write("b\nframes 10\n", to: "b.mp4")
        let outcome = try folder.run(manifest)
        #expect(outcome.done + outcome.doneBefore == 3)
    }

    #if os(Linux)
        @Test(
            "A disk that a result fits on, and its archive not, stops the run and blames no video",
            .enabled(if: SmallDisk.mayMount, Comment(rawValue: SmallDisk.needed)))
        func aDiskTooSmallForAnArchive() throws {
            let (folder, disk) = (try BatchTestFolder(), try SmallDisk(kibibytes: 96))
            let header = #"{"batch": "trial", "archive": true, "outputs": ["rle"]}"#
            let manifest = try folder.manifest([header, folder.video("a", "bytes 50000")])
            let out = disk.path("out")
            let error = #expect(throws: BatchError.self) { try folder.run(manifest, out: out) }
            guard case .unwritable(_, let reason)? = error else {
                Issue.record("\(error as Any)")
                return
            }
            #expect(reason.contains("no space left on device"))
            for name in ["results", "failed"] { #expect(try BatchFolder(existing: out).ids(in: name).isEmpty) }
            for name in ["claims", "work"] { #expect(try FolderNames.all(in: "\(out)/\(name)").isEmpty) }
            try folder.write("a\nbytes 20000\n", to: "a.mp4")
            #expect(try folder.run(manifest, out: out).done == 1)
        }
    #endif

    @Test("Workers that do not start end the run") func workersThatDoNotStartEndTheRun() throws {
        let folder = try BatchTestFolder()
        let error = #expect(throws: BatchError.self) { try folder.run(folder.manifest([folder.video("a")]), extra: ["broken"]) }
        guard case .workersFail(let reason, let log)? = error else {
            Issue.record("\(error as Any)")
            return
        }
        #expect(reason.contains("status 70"))
        #expect(try String(contentsOfFile: log, encoding: .utf8).contains("A worker of"))
    }

    @Test("A stopped run leaves nothing half done") func aStoppedRunLeavesNothingHalfDone() throws {
        let folder = try BatchTestFolder()
        let manifest = try folder.manifest((0..<20).map { try folder.video("v\($0)", "seconds 0.2") })
        let done = Protected(0)
        let outcome = try folder.run(
            manifest, isStopped: { done.withLock { $0 >= 3 } }, report: { if case .done = $0 { done.withLock { $0 += 1 } } })
        #expect(outcome.isStopped && outcome.done >= 3 && outcome.done < 20)
        #expect(try FolderNames.all(in: folder.out + "/claims").isEmpty)
        #expect(try ResultVerification(BatchFolder(existing: folder.out)).faults.isEmpty)
        let rest = try folder.run(manifest)
        #expect(rest.done + rest.doneBefore == 20)
    }

    @Test("Shares and runs beside each other give the same results") func sharesAndRunsBesideEachOtherGiveTheSameResults() throws {
        let folder = try BatchTestFolder()
        let manifest = try folder.manifest((0..<24).map { try folder.video("v\($0)", "seconds 0.02") })
        _ = try folder.run(manifest, out: folder.path + "/alone")
        // Two runs for everything, and three for a share each, at once.
        var shards = try (0..<3).map { try Shard($0, of: 3) }
        shards += [.whole, .whole]
        let outcomes = Protected<[BatchRun.Outcome]>([])
        let group = DispatchGroup()
        for shard in shards {
            var options = folder.options()
            options.shard = shard
            let chosen = options
            group.enter()
            Thread.detachNewThread {
                defer { group.leave() }
                if let outcome = try? folder.run(manifest, options: chosen) { outcomes.withLock { $0.append(outcome) } }
            }
        }
        group.wait()
        #expect(outcomes.withLock { $0.count } == 5)
        #expect(outcomes.withLock { $0.reduce(0) { $0 + $1.done } } == 24)
        #expect(try folder.digests() == folder.digests(folder.path + "/alone"))
    }

    @Test("The shape of workers is measured") func theShapeOfWorkersIsMeasured() throws {
        let folder = try BatchTestFolder()
        let manifest = try folder.manifest((0..<12).map { try folder.video("v\($0)", "seconds 0.05") })
        var options = folder.options()
        (options.workers, options.threads) = (nil, nil)
        var measurement: WorkerMeasurement?
        let outcome = try folder.run(manifest, options: options, report: { if case .measured(let found) = $0 { measurement = found } })
        #expect(outcome.done == 12)
        let found = try #require(measurement)
        #expect(found.rows.allSatisfy { $0.framesPerSecond > 0 && $0.peakMemory > 1 << 20 })
        // Sleepers are the faster the more there are.
        #expect(found.best?.shape.threads == 1)
        #expect(try BatchFolder(existing: folder.out).settings.threads == 1)
        options.threads = 2
        #expect(throws: BatchError.self) { try folder.run(manifest, options: options) }
    }
}
