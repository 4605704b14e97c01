import ArgumentParser
import SamptCommands
import SegmentationJobs

/// `sampt project`.
struct ProjectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "project",
        abstract: "Segment a video in steps: mark, propagate, correct a frame, compute only that.",
        discussion: """
            A project is a file that remembers: every edit in order (points, boxes, strokes, corrections), and what was computed. It can be \
            gone on with at any time; what a correction does not touch is not computed again, and undo computes nothing.

            Mark an object, follow it, look at the result:
              sampt project create rabbit.mp4 -o rabbit.sampt
              echo '{"edit":"add-object","object":1,"name":"rabbit"}
              {"edit":"add-point","object":1,"frame":0,"x":640,"y":360,"positive":true}' | sampt project apply rabbit.sampt -
              sampt project propagate rabbit.sampt
              sampt project export rabbit.sampt --overlay out.mp4

            Correct frame 40; only the frames beside it are computed:
              echo '{"edit":"add-point","object":1,"frame":40,"x":600,"y":300,"positive":false}' | sampt project apply rabbit.sampt -
              sampt project propagate rabbit.sampt

            docs/project.md describes edits, and how a program drives a session.

            \(CommandStatus.help)
            """,
        subcommands: [
            ProjectCreateCommand.self, ProjectApplyCommand.self, ProjectPropagateCommand.self, ProjectUndoCommand.self,
            ProjectRedoCommand.self,
            ProjectInfoCommand.self, ProjectLogCommand.self, ProjectExportCommand.self, ProjectVerifyCommand.self,
            ProjectCompactCommand.self,
        ])
}

/// The project that a command works on.
struct ProjectArgument: ParsableArguments {
    @Argument(help: "The project file, as \"sampt project create\" or \"sampt segment --project\" made it.")
    var project: String

    func validate() throws {
        guard !project.isEmpty else { throw ValidationError("The project's name is empty.") }
    }
}

/// Where the project's video is.
struct ProjectVideoOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where the project's video is now, if it was moved. It must be the same one; the project remembers the place.",
            valueName: "file"))
    var video: String?
}
