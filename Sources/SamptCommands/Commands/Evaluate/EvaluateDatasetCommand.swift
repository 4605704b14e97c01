import ArgumentParser
import Foundation
import SAMPT
import SegmentationJobs
import VideoBenchmarks

/// A data set that is a command of `sampt evaluate`.
protocol EvaluatedDataset: Sendable {
    static var kind: DatasetKind { get }
    /// What it is, and where its folders are looked for.
    static var layout: String { get }
}

/// Runs the method on a data set, scores the masks, and packs them for the server.
struct EvaluateDataset<Dataset: EvaluatedDataset>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: Dataset.kind.rawValue,
            abstract: "Segment the videos of \(Dataset.kind.rawValue), and score the masks where there is truth.",
            discussion: """
                \(Dataset.layout)

                Masks, records, scores and reports (report.html, .json, .csv, .md) are written into --out, with an archive for the data set's server. \
                Who runs the command again goes on where it was stopped: a video is done again only when options, models or its files have changed.

                  sampt evaluate \(Dataset.kind.rawValue) --root data/ --out results/ --seeds 8

                \(CommandStatus.help)
                """)
    }

    @OptionGroup(title: "Data") var data: DatasetOptions
    @OptionGroup(title: "Running") var running: EvaluationOptions
    @OptionGroup(title: "Presets and models") var models: ModelOptions
    @OptionGroup(title: "Method") var method: MethodOptions
    @Flag(help: "Print nothing but errors.")
    var quiet = false

    func validate() throws {
        guard running.out != nil else { throw ValidationError("Give a folder for masks and scores: --out.") }
        try data.checkEffect(on: Dataset.kind)
    }

    func run() async throws {
        try await withExitStatus {
            try await EvaluationJob(
                kind: Dataset.kind, location: data.location, running: running, models: models, method: method, isQuiet: quiet
            ).run()
        }
    }
}

enum DAVIS2017Set: EvaluatedDataset {
    static let kind = DatasetKind.davis2017
    static let layout = "DAVIS 2017 lies in JPEGImages/480p, Annotations/480p and ImageSets/2017/val.txt, below --root or --root/trainval."
}

enum DAVIS2017TestSet: EvaluatedDataset {
    static let kind = DatasetKind.davis2017TestDev
    static let layout = "The test-dev set of DAVIS 2017 lies below --root or --root/test-dev; only its first masks are public."
}

enum YouTubeVOS2018Set: EvaluatedDataset {
    static let kind = DatasetKind.youTubeVOS2018
    static let layout =
        "YouTube-VOS lies in valid/JPEGImages (or all_frames/valid_all_frames/JPEGImages), valid/Annotations and valid/meta.json. Its server has the truth; with --truth and --categories, G is computed here."
}

enum YouTubeVOS2019Set: EvaluatedDataset {
    static let kind = DatasetKind.youTubeVOS2019
    static let layout = YouTubeVOS2018Set.layout
}

enum MOSESet: EvaluatedDataset {
    static let kind = DatasetKind.mose
    static let layout = "MOSE lies in valid/JPEGImages and valid/Annotations. Its server has the truth but for the first masks."
}

enum BDD100KSet: EvaluatedDataset {
    static let kind = DatasetKind.bdd100k
    static let layout = "BDD100K VOS lies in val/JPEGImages and val/Annotations, as \"sampt evaluate build-bdd100k\" makes it."
}

enum SAVSet: EvaluatedDataset {
    static let kind = DatasetKind.saV
    static let layout = "SA-V lies in sav_val/JPEGImages_24fps, sav_val/Annotations_6fps (a folder an object) and sav_val/sav_val.txt."
}

enum LVOSSet: EvaluatedDataset {
    static let kind = DatasetKind.lvos
    static let layout = "LVOS lies in val/JPEGImages, val/Annotations and val_meta.json."
}

enum FolderSet: EvaluatedDataset {
    static let kind = DatasetKind.folder
    static let layout = "Any folder with JPEGImages/<video> and Annotations/<video>; objects are those of the first annotated frame."
}
