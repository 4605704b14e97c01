import ArgumentParser
import Foundation
import SegmentationJobs
import VideoBenchmarks

struct SimulateSAMPT: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sam-pt",
        abstract: "SAM-PT's interactive experiment: frame after frame is corrected until it is good enough (paper, 4.6).",
        discussion: """
            In every frame whose J is below --target the annotator takes away a point that lies on the wrong side, or else clicks, at most --per-frame \
            times; all of it counts as interactions. --online goes over the video once. --offline goes over it again and again, with thresholds from \
            0.1 to 0.95, and the best pass counts. --no-tracking is the paper's "SAM": every frame by its own clicks; there --offline gives every frame \
            its first click before one gets its second, which is how its curve is drawn.

              sampt simulate sam-pt davis2016 --root DAVIS --out paper/
              sampt simulate sam-pt davis2016 --root DAVIS --out ours/ \\
                --policy anchored
              sampt simulate sam-pt folder --root data/ --out single/ \\
                --no-tracking --offline

            \(CommandStatus.help)
            """)

    @OptionGroup var run: SimulationRunOptions
    @OptionGroup(title: "Data") var data: DatasetOptions
    @Flag(inversion: .prefixedNo, help: "Follow clicks into other frames.")
    var tracking = true
    @Option(help: PolicyArgument.help)
    var policy: PolicyArgument?
    @Flag(help: "One pass over the video (the default), or one for each threshold.")
    var mode = Mode.online
    @Option(
        help: ArgumentHelp(
            "At most so many interactions an object. (default: 300; without tracking no more than frames take)", valueName: "n"))
    var budget: Int?
    @Option(help: ArgumentHelp("At most so many interactions a frame and pass.", valueName: "n"))
    var perFrame = 3
    @Option(help: ArgumentHelp("A frame is good enough with this J, above 0 and at most 1. (default: 0.9)", valueName: "j"))
    var target: Double?
    @OptionGroup(title: "Presets and models") var models: ModelOptions
    @OptionGroup(title: "Method") var method: MethodOptions
    @Flag(help: "Print nothing but errors.")
    var quiet = false

    enum Mode: String, EnumerableFlag { case online, offline }

    func validate() throws {
        try data.checkEffect(on: run.dataset)
        if !tracking, policy != nil {
            throw ValidationError("--policy has no effect with --no-tracking: a click changes its own frame alone.")
        }
        if tracking, mode == .offline, target != nil {
            throw ValidationError("--target has no effect with --offline, which has thresholds of its own.")
        }
        do { try options.validate() } catch let error as SimulationError { throw ValidationError("\(error)") }
    }

    private var options: SimulationOptions {
        var options = SimulationOptions(.samPT)
        (options.click, options.tracks, options.isOnline) = (run.click, tracking, mode == .online)
        options.policy = policy?.policy ?? .paper
        (options.budget, options.perFrame, options.target) = (budget, perFrame, target ?? options.target)
        return options
    }

    private var usualName: String {
        let mode = mode == .online ? "online" : "offline"
        return tracking ? "SAM-PT, \(options.policy.rawValue), \(mode)" : "frame by frame, \(mode)"
    }

    func run() async throws {
        try await withExitStatus {
            try await SimulationJob(
                options: options, name: run.name ?? usualName, running: run, data: data, models: models, method: method, isQuiet: quiet
            ).run()
        }
    }
}
