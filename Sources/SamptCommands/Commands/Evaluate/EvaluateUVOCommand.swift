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
            reports (report.html, .json, .csv, .md), and tubes and a record for each video, by which the same command goes on where it was stopped.

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
    @OptionGroup(title: "Automatic masks") var automatic: AutomaticMaskOptions
    @OptionGroup(title: "Running") var running: EvaluationOptions
    @OptionGroup(title: "Presets and models") var models: ModelOptions
    @OptionGroup(title: "Method") var method: MethodOptions
    @Flag(help: "Print nothing but errors.")
    var quiet = false

    func validate() throws {
        guard running.out != nil else { throw ValidationError("Give a folder for results and scores: --out.") }
        if proposals != nil, let option = automatic.given.first {
            throw ValidationError("\(option) has no effect with --proposals: the masks are given.")
        }
        if running.prompt != .mask { throw ValidationError("--prompt has no effect: objects are shown by the proposals' masks.") }
        if running.noArchive { throw ValidationError("--no-archive has no effect: results.json is what the server takes.") }
    }

    func run() async throws {
        try await withExitStatus { try await evaluate(into: running.out ?? "") }
    }

    private func evaluate(into out: String) async throws -> CommandStatus {
        let rows = try EvaluationRows(models: models, method: method, running: running, dataset: InstanceDataset.name, more: identity)
        var claims = try FileClaims(preset: models.presets.preset)
        for (path, what) in [(root, "the folder of frames"), (annotations, "the annotations"), (proposals, "the proposals")] {
            if let path { claims.read(path, as: what) }
        }
        for file in rows.files { claims.read(file, as: "the sweep") }
        try claims.write(folder: out, names: InstanceFinish.names, by: "--out")
        let dataset = try InstanceDataset(root: root, annotations: annotations, proposals: proposals)
        for finding in dataset.findings { StandardError.print("sampt: \(finding)") }
        let output = EvaluationOutput(
            path: out,
            manifest: .init(
                program: "sampt \(ProgramVersion.current)", command: ProcessInfo.processInfo.arguments, processor: Machine.processor,
                dataset: InstanceDataset.name, location: dataset.location, prompt: "proposals", runs: rows.runs, published: rows.published))
        try output.writeManifest()
        var evaluation = InstanceDatasetEvaluation(dataset, output: out)
        if let shard = running.shard { evaluation.shard = shard }
        evaluation.spoolBytes = UInt64(running.disk) << 30
        evaluation.finder = automatic.finder
        let base = evaluation
        let frames = evaluation.videos.reduce(0) { $0 + ($1.fileNames?.count ?? 0) }
        let runner = EvaluationRunner(rows: rows, models: models, running: running, frames: frames, isQuiet: quiet)
        let outcome = try await runner.run { entries, jobs, progress in
            var evaluation = base
            evaluation.jobs = jobs
            return try await evaluation.run(entries, progress: progress)
        }
        guard let outcome else { return .interrupted }
        guard running.shard == nil else {
            if !quiet { StandardError.print("This part is done. \"sampt evaluate merge\" puts the parts together and scores them.") }
            return outcome.failures.isEmpty ? .success : .partial
        }
        let isWhole = try await InstanceFinish(
            output: output, dataset: dataset, said: dataset.findings + outcome.failures(among: rows.runs), isQuiet: quiet
        ).run()
        return isWhole && outcome.failures.isEmpty ? .success : .partial
    }

    /// What decides the results beside the method: where the proposals come from.
    private var identity: [String: String] {
        guard let proposals else { return ["proposals": "\(automatic.finder)"] }
        let attributes = try? FileManager.default.attributesOfItem(atPath: proposals)
        let time = (attributes?[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
        return ["proposals": "\(PathParts(proposals).name), \(attributes?[.size] ?? 0) bytes, \(time)"]
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
