import Foundation
import Support
import TestSupport
import Testing

@testable import BatchJobs

@Suite("What is claimed is given back, and nobody is started for nothing")
struct WorkSourceTests {
    private func queue(
        _ items: [BatchItem], _ manifest: Manifest, _ folder: BatchFolder, journal: String, own: RunIdentity = .new(), lease: Double = 2
    ) throws -> BatchQueue {
        BatchQueue(
            items, manifest: manifest, folder: folder, claims: try Claims(folder: folder, own: own, lease: lease),
            journal: JournalWriter(path: journal), readAhead: ReadAhead(limit: 0), report: { _ in })
    }

    @Test("A journal that cannot be written leaves no claim behind, by which the video would be blamed") func aFullJournal() throws {
        let folder = try BatchTestFolder()
        _ = try folder.run(folder.manifest([folder.video("a")]))
        let manifest = try folder.manifest([folder.video("a", options: "{\"seed\": 3}")])
        let opened = try BatchFolder(existing: folder.out)
        let items = try folder.plan(manifest).pending
        #expect(items.map(\.replaces) == [true])
        for _ in 0...LossRecord.greatestCount {
            // Of a run that is over when the next one looks.
            var own = RunIdentity.new()
            own.processID = 0x3fff_fff0
            let queue = try queue(items, manifest, opened, journal: folder.path + "/absent/journal.jsonl", own: own)
            #expect(throws: BatchError.self) { try queue.next() }
            #expect(try FolderNames.all(in: folder.out + "/claims").isEmpty)
        }
        #expect(try folder.run(manifest).done == 1)
    }

    /// Gives out so many videos that take for ever, and fails whenever it is told of one.
    private final class FailingSource: WorkSource {
        private var left: [WorkerAssignment]
        private(set) var told: Set<String> = []
        var isGiven: Bool { left.isEmpty }

        init(_ assignments: [WorkerAssignment]) { left = assignments }

        func next() throws -> WorkerAssignment? { left.popLast() }

        func concluded(_ assignment: WorkerAssignment, _ ending: WorkEnding) throws {
            told.insert(assignment.id)
            throw BatchError.unwritable(path: "journal", reason: "as it was told")
        }
    }

    @Test("A pool that is stopped tells of every video, whatever becomes of the first", .timeLimit(.minutes(2)))
    func aPoolThatIsStopped() throws {
        let folder = try BatchTestFolder()
        let manifest = try folder.manifest((0..<4).map { try folder.video("v\($0)", "hang") })
        let opened = try BatchFolder(folder.out, for: .init(batch: "trial", isArchived: false, threads: 1))
        let source = FailingSource(
            try folder.plan(manifest).pending.map { item in
                WorkerAssignment(
                    item, entry: try manifest.entry(manifest.items[item.index]), manifest: manifest, run: UUID().uuidString, attempt: 1,
                    work: "\(folder.out)/work/\(item.id)")
            })
        let pool = WorkerPool(
            .init(
                program: WorkerProgram(path: BatchTestFolder.worker, arguments: [opened.path, "1"]), workers: 4,
                log: { "\(folder.out)/logs/\($0).log" }, isStopped: { source.isGiven }),
            source: source)
        #expect(throws: BatchError.unwritable(path: "journal", reason: "as it was told")) { try pool.run() }
        #expect(source.told == ["v0", "v1", "v2", "v3"])
    }

    /// A run on another machine that says no more.
    private func silentRun(_ folder: BatchFolder) throws -> RunIdentity {
        var other = RunIdentity.new()
        (other.host, other.system, other.task) = ("elsewhere", "elsewhere", nil)
        try SmallFile.replace(folder.runPath(other.id), with: JSONLine.encode(other))
        return other
    }

    @Test("Who waits for others starts workers when there is something to do, and says once that it waits") func waiting() throws {
        let folder = try BatchTestFolder()
        let manifest = try folder.manifest([folder.video("a")])
        let opened = try BatchFolder(folder.out, for: .init(batch: "trial", isArchived: false))
        #expect(try ExclusiveFile.create(opened.claimPath("a"), JSONLine.encode(silentRun(opened))))
        var waits = 0
        let outcome = try folder.run(manifest, report: { if case .waitingForOthers = $0 { waits += 1 } })
        #expect(outcome.done == 1 && waits == 1)
        // Two that find it in other hands, and the one that takes it over.
        #expect(try FolderNames.all(in: folder.out + "/logs").count == 3)
    }

    @Test("What was taken over from others and given to no worker is given back") func givingBack() throws {
        let folder = try BatchTestFolder()
        let manifest = try folder.manifest((0..<2).map { try folder.video("v\($0)") })
        let opened = try BatchFolder(folder.out, for: .init(batch: "trial", isArchived: false))
        let (items, other) = (try folder.plan(manifest).pending, try silentRun(opened))
        for item in items { #expect(try ExclusiveFile.create(opened.claimPath(item.id), JSONLine.encode(other))) }
        let queue = try queue(items, manifest, opened, journal: opened.journalPath("x"), lease: 100)
        #expect(try queue.next() == nil && queue.startHeld() == 0 && queue.held.count == 2)
        // The other one gives its videos back.
        for item in items { unlink(opened.claimPath(item.id)) }
        #expect(try queue.startHeld() == 2)
        let given = try #require(try queue.next())
        queue.giveBack()
        #expect(try FolderNames.all(in: folder.out + "/claims") == [given.id])
    }
}
