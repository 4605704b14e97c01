import Foundation
import Support

/// Where a pool of workers gets its work and tells what became of it. Called on the pool's thread only.
protocol WorkSource: AnyObject {
    /// nil: there is no more.
    func next() throws -> WorkerAssignment?
    /// - Throws: what ends the whole pool.
    func concluded(_ assignment: WorkerAssignment, _ ending: WorkEnding) throws
}

/// What became of an assignment.
enum WorkEnding {
    case done(JournalEntry)
    case failed(WorkerFailure)
    /// The worker ended in the midst of it; with the last of what it said.
    case died(String, log: Data)
    case overdue(limit: Double, log: Data)
    /// The pool was stopped.
    case stopped
}

/// Keeps a number of worker processes at work. A worker that ends is replaced; one that is stuck is ended.
final class WorkerPool {
    struct Settings {
        var program: WorkerProgram
        var workers: Int
        var timeLimit = TimeLimit()
        /// Of the n-th worker that is started.
        var log: (Int) -> String
        /// Bytes that stay free: with less, only one worker is given work.
        var spareMemory = 0
        /// Whether to stop: everything that is being done is left.
        var isStopped: () -> Bool = { false }
    }

    private let settings: Settings
    private let source: any WorkSource
    private let events = EventQueue()
    private var workers: [Int: Worker] = [:]
    private var started = 0
    private var failedStarts = 0
    private var hasMore = true
    private(set) var timeLimit: TimeLimit

    private struct Worker {
        let process: WorkerProcess
        let log: String
        var isReady = false
        var assignment: WorkerAssignment?
        var deadline: ContinuousClock.Instant
        var limit = 0.0
        /// The assignment's video, once it is open: its frames, those that are finished, and when the last one was.
        var video: (frames: Int, done: Int, since: ContinuousClock.Instant)?
        var isOverdue = false
        /// Where in the log the assignment begins.
        var logStart = 0
    }

    init(_ settings: Settings, source: any WorkSource) {
        (self.settings, self.source, timeLimit) = (settings, source, settings.timeLimit)
    }

    /// Works until the source has no more, and all workers have ended.
    /// - Returns: false: it was stopped.
    /// - Throws: what the source throws; `BatchError.workersFail`.
    func run() throws -> Bool {
        do {
            while true {
                if settings.isStopped() {
                    try stop()
                    return false
                }
                try staff()
                try assign()
                if workers.isEmpty, !hasMore { return true }
                // All that is known, before anybody counts as stuck.
                var patience = 0.2
                while let (number, event) = events.next(waiting: patience) {
                    patience = 0
                    try handle(event, of: number)
                }
                endOverdueWorkers()
            }
        } catch {
            try? stop()
            throw error
        }
    }

    /// Starts workers where some are missing.
    private func staff() throws {
        while hasMore, workers.count < settings.workers {
            // A second one only when the first is able to start.
            if failedStarts > 0, !workers.isEmpty { return }
            let (number, log) = (started, settings.log(started))
            started += 1
            let process = try WorkerProcess(settings.program, log: log) { [events] in events.put(number, $0) }
            workers[number] = Worker(process: process, log: log, deadline: .now + .seconds(timeLimit.start))
        }
    }

    /// Gives idle workers work.
    private func assign() throws {
        for number in workers.keys.sorted() {
            guard let worker = workers[number], worker.isReady, worker.assignment == nil else { continue }
            let isAnyBusy = workers.values.contains { $0.assignment != nil }
            if isAnyBusy, settings.spareMemory > 0, MachineResources.availableMemory() < settings.spareMemory { continue }
            guard let assignment = hasMore ? try source.next() : nil else {
                hasMore = false
                worker.process.endInput()
                continue
            }
            workers[number]?.assignment = assignment
            workers[number]?.logStart = Self.size(of: worker.log)
            workers[number]?.limit = timeLimit.start
            workers[number]?.deadline = .now + .seconds(timeLimit.start)
            workers[number]?.video = nil
            // One that has ended meanwhile says so by itself.
            _ = try worker.process.give(assignment)
        }
    }

