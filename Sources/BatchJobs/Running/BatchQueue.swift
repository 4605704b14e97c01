import Foundation
import Support

/// A run's videos as its workers get them: claimed before they are given out, recorded when they are done, tried again alone when they
/// fail or when runs before ended with them.
final class BatchQueue: WorkSource {
    struct Tally: Sendable, Equatable {
        var done = 0
        var doneByOthers = 0
        var setAside = 0
        var frames = 0
        var seconds = 0.0
        var peakMemory = 0
    }

    private let manifest: Manifest
    private let folder: BatchFolder
    private let claims: Claims
    private let journal: JournalWriter
    private let store: ResultStore
    private let readAhead: ReadAhead
    private let report: (BatchRun.Event) -> Void

    private var queue: ArraySlice<BatchItem>
    /// Those that are taken over from others and not given out yet.
    private var takenOver: [BatchItem] = []
    private var attempts: [String: Int] = [:]
    private var items: [String: BatchItem] = [:]
    /// Whether only one worker works.
    private var isAlone = false
    /// Those that are to be worked on alone.
    private(set) var toRetry: [BatchItem] = []
    /// Those that others work on.
    private(set) var held: [(item: BatchItem, by: RunIdentity)] = []
    private(set) var tally = Tally()

    init(
        _ queue: [BatchItem], manifest: Manifest, folder: BatchFolder, claims: Claims, journal: JournalWriter, readAhead: ReadAhead,
        report: @escaping (BatchRun.Event) -> Void
    ) {
        (self.queue, self.manifest, self.folder, self.claims) = (queue[...], manifest, folder, claims)
        (self.journal, self.readAhead, self.report) = (journal, readAhead, report)
        store = ResultStore(folder: folder)
    }

    /// Begins with what is to be worked on alone; what ended the fewest runs comes first.
    func startRetries() {
        let ordered = toRetry.enumerated().sorted { (claims.lossCount($0.element), $0.offset) < (claims.lossCount($1.element), $1.offset) }
        (queue, toRetry, isAlone) = (ordered.map(\.element)[...], [], true)
    }

    /// Begins with what others had and have no more.
    /// - Returns: how many videos are to be worked on.
    func startHeld() throws -> Int {
        let candidates = held.map(\.item)
        (queue, held, isAlone) = ([], [], false)
        for item in candidates where try take(item) { takenOver.append(item) }
        return takenOver.count
    }

    /// Gives back what was taken over and given to no worker.
    func giveBack() { while let item = takenOver.popLast() { claims.release(item.id) } }

    func next() throws -> WorkerAssignment? {
        if let item = takenOver.popLast() { return try assignment(item) }
        while let item = queue.popFirst() {
            if try take(item) { return try assignment(item) }
        }
        return nil
    }

    /// Claims a video.
    /// - Returns: whether it is this run's to work on now.
    private func take(_ item: BatchItem) throws -> Bool {
        if !isAlone, claims.lossCount(item) > 0 {
            comesLast(item)
            return false
        }
        switch try claims.take(item) {
        case .taken: break
        case .held(let holder):
            held.append((item, holder))
            return false
        case .abandoned:
            comesLast(item)
            return false
        }
        return try releasing(item) {
            // Others may have done it since the plan was made.
            if let record = try? store.record(of: item.id), record.key == item.key {
                let entry = try manifest.entry(manifest.items[item.index])
                let paths = (try? entry.inputPaths) ?? []
                if paths.count == record.inputs.count, try zip(paths, record.inputs).allSatisfy({ try $1.isUnchanged(at: $0) }) {
                    claims.release(item.id)
                    tally.doneByOthers += 1
                    return false
                }
            }
            if let record = claims.loss(of: item), record.runs.count >= LossRecord.greatestCount {
                try setAside(item, .crash, record.reason, attempts: record.runs.count, log: Data())
                claims.release(item.id)
                return false
            }
            return true
        }
    }

    private func assignment(_ item: BatchItem) throws -> WorkerAssignment {
        try releasing(item) {
            if item.replaces { try journal.append(ReplacementMark(replaced: item.id)) }
            let attempt = (attempts[item.id] ?? 0) + 1
            try adviseNext()
            let assignment = WorkerAssignment(
                item, entry: try manifest.entry(manifest.items[item.index]), manifest: manifest, run: claims.own.id, attempt: attempt,
                work: "\(folder.workPath(claims.own.id))/\(item.id)-\(attempt)")
            (attempts[item.id], items[item.id]) = (attempt, item)
            return assignment
        }
    }

