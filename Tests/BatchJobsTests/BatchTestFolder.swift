import Foundation
import TestSupport

@testable import BatchJobs

/// A temporary folder with stand-ins for videos, a manifest and an output folder.
final class BatchTestFolder: Sendable {
    let path: String
    var out: String { path + "/out" }
    var manifestPath: String { path + "/trial.jsonl" }

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/batch-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ text: String, to name: String) throws { try Data(text.utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)")) }

    func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: "\(path)/\(name)") }

    /// Writes a video and gives its line.
    func video(_ id: String, _ text: String = "frames 10", options: String = "{}") throws -> String {
        try write("\(id)\n\(text)\n", to: id + ".mp4")
        return
            "{\"id\": \"\(id)\", \"video\": \"\(id).mp4\", \"prompts\": {\"objects\": [{\"points\": [[3, 4]]}]}, \"options\": \(options)}"
    }

    func manifest(_ lines: [String]) throws -> Manifest {
        try write(lines.map { $0 + "\n" }.joined(), to: "trial.jsonl")
        return try Manifest(manifestPath)
    }

    static let worker = BuiltProgram.url("stand-in-batch-worker").path

    func options(workers: Int = 2) -> BatchRun.Options {
        var options = BatchRun.Options()
        (options.workers, options.threads, options.lease) = (workers, 1, 2)
        return options
    }

    /// Runs what is in the manifest with stand-in workers.
    func run(
        _ manifest: Manifest, out: String? = nil, options: BatchRun.Options? = nil, extra: [String] = [],
        isStopped: @escaping () -> Bool = { false }, report: @escaping (BatchRun.Event) -> Void = { _ in }
    ) throws -> BatchRun.Outcome {
        let options = options ?? self.options()
        let folder = try BatchFolder(
            out ?? self.out, for: .init(batch: manifest.batch, isArchived: manifest.isArchived, threads: options.threads))
        let run = BatchRun(
            manifest, folder: folder, options: options,
            program: { WorkerProgram(path: Self.worker, arguments: [folder.path, "\($0)"] + extra) }, models: { _ in EntryModels() },
            isStopped: isStopped, report: report)
        return try run.run()
    }

    /// Runs it as `run` does, in a process of its own that a video can take along ("crash-run").
    /// - Returns: whether it ended by itself.
    func runInProcess() throws -> Bool {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Self.worker)
        process.arguments = ["run", manifestPath, out]
        try process.run()
        process.waitUntilExit()
        return process.terminationReason == .exit && process.terminationStatus == 0
    }

    func plan(_ manifest: Manifest, out: String? = nil) throws -> BatchPlan {
        try BatchPlan(manifest, folder: BatchFolder(existing: out ?? self.out), models: { _ in EntryModels() })
    }

    /// Digests by video.
    func digests(_ out: String? = nil) throws -> [String: String] {
        let folder = try BatchFolder(existing: out ?? self.out)
        let store = ResultStore(folder: folder)
        return try Dictionary(uniqueKeysWithValues: folder.ids(in: "results").map { ($0, try store.record(of: $0).digest) })
    }
}