    private func handle(_ event: WorkerProcess.Event, of number: Int) throws {
        guard let worker = workers[number] else { return }
        switch event {
        case .message(.ready):
            workers[number]?.isReady = true
            failedStarts = 0
        case .message(.started(let id, let frames)):
            guard worker.assignment?.id == id else { return }
            workers[number]?.video = (frames: frames, done: 0, since: .now)
            setLimit(of: number)
        case .message(.advanced(let id, let frames)):
            guard worker.assignment?.id == id, let video = worker.video, frames > video.done else { return }
            workers[number]?.video = (frames: video.frames, done: frames, since: .now)
            setLimit(of: number)
        case .message(.done(let entry)):
            guard let assignment = worker.assignment, assignment.id == entry.id else { return }
            workers[number]?.assignment = nil
            timeLimit.learn(frames: entry.frames, seconds: entry.seconds)
            // What others have begun is judged by it, too: a first video that hangs would otherwise have days.
            for other in workers.keys { setLimit(of: other) }
            try source.concluded(assignment, .done(entry))
        case .message(.failed(let id, let failure)):
            guard let assignment = worker.assignment, assignment.id == id else { return }
            workers[number]?.assignment = nil
            try source.concluded(assignment, .failed(failure))
        case .ended(let how):
            workers[number] = nil
            if let assignment = worker.assignment {
                try? FileManager.default.removeItem(atPath: assignment.work)
                let log = Self.tail(of: worker.log, from: worker.logStart)
                try source.concluded(
                    assignment, worker.isOverdue ? .overdue(limit: worker.limit, log: log) : .died(how, log: log))
            } else if !worker.isReady {
                failedStarts += 1
                guard failedStarts < 3 else { throw BatchError.workersFail(reason: "the last one \(how).", log: worker.log) }
            }
        }
    }

    private func setLimit(of number: Int) {
        guard let video = workers[number]?.video, workers[number]?.assignment != nil else { return }
        let limit = timeLimit.seconds(frames: video.frames)
        workers[number]?.limit = limit
        workers[number]?.deadline = video.since + .seconds(limit)
    }

    private func endOverdueWorkers() {
        let now = ContinuousClock.now
        for (number, worker) in workers where worker.deadline < now && (worker.assignment != nil || !worker.isReady) {
            workers[number]?.isOverdue = true
            worker.process.end(SIGKILL)
        }
    }

    /// Ends all workers at once; what they were doing can be done again.
    /// - Throws: the first that the source throws, after it was told of all.
    private func stop() throws {
        for worker in workers.values { worker.process.end(SIGKILL) }
        var failure: (any Error)?
        while !workers.isEmpty {
            guard let (number, event) = events.next(waiting: 10), let worker = workers[number] else { continue }
            do {
                switch event {
                case .message(.done(let entry)):
                    if let assignment = worker.assignment, assignment.id == entry.id {
                        workers[number]?.assignment = nil
                        try source.concluded(assignment, .done(entry))
                    }
                case .message: break
                case .ended:
                    workers[number] = nil
                    guard let assignment = worker.assignment else { continue }
                    try? FileManager.default.removeItem(atPath: assignment.work)
                    try source.concluded(assignment, .stopped)
                }
            } catch {
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
    }

    private static let longestTail = 1 << 16

    private static func size(of path: String) -> Int {
        var status = stat()
        return stat(path, &status) == 0 ? Int(clamping: status.st_size) : 0
    }

    /// The last of a log from some place on.
    private static func tail(of path: String, from start: Int) -> Data {
        let size = size(of: path)
        let first = max(start, size - longestTail)
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0, size > first else { return Data() }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: size - first)
        let count = pread(file, &bytes, bytes.count, off_t(first))
        return Data(bytes.prefix(max(0, count)))
    }
}

/// What happens to workers, in order.
private final class EventQueue: Sendable {
    private let events = Protected<[(Int, WorkerProcess.Event)]>([])
    private let news = DispatchSemaphore(value: 0)

    func put(_ number: Int, _ event: WorkerProcess.Event) {
        events.withLock { $0.append((number, event)) }
        news.signal()
    }

    /// The next that happened, after waiting for it for so many seconds at most, by the monotonic clock.
    func next(waiting seconds: Double) -> (Int, WorkerProcess.Event)? {
        guard news.wait(timeout: .now() + seconds) == .success else { return nil }
        return events.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    }
}
