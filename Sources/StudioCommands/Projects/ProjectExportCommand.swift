import ArgumentParser
import Media
import ProjectFile
import SAMPT
import SamptCommands
import SegmentationJobs
import Support

/// `sampt project export`.
struct ProjectExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write a project's masks, tracks and pictures, as \"sampt segment\" does.",
        discussion: """
            Nothing is propagated: other frames have the masks that are there, or none. Where objects overlap, the segmenter decides whose the \
            pixels are, as in a run; so it has to be there.

              sampt project export rabbit.sampt --overlay out.mp4 --masks masks/
              sampt project export rabbit.sampt --export youtube-vis:masks.json
              sampt project export rabbit.sampt --contact-sheet sheet.png --review 3

            \(CommandStatus.help)
            """)

    @OptionGroup var argument: ProjectArgument
    @OptionGroup var place: ProjectVideoOption
    @OptionGroup(title: "Outputs (at least one)") var outputs: OutputOptions
    @OptionGroup(title: "Messages") var messages: MessageOptions

    func run() async throws {
        try await withExitStatus {
            let destinations = try outputs.destinations
            try destinations.validate()
            let (path, video) = (argument.project, place.video)
            let project = try await onThread { try OpenProject(path, video: video, models: .ifThere, access: .reading) }
            defer { project.close() }
            var claims = try FileClaims(clip: project.clip, preset: nil)
            claims.read(path, as: "the project")
            try destinations.claim(in: &claims, maskNames: destinations.masks == nil ? [] : project.clip.pictureFileNames())
            try destinations.checkWritable()
            let objects = project.session.state.objects
            guard !objects.isEmpty else {
                throw CommandError.invalidInput("\(path): has no objects. Mark one first (sampt project apply).")
            }
            let job = SegmentationJob(
                results: SessionFrames.results(of: project), clip: project.clip,
                queries: objects.map { ObjectQuery(id: $0.id, name: $0.name, frame: $0.queryFrame ?? 0, prompt: .points([])) },
                destinations: destinations, reviewed: outputs.review)
            let interruption = Interruption()
            interruption.listen()
            let summary = try await job.run(interruption: interruption, progress: ProgressReporter(isQuiet: messages.quiet))
            try messages.show(summary)
            return summary.exitStatus
        }
    }
}
