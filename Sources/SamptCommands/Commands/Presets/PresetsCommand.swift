import ArgumentParser
import SegmentationJobs

struct PresetsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "presets",
        abstract: "Settings under a name, for --preset.",
        discussion: """
            Presets reproduce the paper's settings; a file of your own works as well.

              sampt presets list
              sampt presets show sam-pt
              sampt presets show sam-pt > my.yaml
              sampt segment rabbit.mp4 --point 640,360 --overlay out.mp4 \\
                --preset my.yaml --set refinement=3

            \(CommandStatus.help)
            """,
        subcommands: [PresetsListCommand.self, PresetsShowCommand.self])
}
