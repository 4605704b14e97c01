import ArgumentParser
import Media
import ProjectFile
import SamptCommands
import SegmentationJobs
import Support

/// `sampt project create`.
struct ProjectCreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a project for a video.",
        discussion: """
            Models and settings are those of "sampt segment", and are the project's from then on. The video is not copied: the project \
            remembers where it is and what it is like, and says so when it is another one.

              sampt project create rabbit.mp4 -o rabbit.sampt
              sampt project create frames/ -o street.sampt --segmenter mobile-sam --tracker cotracker

            \(CommandStatus.help)
            """)

    @Argument(help: "A video file, or a folder of JPEG or PNG frames.")
    var video: String
    @Option(
        name: [.short, .customLong("output")], help: ArgumentHelp("The project to make (.sampt). It must not exist.", valueName: "file"))
    var output: String
    @OptionGroup(title: "Presets and models") var models: ModelOptions
    @OptionGroup(title: "Method") var method: MethodOptions
    @Flag(help: "Print nothing but errors.")
    var quiet = false

    func run() async throws {
        try await withExitStatus {
            let settings = try models.settings(with: method, for: .video)
            let clip = try Clip(path: video)
            var claims = try FileClaims(
                clip: clip, preset: models.presets.preset, segmenter: settings.segmenter, tracker: settings.tracker)
            try claims.write(output, by: "--output")
            try ProjectRecipe(models: models, settings: settings).make(at: output, clip: clip, video: video).close()
            if !quiet { StandardError.print("Made \(output).") }
            return .success
        }
    }
}
