import Foundation

/// A video of a batch with what is asked for.
public struct BatchItem: Sendable, Equatable {
    public let id: String
    public let line: Int
    /// Its place in the manifest.
    let index: Int
    public let key: JobKey
    /// `EntryModels.loading`.
    let models: String
    /// Whether there is a result already.
    let replaces: Bool
}

/// The models that a line of a manifest asks for.
public struct EntryModels: Sendable, Equatable {
    /// What tells their contents apart: part of what a result is made of.
    public var fingerprints: [String: String]
    /// Equal for lines that a worker does with the same models loaded.
    public var loading: String

    public init(fingerprints: [String: String] = [:], loading: String = "") { (self.fingerprints, self.loading) = (fingerprints, loading) }
}

/// What is done of a batch, and what is to be done.
public struct BatchPlan: Sendable {
    public enum State: Sendable, Equatable {
        case done(JournalEntry)
        case setAside(FailureRecord)
        case missing
        /// There is a result, but of something else: other options, another video.
        case changed
    }

    /// In the manifest's order.
    public private(set) var items: [(item: BatchItem, state: State)] = []

    /// What is known of the models that some options ask for. Called once for lines with equal options.
    public typealias Models = ([String: JSONValue]) throws -> EntryModels

    /// Compares a manifest with an output folder.
    /// - Throws: `BatchError`, and what `models` throws.
    public init(_ manifest: Manifest, folder: BatchFolder, shard: Shard = .whole, models: Models) throws {
        let journal = try folder.journal()
        let (results, failures) = (try folder.ids(in: "results"), try folder.ids(in: "failed"))
        let store = ResultStore(folder: folder)
        var known: [String: EntryModels] = [:]
        for (index, item) in manifest.items.enumerated() where try shard.contains(item.id) {
            let entry = try manifest.entry(item)
            let options = try JSONValue.object(entry.options).canonicalText()
            let models = try known[options] ?? models(entry.options)
            known[options] = models
            let key = try JobKey(entry, models: models.fingerprints, isArchived: manifest.isArchived)
            var state = State.missing
            if results.contains(item.id) {
                let made = journal.entry(of: item.id) ?? (try? store.record(of: item.id)).map(JournalEntry.init)
                state = try made.map { try Self.isCurrent($0, entry, key) ? .done($0) : .changed } ?? .missing
            }
            // Also where there is a result of what was asked for before.
            if state == .missing || state == .changed, failures.contains(item.id), let failure = try folder.failure(of: item.id),
                failure.holds(for: entry, key: key)
            {
                state = .setAside(failure)
            }
            let planned = BatchItem(
                id: item.id, line: item.line, index: index, key: key, models: models.loading, replaces: results.contains(item.id))
            items.append((planned, state))
        }
    }

    /// Whether a result is what the manifest asks for now. A video that has vanished since takes nothing from it.
    private static func isCurrent(_ made: JournalEntry, _ entry: ManifestEntry, _ key: JobKey) throws -> Bool {
        guard made.key == key else { return false }
        guard let paths = try? entry.inputPaths else { return true }
        guard paths.count == made.inputs.count else { return false }
        return try zip(paths, made.inputs).allSatisfy { path, input in
            try access(path, F_OK) != 0 || input.isUnchanged(at: path)
        }
    }

    /// What a run has to do, in the manifest's order but with equal models together: a worker has those of one kind.
    var pending: [BatchItem] {
        var groups: [String: Int] = [:]
        var pending: [(group: Int, item: BatchItem)] = []
        for (item, state) in items where state == .missing || state == .changed {
            let group = groups[item.models] ?? groups.count
            groups[item.models] = group
            pending.append((group, item))
        }
        return pending.enumerated().sorted { ($0.element.group, $0.offset) < ($1.element.group, $1.offset) }.map(\.element.item)
    }

    public var counts: BatchCounts {
        var counts = BatchCounts()
        for (_, state) in items {
            switch state {
            case .done: counts.done += 1
            case .setAside: counts.setAside += 1
            case .missing: counts.missing += 1
            case .changed: counts.changed += 1
            }
        }
        return counts
    }
}

/// How many videos of a batch are in which state.
public struct BatchCounts: Sendable, Equatable, Codable {
    public var done = 0
    public var setAside = 0
    public var missing = 0
    public var changed = 0

    public init() {}

    public var total: Int { done + setAside + missing + changed }
    public var isFinished: Bool { missing + changed == 0 }
}
