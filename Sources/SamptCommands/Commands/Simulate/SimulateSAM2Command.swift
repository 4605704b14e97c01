import ArgumentParser
import Foundation
import SegmentationJobs
import VideoBenchmarks

/// One of SAM 2's two interactive protocols.
protocol SAM2Protocol: Sendable {
    static var name: SimulationProtocol { get }
    static var abstract: String { get }
    static var rule: String { get }
    static var isOnline: Bool { get }
}

enum SAM2Offline: SAM2Protocol {
    static let name = SimulationProtocol.sam2Offline
    static let abstract = "SAM 2's offline protocol: the worst frame of the video gets clicks, again and again."
    static let rule =
        "The first frame gets --clicks clicks, and the masks are followed through the video; then the frame with the lowest J that had none gets clicks, and so on, up to --frames frames."
    static let isOnline = false
}

enum SAM2Online: SAM2Protocol {
    static let name = SimulationProtocol.sam2Online
    static let abstract = "SAM 2's online protocol: one pass that pauses where the mask is bad."
    static let rule =
        "The first frame gets --clicks clicks; the pass goes on to the first frame with a J below --pause-below, which gets clicks, too, and so on, up to --frames frames. Clicks change frames from there on; those before are given away."
    static let isOnline = true
}

struct SimulateSAM2<Rule: SAM2Protocol>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: Rule.name.rawValue, abstract: Rule.abstract,
            discussion: """
                \(Rule.rule) The report has J&F after each prompted frame.

                  sampt simulate \(Rule.name.rawValue) davis2017 --root DAVIS --out clicks/

                \(CommandStatus.help)
                """)
    }

    @OptionGroup var run: SimulationRunOptions
    @OptionGroup(title: "Data") var data: DatasetOptions
    @Option(help: PolicyArgument.help)
    var policy = PolicyArgument.anchored
    @Option(help: ArgumentHelp("At most so many frames get clicks.", valueName: "n"))
    var frames = 8
    @Option(help: ArgumentHelp("Clicks in each of them.", valueName: "n"))
    var clicks = 3
    @Option(help: ArgumentHelp("With sam2-online: pause at a frame with a J below this. (default: 0.75)", valueName: "j"))
    var pauseBelow: Double?
    @OptionGroup(title: "Presets and models") var models: ModelOptions
    @OptionGroup(title: "Method") var method: MethodOptions
    @Flag(help: "Print nothing but errors.")
    var quiet = false

    func validate() throws {
        try data.checkEffect(on: run.dataset)
        if !Rule.isOnline, pauseBelow != nil { throw ValidationError("--pause-below has no effect: the offline protocol does not pause.") }
        do { try options.validate() } catch let error as SimulationError { throw ValidationError("\(error)") }
    }

    private var options: SimulationOptions {
        var options = SimulationOptions(Rule.name)
        (options.click, options.policy) = (run.click, policy.policy)
        (options.promptedFrames, options.clicksPerFrame) = (frames, clicks)
        options.pauseThreshold = pauseBelow ?? options.pauseThreshold
        return options
    }

    func run() async throws {
        try await withExitStatus {
            let usual = "SAM 2's protocol, \(Rule.isOnline ? "online" : "offline"), \(policy.rawValue)"
            return try await SimulationJob(
                options: options, name: run.name ?? usual, running: run, data: data, models: models, method: method, isQuiet: quiet
            ).run()
        }
    }
}
