import ArgumentParser
import SegmentationJobs
import Support

/// The program `sampt`.
public struct Sampt: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "sampt",
        abstract: "Segment objects in videos from a few clicks.",
        discussion: """
            Mark an object in one frame with points, a box or a mask; its points are tracked through the video and prompt a segmenter \
            in every frame (SAM-PT). Works at once with small built-in models.

              sampt segment rabbit.mp4 --point 640,360 --overlay out.mp4
              sampt image photo.jpg --point 320,240 --masks mask.png
              sampt track rabbit.mp4 --point 640,360 --draw tracks.mp4

            sampt help COMMAND explains each command with examples; docs/cli.md is the guide.

            \(CommandStatus.help)
            """,
        version: ProgramVersion.current,
        subcommands: [
            SegmentCommand.self, AnnotateStandIn.self, ProjectStandIn.self, ImageCommand.self, TrackCommand.self, ScoreCommand.self,
            EvaluateCommand.self, SimulateCommand.self,
            PresetsCommand.self, ModelsCommand.self, BatchCommand.self, ExportCommand.self, ConvertCommand.self,
        ])

    public init() {}
}
