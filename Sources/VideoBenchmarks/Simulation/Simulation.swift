import Foundation
import Media
import SAMPT
import Support

/// Runs simulated annotators over the objects of a data set, one after the other, and goes on where an earlier run was stopped: objects
/// whose record was made from the same options, models and files are not done again.
public struct Simulation: Sendable {
    public var options: SimulationOptions
    /// Everything else that decides the results: settings of the method, models' fingerprints, versions.
    public var settings: [String: String]
    /// The folder for records.
    public var output: String
    /// The most bytes that what the encoder made of a video's frames may take in the temporary folder.
    public var featureBytes: UInt64 = 4 << 30

    public init(_ options: SimulationOptions, settings: [String: String], output: String) {
        (self.options, self.settings, self.output) = (options, settings, output)
    }

    public struct Progress: Sendable {
        public var video: String
        public var object: String
        public var videosDone: Int
        public var videos: Int
        /// Of this object.
        public var interactions: Int
        public var frame: Int
    }

    public struct Outcome: Sendable {
        /// In the order of the videos, their objects, and the seeds.
        public var records: [SimulationRecord] = []
        /// How many of them were there already.
        public var kept = 0
        public var failures: [ScoringFinding] = []
    }

    /// - Parameters:
    ///   - videos: their annotations are the truth (`VideoDataset.videosWithTruth`).
    ///   - segmenter: models and options; the seeds take the place of theirs.
    ///   - progress: from any thread.
    /// - Throws: `SimulationError.invalidOption`; `FileError.unwritable` when a record cannot be written; `CancellationError`. A video that
    ///   fails otherwise is in the outcome, and the others go on.
    public func run(
        _ videos: [DatasetVideo], segmenter: VideoSegmenter, seeds: [UInt64], progress: (@Sendable (Progress) -> Void)? = nil
    ) async throws -> Outcome {
        try options.validate()
        var outcome = Outcome()
        for (index, video) in videos.enumerated() {
            let data = video.dataFingerprint().text
            do {
                let tasks = try await onThread { try SimulationTask.tasks(of: video) }
                for task in tasks {
                    for seed in seeds {
                        try Task.checkCancellation()
                        let path = path(of: task, seed)
                        let identity = settings.merging(options.texts) { $1 }.merging(["seed": "\(seed)"]) { $1 }
                        if let known = SimulationRecord.read(path), known.settings == identity, known.data == data {
                            outcome.kept += 1
                            outcome.records.append(known)
                            continue
                        }
                        var record = try await record(of: task, segmenter, seed, identity, data) { interactions, frame in
                            progress?(
                                Progress(
                                    video: video.name.text, object: task.label, videosDone: index, videos: videos.count,
                                    interactions: interactions, frame: frame))
                        }
                        record.objectsOfVideo = tasks.count
                        try record.write(to: path)
                        outcome.records.append(record)
                    }
                }
                try forgetFailure(of: video.name.text)
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                if case FileError.unwritable = error { throw error }
                try forgetOthers(of: video.name.text, seeds, data)
                let finding = ScoringFinding(.failed, video.name.text, "could not be simulated: \(error)")
                outcome.failures.append(finding)
                let failure = RunFailure(settings: settings.merging(options.texts) { $1 }, finding: finding)
                try failure.write(to: SimulationOutput.failure(of: video.name.text, in: output))
            }
        }
        return outcome
    }

    private func forgetFailure(of video: String) throws { try Self.remove(SimulationOutput.failure(of: video, in: output)) }

    /// Takes away a video's records that were made from other options or files: they are none of this run's.
    private func forgetOthers(of video: String, _ seeds: [UInt64], _ data: String) throws {
        for seed in seeds {
            let folder = "\(output)/interactions/seed-\(seed)/\(video)"
            guard FileManager.default.fileExists(atPath: folder) else { continue }
            let identity = settings.merging(options.texts) { $1 }.merging(["seed": "\(seed)"]) { $1 }
            for name in try FolderListing.names(folder, pathExtensions: ["json"]) {
                let known = SimulationRecord.read("\(folder)/\(name)")
                if known?.settings != identity || known?.data != data { try Self.remove("\(folder)/\(name)") }
            }
        }
    }

    private static func remove(_ path: String) throws {
        guard unlink(path) == 0 || errno == ENOENT else {
            throw FileError.unwritable(path: path, reason: String(cString: strerror(errno)).lowercased())
        }
    }

    /// Where an object's record is.
    public func path(of task: SimulationTask, _ seed: UInt64) -> String {
        "\(output)/interactions/seed-\(seed)/\(task.video.name)/object-\(task.id).json"
    }

    private func record(
        of task: SimulationTask, _ segmenter: VideoSegmenter, _ seed: UInt64, _ identity: [String: String], _ data: String,
        progress: @escaping @Sendable (_ interactions: Int, _ frame: Int) -> Void
    ) async throws -> SimulationRecord {
        let start = ContinuousClock.now
        let video = try await onThread { try FrameFolder(name: task.video.name.text, paths: task.video.frames) }
        var annotator = try await SimulatedAnnotator(
            task, segmenter: segmenter, video: video, options: options, seed: seed, featureBytes: featureBytes, progress: progress)
        let before = annotator.now
        var (passes, prompted): ([SimulationPass], [SimulationPoint]) = ([], [])
        switch options.name {
        case .samPT: passes = try await annotator.correctFrameByFrame()
        case .sam2Offline: prompted = try await annotator.promptWorstFrames()
        case .sam2Online: prompted = try await annotator.promptWhileWatching()
        }
        return SimulationRecord(
            video: task.video.name.text, object: task.id, label: task.label, seed: seed, settings: identity, data: data,
            firstFrame: task.firstFrame, frames: task.frames.count, framesMeasured: annotator.measured.measured.count, start: before,
            interactions: annotator.history, passes: passes, promptedFrames: prompted,
            framesAt90: annotator.measured.share(reaching: 0.9), framesAt95: annotator.measured.share(reaching: 0.95),
            interactionsTo90: annotator.reached90, interactionsTo95: annotator.reached95, seconds: start.secondsAgo,
            findings: task.findings)
    }
}
