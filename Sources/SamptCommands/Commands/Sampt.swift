import ArgumentParser
import Foundation

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
        subcommands: [SegmentCommand.self, ImageCommand.self, TrackCommand.self, EvaluateCommand.self, PresetsCommand.self, ModelsCommand.self, ExportCommand.self])

    public init() {}

    /// Runs the command line of the program.
    public static func main() async { await main(Array(CommandLine.arguments.dropFirst())) }

    /// Runs a command line and ends the program. Everything that is printed goes through `StandardOutput` and `StandardError`.
    public static func main(_ arguments: [String]) async {
        if let fault = CommandNames.fault(in: arguments) {
            StandardError.print(fault)
            Foundation.exit(CommandStatus.usage.rawValue)
        }
        do {
            var command = try await asyncParseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand { try await command.run() } else { try command.run() }
        } catch {
            let (status, text) = (exitCode(for: error), fullMessage(for: error))
            if status.isSuccess { StandardOutput.print(own: text) } else if !text.isEmpty { StandardError.print(lines: text) }
            Foundation.exit(status.rawValue)
        }
    }
}
