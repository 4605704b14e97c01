import Foundation
import Support

/// Measures shapes of workers with a batch's own videos. The results are not kept: their last digits depend on the number of threads, and
/// a batch's results are to be alike.
struct ShapeMeasuring {
    let pending: [BatchItem]
    let manifest: Manifest
    let folder: BatchFolder
    let claims: Claims
    let timeLimit: TimeLimit
    let program: (Int) -> WorkerProgram
    let isStopped: () -> Bool

    /// - Returns: nil: stopped.
    func run(
        _ candidates: [WorkerShape], machine: MachineResources, report: (BatchRun.Event) -> Void
    ) throws -> WorkerMeasurement? {
        var rows: [WorkerMeasurement.Row] = []
        var peak = 0
        // The one with the fewest workers first: it tells what memory one takes.
        for candidate in candidates.sorted(by: { $0.workers < $1.workers }) {
            var shape = candidate
            shape.workers = min(candidate.workers, WorkerShape.fitting(peak, memory: machine.memory))
            report(.measuring(shape))
            let source = SampleSource(
                items: pending, rounds: 2 * shape.workers, manifest: manifest, folder: folder, claims: claims, prefix: "\(shape.threads)")
            let pool = WorkerPool(
                .init(
                    program: program(shape.threads), workers: shape.workers, timeLimit: timeLimit,
                    log: { "\(folder.path)/logs/\(claims.own.id)-measuring-\(shape.threads)-\($0).log" }, isStopped: isStopped),
                source: source)
            guard try pool.run() else { return nil }
            guard let row = source.row(shape) else { continue }
            peak = max(peak, row.peakMemory)
            rows.append(row)
        }
        return WorkerMeasurement(rows: rows)
    }
}

/// Some videos, each given out once in a measurement, as long as there are enough.
private final class SampleSource: WorkSource {
    private var items: [BatchItem]
    private let manifest: Manifest
    private let folder: BatchFolder
    private let claims: Claims
    private let prefix: String
    /// The videos that are claimed for this. Whoever else works on one is not in the way, as results are not kept.
    private var claimed: Set<String> = []
    private var given = 0
    private var entries: [JournalEntry] = []

    init(items: [BatchItem], rounds: Int, manifest: Manifest, folder: BatchFolder, claims: Claims, prefix: String) {
        let items = items.filter { claims.lossCount($0) == 0 }
        // From all over the batch; the first ones may be alike.
        let step = max(1, items.count / max(1, rounds))
        self.items = items.isEmpty ? [] : (0..<rounds).map { items[($0 * step) % items.count] }
        (self.manifest, self.folder, self.claims, self.prefix) = (manifest, folder, claims, prefix)
    }

    func next() throws -> WorkerAssignment? {
        while given < items.count {
            let item = items[given]
            given += 1
            let entry = try manifest.entry(manifest.items[item.index])
            switch try claims.take(item) {
            case .taken: claimed.insert(item.id)
            case .held: break
            case .abandoned: continue
            }
            let run = claims.own.id
            return WorkerAssignment(
                item, entry: entry, manifest: manifest, run: run, attempt: 1,
                work: "\(folder.workPath(run))/measuring-\(prefix)-\(given)", isKept: false)
        }
        return nil
    }

    func concluded(_ assignment: WorkerAssignment, _ ending: WorkEnding) throws {
        if claimed.remove(assignment.id) != nil { claims.release(assignment.id) }
        switch ending {
        case .done(let entry): entries.append(entry)
        case .failed(let failure) where failure.kind == .unwritable:
            throw BatchError.unwritable(path: folder.path, reason: failure.message)
        // A video that does not work out is none to measure with.
        case .failed, .died, .overdue, .stopped: break
        }
    }

    func row(_ shape: WorkerShape) -> WorkerMeasurement.Row? {
        let (frames, seconds) = (entries.reduce(0) { $0 + $1.frames }, entries.reduce(0) { $0 + $1.seconds })
        guard frames > 0, seconds > 0 else { return nil }
        return WorkerMeasurement.Row(
            shape: shape, framesPerSecond: Double(shape.workers) * Double(frames) / seconds,
            peakMemory: entries.map(\.peakMemory).max() ?? 0, videos: entries.count, secondsPerVideo: seconds / Double(entries.count),
            greatestSeconds: entries.map(\.seconds).max() ?? 0)
    }
}

/// Measurements in the output folder, by kind of machine and of work, so that a thousand tasks need not make them a thousand times.
struct MeasurementStore {
    let folder: BatchFolder
    let manifest: Manifest
    let machine: MachineResources

    private func path(threads: Int?, workers: Int?) throws -> String {
        let options = try JSONValue.object(manifest.header.options ?? [:]).canonicalText()
        let kind = "\(MachineDescription.processor)\n\(machine.cores)\n\(threads ?? 0)\n\(workers ?? 0)\n\(options)"
        return "\(folder.path)/measured-\(try SHA256Digest.text(of: Data(kind.utf8)).prefix(12)).json"
    }

    func read(threads: Int?, workers: Int?) throws -> WorkerMeasurement? {
        guard let data = try? SmallFile.read(try path(threads: threads, workers: workers)) else { return nil }
        return try? JSONDecoder().decode(WorkerMeasurement.self, from: data)
    }

    func write(_ measurement: WorkerMeasurement) throws {
        let data = try JSONLine.encodePretty(measurement)
        // For those that come after the number of threads is decided, too.
        for threads in [nil, measurement.best?.shape.threads] {
            try SmallFile.replace(try path(threads: threads, workers: nil), with: data)
        }
    }
}
