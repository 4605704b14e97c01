import ArgumentParser
import SamptCommands
import SegmentationJobs
import Support

/// The program `sampt-studio`: what `sampt` hands on, since it needs a database that nothing else does. It speaks as `sampt`.
public struct SamptStudio: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "sampt",
        abstract: "Sessions that can be gone on with: projects.",
        discussion: """
            This is sampt's second program; sampt starts it for the commands below.

            \(CommandStatus.help)
            """,
        version: ProgramVersion.current,
        subcommands: [AnnotateCommand.self, ProjectCommand.self, SegmentToProjectCommand.self])

    public init() {}
}
