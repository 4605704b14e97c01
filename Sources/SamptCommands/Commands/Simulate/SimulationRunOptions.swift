import ArgumentParser
import Foundation
import SAMPT
import VideoBenchmarks

/// On which data an annotator is simulated, and what is written.
struct SimulationRunOptions: ParsableArguments {
    @Argument(
        help: ArgumentHelp("The data set: davis2016, davis2017, folder (JPEGImages and Annotations), ...", valueName: "data set"))
    var dataset: DatasetKind
    @Option(
        help: ArgumentHelp(
            "Write a record for each object, curves (curves.svg, .png, .csv) and reports into this folder; the same command goes on where it was stopped.",
            valueName: "folder"))
    var out: String
    @Option(help: ArgumentHelp("Write the scores to this file as well, as JSON.", valueName: "file"))
    var json: String?
    @Option(help: ArgumentHelp("What the simulation is called in tables and figures. (default: made of its options)", valueName: "text"))
    var name: String?
    @Option(help: ArgumentHelp("Run with so many seeds, counted up from --seed; tables show the mean ± the deviation.", valueName: "n"))
    var seeds = 1
    @Option(
        help: ArgumentHelp(
            "Where the annotator clicks. centre: in the middle of the largest circle inside what is wrong. reference: SAM-PT's rule (DBSCAN and medoids, random).",
            valueName: "rule"))
    var click = ClickRule.centre
    @Option(
        help: ArgumentHelp(
            "Only this part of the videos, for example 2/8; \"sampt simulate merge\" puts the parts together.", valueName: "i/n"))
    var shard: DatasetEvaluation.Shard?
    @Option(
        help: ArgumentHelp("The most disk in the temporary folder, in GB, for what the image encoder made of a video.", valueName: "GB"))
    var disk = 4

    func validate() throws {
        if !(1...1000).contains(seeds) { throw ValidationError("--seeds must be between 1 and 1000.") }
        if !(0...100_000).contains(disk) { throw ValidationError("--disk must be between 0 and 100000.") }
        if shard != nil, json != nil { throw ValidationError("--json has no effect with --shard: a part has no scores of its own.") }
        if let name, name.isEmpty || name.count > 100 { throw ValidationError("--name must have 1 to 100 characters.") }
    }
}

extension DatasetKind: ExpressibleByArgument {}
extension ClickRule: ExpressibleByArgument {}

/// What a correction does, as an option.
enum PolicyArgument: String, ExpressibleByArgument, CaseIterable {
    case paper, anchored

    var policy: CorrectionPolicy { self == .paper ? .paper : .anchored }

    static let help: ArgumentHelp = ArgumentHelp(
        "What a click does to other frames. paper: its point is followed forwards beside those there are. anchored: the corrected mask is followed both ways.",
        valueName: "policy")
}
