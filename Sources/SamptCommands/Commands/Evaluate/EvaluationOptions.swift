import ArgumentParser
import Foundation
import VideoBenchmarks

/// Where a data set lies.
struct DatasetOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The data set's folder.", valueName: "folder"))
    var root: String
    @Option(help: ArgumentHelp("Which part of the data set: val, test, valid, ... (default: the usual one)", valueName: "name"))
    var split: String?
    @Option(help: ArgumentHelp("Only these videos: one name a line, or a list in DAVIS's form.", valueName: "file"))
    var list: String?
    @Option(
        help: ArgumentHelp(
            "The folder below JPEGImages and Annotations where there are several sizes. (default for DAVIS: 480p)", valueName: "name"))
    var resolution: String?
    @Option(
        help: ArgumentHelp(
            "Where complete truth lies, when the data set does not have it, or when it is of another size than --resolution says: \"evaluate\" then writes masks of the truth's size.",
            valueName: "folder"))
    var truth: String?
    @Option(help: ArgumentHelp("A JSON file with \"seen\" and \"unseen\", lists of categories (YouTube-VOS).", valueName: "file"))
    var categories: String?

    var location: DatasetKind.Location {
        DatasetKind.Location(
            root: root, split: split, list: list, resolution: resolution, categories: categories, truth: truth)
    }

    /// The options that say more than where the data lies and which videos are meant, as far as they were given.
    var particular: [String] {
        [("--split", split), ("--resolution", resolution), ("--truth", truth), ("--categories", categories)].filter { $0.1 != nil }.map(\.0)
    }

    /// Refuses what has no effect on a data set.
    func checkEffect(on kind: DatasetKind) throws {
        let isYouTube = kind == .youTubeVOS2018 || kind == .youTubeVOS2019
        if categories != nil, !isYouTube {
            throw ValidationError(
                "--categories has no effect on \(kind.rawValue): only YouTube-VOS tells seen and unseen categories apart.")
        }
        if resolution != nil, isYouTube || kind == .saV {
            throw ValidationError("--resolution has no effect on \(kind.rawValue), which comes in one size.")
        }
    }
}

/// How a data set is run.
struct EvaluationOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Write masks, scores, reports and what the data set's server takes into this folder; the same command goes on where it was stopped.",
            valueName: "folder"))
    var out: String?
    @Option(help: ArgumentHelp("Run with so many seeds, counted up from --seed; tables show the mean ± the deviation.", valueName: "n"))
    var seeds = 1
    @Option(
        help: ArgumentHelp(
            "How objects are shown: mask, box, or clicks:N (each in the centre of the largest circle inside what is left of the mask).",
            valueName: "mask|box|clicks:N"))
    var prompt = PromptKind.mask
    @Option(
        help: ArgumentHelp(
            "Compare settings: table1 to table7 of the paper, or a YAML file with rows or a grid (docs/evaluation.md). Options of the method and models change every row.",
            valueName: "name or file"))
    var sweep: String?
    @Option(
        help: ArgumentHelp(
            "Only this part of the videos, for example 2/8; \"sampt evaluate merge\" puts the parts together.", valueName: "i/n"))
    var shard: DatasetEvaluation.Shard?
    @Option(help: ArgumentHelp("Videos at once. (default: as many as cores and memory allow)", valueName: "n"))
    var jobs: Int?
    @Option(
        help: ArgumentHelp(
            "The most disk in the temporary folder, in GB, for what settings with one segmenter have in common: pictures and features of frames.",
            valueName: "GB"))
    var disk = 4
    @Flag(help: "Do not pack the masks for the data set's server.")
    var noArchive = false

    /// The options that were given, as they are written.
    var given: [String] {
        [
            ("--seeds", seeds != 1), ("--prompt", prompt != .mask), ("--sweep", sweep != nil), ("--shard", shard != nil),
            ("--jobs", jobs != nil),
            ("--disk", disk != 4), ("--no-archive", noArchive),
        ].filter(\.1).map(\.0)
    }

    func validate() throws {
        if !(1...1000).contains(seeds) { throw ValidationError("--seeds must be between 1 and 1000.") }
        if let jobs, !(1...256).contains(jobs) { throw ValidationError("--jobs must be between 1 and 256.") }
        if !(0...100_000).contains(disk) { throw ValidationError("--disk must be between 0 and 100000.") }
    }
}

extension PromptKind: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
    public var defaultValueDescription: String { text }
}

extension DatasetEvaluation.Shard: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
}
