import Foundation
import Support

/// Who works on which video now: a file a video, made by linking (`ExclusiveFile`), with the run's identity as content. And which runs
/// ended in the midst of which (`LossRecord`).
///
/// A claim whose run is gone is removed. On this machine, and for a task that a scheduler started anew, that is known at once; of
/// another machine's run when its number has not counted up for `lease` seconds of this machine's monotonic clock. No clocks are compared.
final class Claims {
    let folder: BatchFolder
    let own: RunIdentity
    private let lease: Double
    /// By video.
    private var losses: [String: LossRecord]
    /// When a run's number was last seen to change.
    private var observed: [String: (beats: Int, since: ContinuousClock.Instant)] = [:]

    enum Answer: Equatable {
        case taken
        /// By a run that is alive, or may be.
        case held(RunIdentity)
        /// It was a run's that is gone, which is written down now; it is nobody's.
        case abandoned(RunIdentity)
    }

    /// - Throws: `BatchError.unreadable`.
    init(folder: BatchFolder, own: RunIdentity, lease: Double) throws {
        (self.folder, self.own, self.lease) = (folder, own, lease)
        losses = try folder.losses()
    }

    /// - Throws: `BatchError.unwritable`.
    func take(_ item: BatchItem) throws -> Answer {
        let path = folder.claimPath(item.id)
        let content = try JSONLine.encode(own) + Data("\n".utf8)
        // A few times: others may take and give back in between.
        for _ in 0..<8 {
            if try ExclusiveFile.create(path, content) { return .taken }
            guard let holder = holder(of: path) else { continue }
            if holder.id == own.id { return .taken }
            guard isOver(holder) else { return .held(holder) }
            guard try remove(path, of: holder), holder.id != Self.unknown else { continue }
            try addLoss(item, holder)
            return .abandoned(holder)
        }
        return .held(holder(of: path) ?? own)
    }

    /// Gives a video back, unless others took this run for gone and have it by now.
    func release(_ id: String) {
        let path = folder.claimPath(id)
        if let holder = holder(of: path), holder.id == own.id { unlink(path) }
    }

    /// The runs that ended in the midst of a video; nil: none.
    func loss(of item: BatchItem) -> LossRecord? { losses[item.id].flatMap { $0.key == item.key ? $0 : nil } }

    /// How many there are.
    func lossCount(_ item: BatchItem) -> Int { loss(of: item)?.runs.count ?? 0 }

    func forgetLosses(of item: BatchItem) { if losses.removeValue(forKey: item.id) != nil { folder.forgetLosses(of: item.id) } }

    private func addLoss(_ item: BatchItem, _ holder: RunIdentity) throws {
        // Others may have written since it was read.
        losses[item.id] = folder.loss(of: item.id)
        var record = loss(of: item) ?? LossRecord(key: item.key)
        if !record.runs.contains(where: { $0.id == holder.id }) { record.runs.append(.init(id: holder.id, host: holder.host)) }
        try folder.write(record, of: item.id)
        losses[item.id] = record
    }

    private static let unknown = "unknown"

    /// nil: gone meanwhile.
    private func holder(of path: String) -> RunIdentity? {
        guard let data = try? SmallFile.read(path) else { return nil }
        if let holder = try? JSONDecoder().decode(RunIdentity.self, from: data) { return holder }
        // Claims appear whole; this is somebody else's file, and no run of its is alive.
        return RunIdentity(id: Self.unknown, host: "", processID: 0, system: nil, task: nil, restarts: 0)
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
    /// - Returns: whether it was there.
    private func remove(_ path: String, of holder: RunIdentity) throws -> Bool {
        let aside = "\(folder.path)/claims/.\(UUID().uuidString)"
        guard rename(path, aside) == 0 else {
            guard errno == ENOENT else { throw BatchError.unwritable(path: path, reason: SystemReason.last) }
            return false
        }
        defer { unlink(aside) }
        guard let found = self.holder(of: aside), found.id != holder.id else { return true }
        // Somebody took it over in between: it goes back, unless a third one has it by now.
        _ = link(aside, path)
        return false
    }
}

extension BatchFolder {
    /// The runs that have not ended in order.
    func runs() throws -> [RunIdentity] {
        try FolderNames.all(in: path + "/runs").filter { $0.hasSuffix(".json") && !$0.hasPrefix(".") }.compactMap { name in
            let run = (try? SmallFile.read("\(path)/runs/\(name)")).flatMap { try? JSONDecoder().decode(RunIdentity.self, from: $0) }
            // What is removed goes by this name: it must not lead anywhere else.
            return run.flatMap { name == "\($0.id).json" && UUID(uuidString: $0.id) != nil ? $0 : nil }
        }
    }

    /// Removes what runs left that are certainly over: their unfinished work. Their claims tell which videos they had.
    func removeLeftovers(seenFrom own: RunIdentity) throws {
        for run in try runs() where run.isCertainlyOver(seenFrom: own) { remove(run.id) }
    }

    /// Removes what runs on other machines left long ago. A run's file, which is written anew as long as it lives, is then far older than
    /// this run's own.
    /// - Parameter own: a run whose heartbeat has begun.
    func removeOldLeftovers(seenFrom own: RunIdentity) throws {
        guard let now = Self.timeOfChange(runPath(own.id)) else { return }
        func isOld(_ path: String) -> Bool { Self.timeOfChange(path).map { now - $0 > Self.greatestSilence } ?? false }
        for name in try FolderNames.all(in: path + "/runs") where name.hasSuffix(".json") {
            let run = String(name.dropLast(5))
            if UUID(uuidString: run) != nil, isOld(runPath(run)) { remove(run) }
        }
        for folder in ["claims", "runs", "work"].map({ "\(path)/\($0)" }) {
            for name in try FolderNames.all(in: folder) {
                // What was about to get its name, or to be removed, and work whose run has no file any more.
                let isNameless = name.hasPrefix(".") && UUID(uuidString: String(name.dropFirst())) != nil
                let isOrphan = folder.hasSuffix("/work") && UUID(uuidString: name) != nil && access(runPath(name), F_OK) != 0
                if isNameless || isOrphan, isOld("\(folder)/\(name)") { try? FileManager.default.removeItem(atPath: "\(folder)/\(name)") }
            }
        }
    }

    private func remove(_ run: String) {
        try? FileManager.default.removeItem(atPath: workPath(run))
        unlink(runPath(run))
    }

    /// In seconds: a day, which is the longest lease, and another one, as not every file system has all times from one clock.
    static let greatestSilence = 2 * 86_400

    /// In seconds; nil: there is nothing.
    private static func timeOfChange(_ path: String) -> Int? {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        #if canImport(Darwin)
            return status.st_mtimespec.tv_sec
        #else
            return status.st_mtim.tv_sec
        #endif
    }
}
