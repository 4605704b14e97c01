import ArgumentParser
import Foundation
import Media
import MethodPresets
import SAMPT
import SegmentationJobs
import Segmenters
import Support
import VideoBenchmarks

struct EvaluateUVO: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "uvo",
        abstract: "Video instance segmentation: follow proposals of the first frame through UVO's videos, and score AP and AR.",
        discussion: """
            Frames lie below --root under the names in the annotations (YouTube-VIS's form). Without --proposals the segmenter finds what there is in \
            each video's first frame: a grid of points, of whose answers the sure and stable ones stay (SAM's automatic masks). Proposals of others are \
            a COCO results file: a list of {"image_id" or "video_id", "segmentation": run lengths, "score"}. At most 100 a video are followed, the \
            surest ones. Masks may overlap; each object's score is the mean of its predicted IoU. --out has results.json for the server, scores.json, \
            and a file for each video, by which the same command goes on where it was stopped.

              sampt evaluate uvo --root UVOv1.0/uvo_videos_dense_frames \\
                --annotations UVO_video_val_dense.json --preset sam-pt-uvo \\
                --out results/
              sampt evaluate uvo --root frames/ --annotations annotations.json \\
                --proposals masks.json --out results/

            \(CommandStatus.help)
            """)

    @Option(help: ArgumentHelp("The folder of frames.", valueName: "folder"))
    var root: String
    @Option(help: ArgumentHelp("The data set's JSON: videos, and annotations where there are any.", valueName: "file"))
    var annotations: String
    @Option(help: ArgumentHelp("Masks of the first frames, as COCO's results. (default: the segmenter's own)", valueName: "file"))
    var proposals: String?
    @Option(help: ArgumentHelp("The folder to write into.", valueName: "folder"))
    var out: String
    @OptionGroup(title: "Automatic masks") var automatic: AutomaticMaskOptions
    @OptionGroup(title: "Presets and models") var models: ModelOptions
    @OptionGroup(title: "Method") var method: MethodOptions
    @Flag(help: "Print nothing but errors.")
    var quiet = false

    func validate() throws {
        if proposals != nil, let option = automatic.given.first {
            throw ValidationError("\(option) has no effect with --proposals: the masks are given.")
        }
    }

    func run() async throws {
        try await withExitStatus {
            var claims = try FileClaims(preset: models.presets.preset)
            for (path, what) in [(root, "the folder of frames"), (annotations, "the annotations"), (proposals, "the proposals")] {
                if let path { claims.read(path, as: what) }
            }
            try claims.write(folder: out, names: ["results.json", "scores.json"], by: "--out")
            let settings = try models.settings(with: method, for: .firstMasks)
            let truth = try VideoInstanceTruth(path: annotations)
            let masks = try proposals.map { try InstanceProposals(path: $0) }
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
        _ truth: VideoInstanceTruth, _ proposals: InstanceProposals?, _ evaluation: InstanceEvaluation, _ key: String
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
                let masks: InstanceEvaluation.Proposals =
                    proposals.map { .given($0.byVideo[video.id] ?? []) } ?? .automatic(automatic.finder, most: 100)
                let found = try await evaluation.run(video: video.id, frames: frames, proposals: masks) { done, total in
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
        if proposals == nil { parts.append("\(automatic.finder)") }
        parts += [proposals, annotations].compactMap { $0 }.map { path in
            let attributes = try? FileManager.default.attributesOfItem(atPath: path)
            return "\(attributes?[.size] ?? 0) \((attributes?[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0)"
        }
        let hash = parts.joined(separator: "\n").utf8.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
        return String(hash, radix: 16)
    }
}

/// How a segmenter's own proposals are found.
struct AutomaticMaskOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Points of the grid in each direction, 1 to 256. (default: 32)", valueName: "n"))
    var grid: Int?
    @Option(help: ArgumentHelp("Drop masks with a predicted IoU up to this, 0 to 1. (default: 0.88)", valueName: "iou"))
    var gridIou: Float?
    @Option(
        help: ArgumentHelp(
            "Drop masks that shrink to less than this share when the threshold of their logits rises from -1 to +1. (default: 0.95)",
            valueName: "share"))
    var stability: Double?

    var given: [String] {
        [("--grid", grid != nil), ("--grid-iou", gridIou != nil), ("--stability", stability != nil)].filter(\.1).map(\.0)
    }

    var finder: AutomaticMasks {
        var finder = AutomaticMasks()
        finder.pointsPerSide = grid ?? finder.pointsPerSide
        finder.predictedIoU = gridIou ?? finder.predictedIoU
        finder.stability = stability ?? finder.stability
        return finder
    }

    func validate() throws {
        if let grid, !(1...256).contains(grid) { throw ValidationError("--grid must be between 1 and 256.") }
        if let gridIou, !(0...1).contains(gridIou) { throw ValidationError("--grid-iou must be between 0 and 1.") }
        if let stability, !(0...1).contains(stability) { throw ValidationError("--stability must be between 0 and 1.") }
    }
}
