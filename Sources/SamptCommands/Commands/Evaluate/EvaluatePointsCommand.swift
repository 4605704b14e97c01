import ArgumentParser
import Foundation
import Media
import PointTrackers
import SegmentationJobs
import Support
import VideoBenchmarks

struct EvaluatePoints: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "points",
        abstract: "Measure a point tracker as TAP-Vid does: average Jaccard, points within 1 to 16 pixels, occlusion accuracy.",
        discussion: """
            Follows points with known tracks and compares. The videos are a file of TAP-Vid (tapvid_davis.pkl, tapvid_rgb_stacking.pkl, a shard or \
            the folder of TAP-Vid-Kinetics), your own clips with tracks in JSON (docs/point-benchmarks.md), or synthetic clips with exact tracks.

              sampt evaluate points --dataset tapvid_davis.pkl --mode first \\
                --output scores/ --predictions tracks/
              sampt evaluate points --synthetic 20 --seed 1 --mode strided \\
                --tracker lucas-kanade
              sampt evaluate points --dataset tapvid_davis.pkl --results tracks/

            Of a preset (--preset, --set) the tracker alone counts here.

            With --output, scores.json and scores.csv are written after every video; the same command goes on where it was stopped, and does a video again \
            when the data set's file or its tracks have changed. With --results, a video whose tracks are missing or damaged is named, the others go \
            on, and the exit status is \(CommandStatus.partial.rawValue). With --predictions, others can judge the tracks: each video's are in a .npz of numpy with the arrays that TAP-Vid's programs take (docs/point-benchmarks.md).

            \(CommandStatus.help)
            """)

    @Option(help: ArgumentHelp("A TAP-Vid pickle, a JSON file of tracks, or a folder with either.", valueName: "file"))
    var dataset: String?
    @Option(help: ArgumentHelp("Make so many synthetic clips.", valueName: "n"))
    var synthetic: Int?
    @OptionGroup(title: "Synthetic clips") var clips: SyntheticOptions
    @Option(
        help: ArgumentHelp(
            """
            Which queries are made of the tracks: first (each track once, in the first frame that shows it; the frames after that count) or strided \
            (every 5 frames; all other frames count).
            """,
            valueName: "mode"))
    var mode = QueryMode.first
    @Option(
        help: ArgumentHelp(
            "Track at this size, as TAP-Vid does, or at the videos' own (native). Distances are measured at 256x256 in any case.",
            valueName: "width x height"))
    var resolution = Resolution.fixed(PointScores.raster)
    @Option(help: ArgumentHelp("Write scores.json and scores.csv into this folder.", valueName: "folder"))
    var output: String?
    @Option(help: ArgumentHelp("Write the tracks of each video into this folder, as <video>.npz.", valueName: "folder"))
    var predictions: String?
    @Option(
        help: ArgumentHelp(
            "Score the tracks in this folder, <video>.npz with the arrays tracks and occluded as --predictions writes them, instead of tracking.",
            valueName: "folder"))
    var results: String?
    @Flag(help: "Replace the scores in the folder of --output instead of going on with them.")
    var restart = false
    @Flag(help: "Print nothing but errors.")
    var quiet = false
    @OptionGroup(title: "Presets and models") var models: TrackingModelOptions

    func validate() throws {
        guard (dataset == nil) != (synthetic == nil) else { throw ValidationError("Give either --dataset or --synthetic.") }
        if let synthetic, !(1...100_000).contains(synthetic) { throw ValidationError("--synthetic must be between 1 and 100000.") }
        if results != nil {
            let idle = (predictions == nil ? [] : ["--predictions"]) + models.given + (resolution.isUsual ? [] : ["--resolution"])
            if let option = idle.first {
                throw ValidationError("\(option) has no effect with --results: the tracks are there, and nothing runs.")
            }
        }
        if synthetic == nil, let option = clips.given.first {
            throw ValidationError("\(option) has no effect with --dataset: it is for --synthetic.")
        }
        if restart, output == nil { throw ValidationError("--restart has no effect without --output.") }
        if case .fixed(let size) = resolution, size.width < 16 || size.height < 16 {
            throw ValidationError("--resolution must be at least 16x16.")
        }
    }

    func run() async throws {
        try await withExitStatus {
            let trackerName = results == nil ? try models.trackerName() : nil
            let data: any PointDataset
            if let dataset {
                data = try PointDatasetFile.open(dataset)
            } else {
                data = try clips.dataset(count: synthetic ?? 0)
            }
            let settings = try settings(data, tracker: trackerName)
            try checkOutputs(data, tracker: trackerName)
            let report = try output.map { restart ? PointReport(settings: settings) : try PointReport.resume(in: $0, settings: settings) }
            let job = PointEvaluationJob(
                dataset: data, evaluate: try evaluation(trackerName),
                files: PointFiles(dataset: dataset, results: results.map(PointResults.init)),
                report: report ?? PointReport(settings: settings), output: output, predictions: predictions.map(PredictionFolder.init),
                isQuiet: quiet)
            let interruption = Interruption()
            interruption.listen()
            return try await job.run(interruption: interruption)
        }
    }

    /// - Parameter tracker: nil: the tracks are there.
    private func evaluation(
        _ tracker: String?
    ) throws -> @Sendable (PointVideo, PredictionFolder?, @escaping (Int, Int) -> Void) throws -> PointEvaluation.Outcome {
        let mode = mode
        guard let tracker else {
            let results = PointResults(folder: self.results ?? "")
            return { video, _, _ in try results.score(video, mode: mode) }
        }
        let evaluation = PointEvaluation(
            tracker: try models.makeTracker(tracker, frame: resolution.size ?? MemoryNeed.usualFrame), mode: mode,
            resolution: resolution.size)
        return { video, predictions, progress in try evaluation.run(video, writingTo: predictions, progress: progress) }
    }

    /// What must be equal for scores to be put together.
    private func settings(_ data: any PointDataset, tracker: String?) throws -> [String: String] {
        guard let tracker else {
            return [
                "dataset": data.name, "videos": String(data.videoNames.count), "mode": mode.rawValue,
                "results": URL(fileURLWithPath: results ?? "").standardizedFileURL.path,
            ]
        }
        var settings = [
            "dataset": data.name, "videos": String(data.videoNames.count), "tracker": tracker, "mode": mode.rawValue,
            "resolution": resolution.defaultValueDescription, "precision": models.networks.precision.rawValue,
            "weights": try models.tracker.choice(tracker).fingerprint(),
        ]
        let parts = models.networks.partPrecisions
        if !parts.isEmpty { settings["partPrecisions"] = parts.sorted().joined(separator: " ") }
        if let predictions { settings["predictions"] = URL(fileURLWithPath: predictions).standardizedFileURL.path }
        return settings
    }

    /// Finds out, before the tracker is loaded, whether scores and tracks can be written, and whether they would take the place of
    /// something.
    private func checkOutputs(_ data: any PointDataset, tracker: String?) throws {
        var claims = try FileClaims(preset: models.presets.preset, tracker: tracker)
        if let dataset {
            let inside = ["tracks.json"] + ((try? FolderListing.names(dataset, pathExtensions: ["pkl"])) ?? [])
            for file in [dataset] + inside.map({ dataset + "/" + $0 }) where FileIdentity(file: file) != nil {
                claims.read(file, as: "the dataset")
            }
        }
        if let results { claims.read(results, as: "the folder of tracks") }
        let scores = ["scores.json", "scores.csv"]
        if let output { try claims.write(folder: output, names: scores, by: "--output") }
        if let predictions {
            try claims.write(folder: predictions, names: data.videoNames.map(PredictionFolder.fileName), by: "--predictions")
        }
        for (path, names) in [(output, scores), (predictions, ["predictions.npz"])] {
            guard let path else { continue }
            let folder = try OutputFolder(path)
            for name in names { try OutputFile.check(folder.file(name)) }
        }
    }
}

