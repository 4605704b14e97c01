import ArgumentParser
import SAMPT
import SamptCommands
import SegmentationJobs
import Support

/// `sampt project undo`.
struct ProjectUndoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "undo", abstract: "Take back the last edit, or propagation. Nothing is computed.",
        discussion: CommandStatus.help)

    @OptionGroup var step: HistoryStep

    func run() async throws { try await step.take(.undo) }
}

/// `sampt project redo`.
struct ProjectRedoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "redo", abstract: "Do again what was taken back. Nothing is computed.", discussion: CommandStatus.help)

    @OptionGroup var step: HistoryStep

    func run() async throws { try await step.take(.redo) }
}

/// Steps through the list of edits.
struct HistoryStep: ParsableArguments {
    @OptionGroup var argument: ProjectArgument
    @OptionGroup var place: ProjectVideoOption
    @Option(name: [.short, .customLong("count")], help: ArgumentHelp("How many.", valueName: "n"))
    var count = 1
    @OptionGroup(title: "Messages") var messages: ProjectMessageOptions

    func validate() throws {
        guard count >= 1 else { throw ValidationError("--count must be at least 1.") }
    }

    func take(_ edit: Edit) async throws {
        try await withExitStatus {
            let (path, video) = (argument.project, place.video)
            let project = try await onThread { try OpenProject(path, video: video, needsModels: false) }
            defer { project.close() }
            for _ in 0..<count {
                let change = try await project.session.apply(edit)
                if messages.json { StandardOutput.print(json: try SessionReply.changed(change)) }
            }
            return .success
        }
    }
}