    /// Gives a claimed video back where `body` throws: a claim that stays would count as a run that the video ended.
    private func releasing<Value>(_ item: BatchItem, _ body: () throws -> Value) throws -> Value {
        do { return try body() } catch {
            claims.release(item.id)
            throw error
        }
    }

    private func comesLast(_ item: BatchItem) {
        toRetry.append(item)
        report(.comesLast(id: item.id, lostRuns: claims.lossCount(item)))
    }

    /// The video after this one is read while this one is worked on.
    private func adviseNext() throws {
        guard let next = queue.first else { return }
        readAhead.read(try manifest.entry(manifest.items[next.index]).video)
    }

    func concluded(_ assignment: WorkerAssignment, _ ending: WorkEnding) throws {
        guard let item = items.removeValue(forKey: assignment.id) else { return }
        defer { claims.release(item.id) }
        switch ending {
        case .done(let entry):
            try journal.append(entry)
            try folder.forgetFailure(of: item.id)
            claims.forgetLosses(of: item)
            tally.done += 1
            tally.frames += entry.frames
            tally.seconds += entry.seconds
            tally.peakMemory = max(tally.peakMemory, entry.peakMemory)
            report(.done(entry))
        case .failed(let failure) where failure.kind == .unwritable:
            // Not this video's fault, and the next one would fare no better.
            throw BatchError.unwritable(path: folder.path, reason: failure.message)
        case .failed(let failure):
            let kind: FailureRecord.Kind =
                switch failure.kind {
                case .input: .input
                case .missing: .missing
                case .memory: .crash
                case .failure, .unwritable: .failure
                }
            try failed(item, kind, failure.message, log: Data(), isFinal: failure.kind == .input)
        case .died(let how, let log): try failed(item, .crash, "The worker \(how).", log: log, isFinal: false)
        case .overdue(let limit, let log):
            try failed(
                item, .timeout, "The worker finished no frame in \(Int(limit)) s, far more than the video's length accounts for.", log: log,
                isFinal: false)
        case .stopped: attempts[item.id] = assignment.attempt - 1
        }
    }

    private func failed(_ item: BatchItem, _ kind: FailureRecord.Kind, _ reason: String, log: Data, isFinal: Bool) throws {
        let attempts = attempts[item.id] ?? 1
        guard isFinal || attempts >= Self.greatestAttempts else {
            toRetry.append(item)
            report(.willRetry(id: item.id, reason: reason))
            return
        }
        try setAside(item, kind, reason, attempts: attempts, log: log)
    }

    private func setAside(_ item: BatchItem, _ kind: FailureRecord.Kind, _ reason: String, attempts: Int, log: Data) throws {
        let entry = try manifest.entry(manifest.items[item.index])
        let failure = FailureRecord(item, entry: entry, kind: kind, reason: reason, attempts: attempts, run: claims.own.id)
        try folder.setAside(failure, log: log)
        claims.forgetLosses(of: item)
        tally.setAside += 1
        report(.setAside(failure))
    }

    /// The second one is alone on the machine.
    static let greatestAttempts = 2
}

/// Reads the beginning of files before they are needed, on a thread of its own, so that a network's latency goes by while others compute.
/// At most one file waits; one that comes too late is dropped.
final class ReadAhead: Sendable {
    private let limit: Int
    private let waiting = Protected<String?>(nil)
    private let thread: RepeatingThread?

    /// - Parameter limit: the most bytes of a file; 0: nothing is read ahead.
    init(limit: Int) {
        self.limit = limit
        thread =
            limit <= 0
            ? nil
            : RepeatingThread(every: 0.05) { [waiting] _ in
                let path = waiting.withLock { path in
                    defer { path = nil }
                    return path
                }
                guard let path else { return }
                for file in Self.files(path) { try? FilePieces.forEach(of: file, limit: limit) { _ in } }
            }
    }

    func read(_ path: String) { if limit > 0 { waiting.withLock { $0 = path } } }
    func stop() { thread?.stop() }

    /// Of a folder, the first frames.
    private static func files(_ path: String) -> [String] {
        guard let names = try? FolderNames.all(in: path) else { return [path] }
        return names.sorted().prefix(8).map { path + "/" + $0 }
    }
}
