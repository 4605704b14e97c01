import ArgumentParser
import Foundation
import Media
import MethodPresets
import SAMPT
import SegmentationJobs
import Support
import VideoBenchmarks

struct EvaluateUVO: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "uvo",
        abstract: "Video instance segmentation: follow proposals of the first frame through UVO's videos, and score AP and AR.",
        discussion: """
            Frames lie below --root under the names in the annotations (YouTube-VIS's form). Proposals are a COCO results file: a list of \
            {"image_id" or "video_id", "segmentation": run lengths, "score"}, at most 100 a video, masks of its first frame. Masks may overlap; each \
            object's score is the mean of its predicted IoU. --out has results.json for the server, scores.json, and a file for each video, by \
            which the same command goes on where it was stopped.

              sampt evaluate uvo --root UVOv1.0/uvo_videos_dense_frames \\
                --annotations UVO_video_val_dense.json --proposals masks.json \\
                --out results/

            \(CommandStatus.help)
            """)

    @Option(help: ArgumentHelp("The folder of frames.", valueName: "folder"))
    var root: String
    @Option(help: ArgumentHelp("The data set's JSON: videos, and annotations where there are any.", valueName: "file"))
    var annotations: String
    @Option(help: ArgumentHelp("Masks of the first frames, as COCO's results.", valueName: "file"))
    var proposals: String
    @Option(help: ArgumentHelp("The folder to write into.", valueName: "folder"))
    var out: String
    @OptionGroup(title: "Presets and models") var models: ModelOptions
    @OptionGroup(title: "Method") var method: MethodOptions
    @Flag(help: "Print nothing but errors.")
    var quiet = false

    func run() async throws {
        try await withExitStatus {
            var claims = try FileClaims(preset: models.presets.preset)
            for (path, what) in [(root, "the folder of frames"), (annotations, "the annotations"), (proposals, "the proposals")] {
                claims.read(path, as: what)
            }
            try claims.write(folder: out, names: ["results.json", "scores.json"], by: "--out")
            let settings = try models.settings(with: method, for: .firstMasks)
            let truth = try VideoInstanceTruth(path: annotations)
            let masks = try InstanceProposals(path: proposals)
            let (segmenter, tracker) = try models.makeModels(settings)
            let evaluation = InstanceEvaluation(
                segmenter: VideoSegmenter(segmenter: segmenter, tracker: tracker, options: settings.options(for: segmenter)))
            let interruption = Interruption()
            interruption.listen()
            let key = try identity(settings)
            let work = Task { try await segment(truth, masks, evaluation, key) }
            interruption.onRequest { work.cancel() }
            let (tubes, failures): ([InstanceTube], Int)
            do { (tubes, failures) = try await work.value } catch is CancellationError where interruption.isRequested {
                StandardError.print("Interrupted. The same command goes on from here.")
                return .interrupted
            }
            try VideoInstanceResults.write(tubes, to: out + "/results.json")
            if !truth.tubes.isEmpty {
                let report = try InstanceScorer().score(predictions: tubes, truth: truth)
                try AtomicFile.write(report.json(), to: out + "/scores.json")
                if !quiet { ScoreTable.show(report) }
            }
            return failures == 0 ? .success : .partial
        }
    }

    private func segment(
        _ truth: VideoInstanceTruth, _ proposals: InstanceProposals, _ evaluation: InstanceEvaluation, _ key: String
    ) async throws -> (tubes: [InstanceTube], failures: Int) {
        var (tubes, failures) = ([InstanceTube](), 0)
        let folder = try OutputFolder(out + "/videos-" + key)
        for (index, video) in truth.videos.enumerated() {
            try Task.checkCancellation()
            let file = folder.file("\(video.id).json")
            if FileManager.default.fileExists(atPath: file), let known = try? VideoInstanceResults.read(file) {
                tubes += known
                continue
            }
            let reporter = ProgressReporter(isQuiet: quiet)
            defer { reporter.close() }
            do {
                let frames = try video.frames(below: root)
                let found = try await evaluation.run(video: video.id, frames: frames, proposals: proposals.byVideo[video.id] ?? []) {
                    done, total in
                    reporter.show(isLast: false) { "[\(index + 1)/\(truth.videos.count)] video \(video.id)  \(done)/\(total) frames" }
                }
                try VideoInstanceResults.write(found, to: file)
                tubes += found
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                if case FileError.unwritable = error { throw error }
                failures += 1
                reporter.close()
                StandardError.print("sampt: video \(video.id) could not be run: \(error)")
            }
        }
        return (tubes, failures)
    }

    /// Tells apart what was made from other options, models or proposals.
    private func identity(_ settings: MethodSettings) throws -> String {
        var parts = PresetKey.allCases.map { "\($0.rawValue)=\($0.text(in: settings))" }
        parts.append(try models.segmenter.choice(settings.segmenter).fingerprint())
        parts.append(try models.tracker.choice(settings.tracker).fingerprint())
        parts += [models.networks.precision.rawValue] + models.networks.partPrecisions.sorted() + [ProgramVersion.current]
        parts += [proposals, annotations].map { path in
            let attributes = try? FileManager.default.attributesOfItem(atPath: path)
            return "\(attributes?[.size] ?? 0) \((attributes?[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0)"
        }
        let hash = parts.joined(separator: "\n").utf8.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
        return String(hash, radix: 16)
    }
}
