import ArgumentParser
import BatchJobs
import Foundation
import Media
import MethodPresets
import PointTrackers
import SAMPT
import SegmentationJobs
import Segmenters
import Support

/// A worker of `sampt batch run`: takes assignments on its standard input, one after another, with the models loaded once.
struct BatchWorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker", abstract: "Work for \"sampt batch run\", which starts this by itself.", shouldDisplay: false)

    @Option var out: String
    @Option var threads: Int

    func run() async throws {
        try await withBatchStatus {
            let folder = try BatchFolder(existing: out)
            let models = LoadedModels()
            let worker = BatchWorker(
                folder: folder, threads: threads,
                segment: { try await BatchVideo(assignment: $0, threads: threads).segment(models, progress: $1) }, failure: Self.failure)
            try await worker.run()
            return .success
        }
    }

    /// What an error of `sampt segment` means for a batch.
    private static func failure(_ error: any Error) -> WorkerFailure {
        let kind: WorkerFailure.Kind =
            switch CommandStatus(error) {
            case .usage, .invalidInput: .input
            case .missingInput, .unavailable: .missing
            case .insufficientMemory: .memory
            case .unwritableOutput, .unwritableStandardOutput: .unwritable
            case .success, .failure, .partial, .interrupted: .failure
            }
        return WorkerFailure(kind: kind, message: "\(error)")
    }
}

/// A video of a batch, segmented as `sampt segment` does it.
private struct BatchVideo {
    let assignment: WorkerAssignment
    let threads: Int

    func segment(_ models: LoadedModels, progress: VideoProgress) async throws -> SegmentedVideo {
        let entry = assignment.entry
        let command = try BatchMethod.command(entry.options, video: entry.video, threads: threads)
        let settings = try command.models.settings(with: command.method, for: .video)
        let objects = try objects(entry)
        let (segmenter, tracker) = try models.models(key: command.models.modelKey(settings)) {
            try command.models.makeModels(settings)
        }
        let begin = ContinuousClock.now
        let clip = try command.clip.open()
        if entry.outputs.contains(.masks) { _ = try clip.pictureFileNames() }
        progress.started(frames: clip.frames.frameCount)
        let job = SegmentationJob(
            segmenter: VideoSegmenter(segmenter: segmenter, tracker: tracker, options: settings.options(for: segmenter)), clip: clip,
            queries: try clip.queries(objects), destinations: destinations(entry))
        let summary = try await job.run(interruption: Interruption(), progress: PassedOnProgress(progress))
        guard summary.failures.isEmpty else {
            throw WorkerFailure(kind: .unwritable, message: summary.failures.joined(separator: " "))
        }
        return SegmentedVideo(
            frames: summary.frames, framesTotal: summary.framesTotal, width: clip.originals.size.width,
            height: clip.originals.size.height, seconds: begin.secondsAgo,
            objects: summary.objects.map {
                .init(
                    id: $0.id, name: $0.name, framesSeen: $0.framesSeen, meanConfidence: $0.meanConfidence,
                    minimumConfidence: $0.minimumConfidence)
            }, damage: summary.damage, notes: summary.notes, command: try equivalent(entry),
            versions: ["sampt": ProgramVersion.current, "ffmpeg": LibraryVersions.ffmpeg, "system": LibraryVersions.system],
            models: try BatchMethod.models(entry.options).fingerprints, peakMemory: BatchWorker.peakMemory)
    }

    private func objects(_ entry: ManifestEntry) throws -> [MarkedObject] {
        switch entry.prompts {
        case .file(let path): try MarkedObject.parse(TextFile.read(path), path: path)
        case .inline(let value):
            try MarkedObject.parse(value.canonicalText(), path: "\(assignment.manifest), line \(assignment.line), prompts")
        }
    }

    private func destinations(_ entry: ManifestEntry) -> OutputDestinations {
        func path(_ kind: OutputKind) -> String? { entry.outputs.contains(kind) ? assignment.work + "/" + kind.fileName : nil }
        return OutputDestinations(
            overlay: path(.overlay), masks: path(.masks), rle: path(.rle), tracks: path(.tracks), contactSheet: path(.contactSheet),
            leastSure: path(.picture))
    }

    /// The arguments that make the same outside of a batch; inline prompts are in the manifest's line.
    private func equivalent(_ entry: ManifestEntry) throws -> [String] {
        let prompts =
            switch entry.prompts {
            case .file(let path): path
            case .inline(let value): try value.canonicalText()
            }
        let outputs = entry.outputs.filter { $0 != .picture }.flatMap { ["--\($0.rawValue)", $0.fileName] }
        return ["sampt", "segment", entry.video, "--prompts", prompts] + (try BatchMethod.arguments(entry.options))
            + ["--threads=\(threads)"] + outputs
    }
}

/// A job's progress for the process that looks after the worker; what goes wrong meanwhile is in the summary.
private struct PassedOnProgress: JobProgress {
    let progress: VideoProgress

    init(_ progress: VideoProgress) { self.progress = progress }

    func show(_ news: SegmentationProgress) { progress.advanced(to: news.framesDone) }
    func show(isLast: Bool, _ line: () -> String) {}
    func warn(of error: any Error) { StandardError.print("sampt: \(error)") }
    func close() {}
}
