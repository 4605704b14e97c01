import Foundation
import Support

/// Who works on which video now: a file a video, made by linking (`ExclusiveFile`), with the run's identity as content.
///
/// A claim whose run is gone is taken over. On this machine, and for a task that a scheduler started anew, that is known at once; of
/// another machine's run when its number has not counted up for `lease` seconds of this machine's monotonic clock. No clocks are compared.
final class Claims {
    let folder: BatchFolder
    let own: RunIdentity
    private let lease: Double
    /// When a run's number was last seen to change.
    private var observed: [String: (beats: Int, since: ContinuousClock.Instant)] = [:]

    enum Answer: Equatable {
        case taken
        /// By a run that is alive, or may be.
        case held(RunIdentity)
    }

    init(folder: BatchFolder, own: RunIdentity, lease: Double) { (self.folder, self.own, self.lease) = (folder, own, lease) }

    /// - Throws: `BatchError.unwritable`.
    func take(_ id: String) throws -> Answer {
        let path = folder.claimPath(id)
        let content = try JSONLine.encode(own) + Data("\n".utf8)
        // A few times: others may take and give back in between.
        for _ in 0..<8 {
            if try ExclusiveFile.create(path, content) { return .taken }
            guard let holder = holder(of: path) else { continue }
            if holder.id == own.id { return .taken }
            guard isOver(holder) else { return .held(holder) }
            try remove(path, of: holder)
        }
        return .held(holder(of: path) ?? own)
    }

    /// Gives a video back.
    func release(_ id: String) { unlink(folder.claimPath(id)) }

    /// nil: gone meanwhile.
    private func holder(of path: String) -> RunIdentity? {
        guard let data = try? SmallFile.read(path) else { return nil }
        if let holder = try? JSONDecoder().decode(RunIdentity.self, from: data) { return holder }
        // Claims appear whole; this is somebody else's file, and no run of its is alive.
        return RunIdentity(id: "unknown", host: "", processID: 0, system: nil, task: nil, restarts: 0)
    }

    /// Whether a run is over. It may take `lease` seconds of asking again until that is known.
    func isOver(_ run: RunIdentity) -> Bool {
        if run.isCertainlyOver(seenFrom: own) { return true }
        let now = ContinuousClock.now
        let current = (try? SmallFile.read(folder.runPath(run.id))).flatMap { try? JSONDecoder().decode(RunIdentity.self, from: $0) }
        // A run that ends in order removes its file after its claims; without one, nobody counts.
        let beats = current?.beats ?? -1
        guard let last = observed[run.id], last.beats == beats else {
            observed[run.id] = (beats, now)
            return lease <= 0
        }
        return (now - last.since).seconds >= lease
    }

    /// Removes a claim whose run is gone, and no other that came in its place.
    private func remove(_ path: String, of holder: RunIdentity) throws {
        let aside = "\(folder.path)/claims/.\(UUID().uuidString)"
        guard rename(path, aside) == 0 else {
            guard errno == ENOENT else { throw BatchError.unwritable(path: path, reason: SystemReason.last) }
            return
        }
        // Somebody took it over in between: it goes back, unless a third one has it by now.
        if let found = self.holder(of: aside), found.id != holder.id { _ = link(aside, path) }
        unlink(aside)
    }
}

extension BatchFolder {
    /// The runs that have not ended in order.
    func runs() throws -> [RunIdentity] {
        try FolderNames.all(in: path + "/runs").filter { $0.hasSuffix(".json") && !$0.hasPrefix(".") }.compactMap { name in
            (try? SmallFile.read("\(path)/runs/\(name)")).flatMap { try? JSONDecoder().decode(RunIdentity.self, from: $0) }
        }
    }

    /// Removes what runs left that are certainly over: their unfinished work, and their claims.
    func removeLeftovers(seenFrom own: RunIdentity) throws {
        for run in try runs() where run.isCertainlyOver(seenFrom: own) {
            try? FileManager.default.removeItem(atPath: workPath(run.id))
            unlink(runPath(run.id))
        }
    }
}
