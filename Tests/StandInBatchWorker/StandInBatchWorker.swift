import BatchJobs
import Foundation

/// A worker that segments nothing: its videos are texts that say what happens to it.
///
///     frames 20          seconds 0.2        confidence 0.4     bytes 1000
///     crash              crash-together     hang               crash-run
///     fail input|missing|memory|failure|unwritable
///
/// `crash-together` crashes as long as another worker of the same parent is at work, `crash-run` takes the whole run along.
///
///     stand-in-batch-worker OUT THREADS [broken]       a worker
///     stand-in-batch-worker run MANIFEST OUT           a run with two such workers
@main
struct StandInBatchWorker {
    static func main() async throws {
        let arguments = CommandLine.arguments
        if arguments.count == 4, arguments[1] == "run" { return try run(manifest: arguments[2], out: arguments[3]) }
        guard arguments.count >= 3, let threads = Int(arguments[2]) else { exit(64) }
        let folder = try BatchFolder(existing: arguments[1])
        FileHandle.standardError.write(Data("A worker of \(threads) threads.\n".utf8))
        if arguments.count > 3, arguments[3] == "broken" { exit(70) }
        let worker = BatchWorker(folder: folder, threads: threads) { assignment, progress in
            try await segment(assignment, threads: threads, progress: progress)
        } failure: { error in
            WorkerFailure(kind: .failure, message: "\(error)")
        }
        try await worker.run()
    }

    private static func run(manifest path: String, out: String) throws {
        let manifest = try Manifest(path)
        let folder = try BatchFolder(out, for: .init(batch: manifest.batch, isArchived: manifest.isArchived, threads: 1))
        var options = BatchRun.Options()
        (options.workers, options.threads, options.lease) = (2, 1, 2)
        let program = CommandLine.arguments[0]
        let run = BatchRun(
            manifest, folder: folder, options: options,
            program: { WorkerProgram(path: program, arguments: [folder.path, "\($0)"]) }, models: { _ in EntryModels() })
        _ = try run.run()
    }

    private static func segment(_ assignment: WorkerAssignment, threads: Int, progress: VideoProgress) async throws -> SegmentedVideo {
        let entry = assignment.entry
        guard let text = try? String(contentsOfFile: entry.video, encoding: .utf8) else {
            throw WorkerFailure(kind: .missing, message: "\(entry.video): no such file.")
        }
        var (frames, seconds, confidence, bytes) = (10, 0.0, 0.9, 0)
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            switch words[0] {
            case "frames": frames = Int(words[1]) ?? frames
            case "seconds": seconds = Double(words[1]) ?? seconds
            case "confidence": confidence = Double(words[1]) ?? confidence
            case "bytes": bytes = Int(words[1]) ?? bytes
            case "crash":
                FileHandle.standardError.write(Data("About to crash.\n".utf8))
                kill(getpid(), SIGKILL)
            case "crash-together": if assignment.attempt == 1 { kill(getpid(), SIGKILL) }
            case "crash-run":
                kill(getppid(), SIGKILL)
                try await Task.sleep(for: .seconds(3600))
            case "hang":
                progress.started(frames: frames)
                try await Task.sleep(for: .seconds(3600))
            case "fail":
                throw WorkerFailure(kind: WorkerFailure.Kind(rawValue: words[1]) ?? .failure, message: "\(assignment.id): as it was told.")
            default: break
            }
        }
        progress.started(frames: frames)
        for frame in 0..<max(1, frames) {
            try await Task.sleep(for: .seconds(seconds / Double(max(1, frames))))
            progress.advanced(to: frame + 1)
        }
        for kind in entry.outputs where kind != .masks {
            try (Data("\(kind.rawValue) of \(text)\(entry.options)\n".utf8) + Data(count: bytes)).write(
                to: URL(fileURLWithPath: assignment.work + "/" + kind.fileName))
        }
        if entry.outputs.contains(.masks) {
            try FileManager.default.createDirectory(atPath: assignment.work + "/masks", withIntermediateDirectories: true)
            for frame in 0..<3 {
                try Data("mask \(frame) of \(text)".utf8).write(to: URL(fileURLWithPath: "\(assignment.work)/masks/\(frame).png"))
            }
        }
        return SegmentedVideo(
            frames: frames, framesTotal: frames, width: 64, height: 48, seconds: max(0.001, seconds),
            objects: [.init(id: 1, name: "object 1", framesSeen: frames, meanConfidence: 0.95, minimumConfidence: confidence)],
            command: ["sampt", "segment", entry.video], versions: ["sampt": "stand-in"], models: [:], peakMemory: BatchWorker.peakMemory)
    }
}