/// What synthetic clips are like.
struct SyntheticOptions: ParsableArguments {
    @Option(help: "Seeds everything in the clips; the same seed gives the same clips. (default: 1)")
    var seed: UInt64?
    @Option(help: ArgumentHelp("The clips' size. (default: 256x256)", valueName: "width x height"))
    var size: FrameSize?
    @Option(help: ArgumentHelp("Frames in each clip. (default: 24)", valueName: "n"))
    var frames: Int?
    @Option(help: ArgumentHelp("Tracks in each clip. (default: 64)", valueName: "n"))
    var points: Int?

    /// The options that were given, as they are written.
    var given: [String] {
        [("--seed", seed != nil), ("--size", size != nil), ("--frames", frames != nil), ("--points", points != nil)].filter(\.1).map(\.0)
    }

    func validate() throws {
        if let frames, !(1...100_000).contains(frames) { throw ValidationError("--frames must be between 1 and 100000.") }
        if let points, !(0...100_000).contains(points) { throw ValidationError("--points must be between 0 and 100000.") }
        if let size = size?.size, size.width < 16 || size.height < 16 { throw ValidationError("--size must be at least 16x16.") }
    }

    func dataset(count: Int) throws -> SyntheticClips {
        SyntheticClips(
            count: count, seed: seed ?? 1, size: size?.size ?? PointScores.raster, frameCount: frames ?? 24, pointCount: points ?? 64)
    }
}

/// The size that videos are tracked at.
enum Resolution: ExpressibleByArgument, Sendable {
    case native
    case fixed(ImageSize)

    init?(argument: String) {
        if argument == "native" {
            self = .native
        } else if let size = FrameSize(argument: argument) {
            self = .fixed(size.size)
        } else {
            return nil
        }
    }

    /// Whether it is what is taken where nothing is said.
    var isUsual: Bool { size == PointScores.raster }

    var size: ImageSize? { if case .fixed(let size) = self { size } else { nil } }
    var defaultValueDescription: String { size?.description ?? "native" }
}

extension QueryMode: ExpressibleByArgument {}
