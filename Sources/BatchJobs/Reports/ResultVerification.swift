import Foundation

/// Compares results with their checksums.
public struct ResultVerification: Sendable {
    public struct Fault: Sendable, Equatable, Codable {
        public var id: String
        public var reason: String
    }

    public private(set) var checked = 0
    public private(set) var bytes = 0
    public private(set) var faults: [Fault] = []

    /// Reads all results in a folder.
    /// - Parameters:
    ///   - inputs: whether videos and prompts are read and compared, too.
    ///   - removing: whether results with faults are removed, so that the next run makes them anew.
    ///   - progress: called with the number of results so far.
    /// - Throws: `BatchError`, `CancellationError`.
    public init(_ folder: BatchFolder, inputs: Bool = false, removing: Bool = false, progress: (Int) throws -> Void = { _ in }) throws {
        let store = ResultStore(folder: folder)
        for id in try folder.ids(in: "results").sorted() {
            try progress(checked)
            if let reason = try check(id, store, inputs: inputs) {
                faults.append(Fault(id: id, reason: reason))
                if removing { try store.moveAside(folder.resultPath(id)) }
            }
            checked += 1
        }
    }

    /// What is wrong with a result; nil where nothing is.
    private mutating func check(_ id: String, _ store: ResultStore, inputs: Bool) throws -> String? {
        let path = try store.folder.resultPath(id)
        let found: [ResultRecord.Output]
        let record: ResultRecord
        do {
            record = try store.record(of: id)
            found =
                try store.folder.settings.isArchived
                ? TarArchive.outputs(of: path).filter { $0.path != ResultRecord.fileName } : ResultStore.outputs(in: path)
        } catch {
            return "\(error)"
        }
        bytes += found.reduce(0) { $0 &+ $1.bytes }
        let (wanted, there) = (Self.byPath(record.outputs), Self.byPath(found))
        for (name, output) in wanted.sorted(by: { $0.key < $1.key }) {
            guard let other = there[name] else { return "\(name) is missing" }
            guard other == output else { return "\(name) has another content than when it was made" }
        }
        if let extra = there.keys.filter({ wanted[$0] == nil }).min() { return "\(extra) was added" }
        guard try ResultRecord.digest(of: record.outputs) == record.digest else { return "its record was changed" }
        guard inputs else { return nil }
        for input in record.inputs where access(input.path, F_OK) == 0 {
            guard try InputRecord(reading: input.path).sha256 == input.sha256 else { return "\(input.path) has changed since" }
        }
        return nil
    }

    private static func byPath(_ outputs: [ResultRecord.Output]) -> [String: ResultRecord.Output] {
        Dictionary(outputs.map { ($0.path, $0) }) { first, _ in first }
    }
}
