import Foundation

/// One process that works on a batch, as others see it: `runs/<id>.json`, written anew every few seconds with a number that counts up.
struct RunIdentity: Sendable, Equatable, Codable {
    var id: String
    var host: String
    var processID: Int32
    /// Of the running system and the process numbers' space: equal for processes that can see each other's numbers. nil: not known.
    var system: String?
    /// A scheduler's task, and how often it was started anew.
    var task: String?
    var restarts: Int
    var beats = 0

    static func new() -> RunIdentity {
        let environment = ProcessInfo.processInfo.environment
        return RunIdentity(
            id: UUID().uuidString.lowercased(), host: ProcessInfo.processInfo.hostName, processID: getpid(),
            system: MachineDescription.system,
            task: environment["SLURM_JOB_ID"].map { "\(environment["SLURM_CLUSTER_NAME"] ?? "slurm")/\($0)" },
            restarts: environment["SLURM_RESTART_COUNT"].flatMap { Int($0) } ?? 0)
    }

    /// Whether it can be told without waiting that the run is over.
    /// - Parameter own: who asks.
    func isCertainlyOver(seenFrom own: RunIdentity) -> Bool {
        if id == own.id { return false }
        // Where its number can be seen, that is the surest: a scheduler that lost a node may start a task anew beside the old one.
        // Copies of one virtual machine may share what tells systems apart, but hardly the host's name.
        if let system, system == own.system, host == own.host { return kill(processID, 0) != 0 && errno == ESRCH }
        return task != nil && task == own.task && restarts < own.restarts
    }
}

/// Tells others that this run goes on.
final class RunHeartbeat: Sendable {
    let identity: RunIdentity
    private let folder: BatchFolder
    private let thread: RepeatingThread

    /// - Throws: `BatchError.unwritable`.
    init(_ identity: RunIdentity, in folder: BatchFolder, every seconds: Double) throws {
        (self.identity, self.folder) = (identity, folder)
        let path = folder.runPath(identity.id)
        let write = { @Sendable (beats: Int) throws in
            var identity = identity
            identity.beats = beats
            try SmallFile.replace(path, with: JSONLine.encode(identity) + Data("\n".utf8))
        }
        try write(0)
        // One that cannot be written is made up for by the next.
        thread = RepeatingThread(every: seconds) { beats in try? write(beats) }
    }

    /// The run is over.
    func stop() {
        thread.stop()
        unlink(folder.runPath(identity.id))
        try? FileManager.default.removeItem(atPath: folder.workPath(identity.id))
    }
}

/// Does something again and again on a thread of its own. Waits go by the monotonic clock: a clock that is set back stops no heart.
final class RepeatingThread: Sendable {
    private let over = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)

    /// - Parameter body: gets 1, 2, ...
    init(every seconds: Double, _ body: @escaping @Sendable (Int) -> Void) {
        let thread = Thread { [over, ended] in
            var count = 0
            while over.wait(timeout: .now() + seconds) == .timedOut {
                count += 1
                body(count)
            }
            ended.signal()
        }
        thread.start()
    }

    /// Returns when the body does not run any more. Once.
    func stop() {
        over.signal()
        ended.wait()
    }
}
