import ArgumentParser
import ProjectFile
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
    @Option(name: [.customShort("n"), .customLong("count")], help: ArgumentHelp("How many.", valueName: "n"))
    var count = 1
    @OptionGroup(title: "Messages") var messages: ProjectMessageOptions

    func validate() throws {
        guard count >= 1 else { throw ValidationError("--count must be at least 1.") }
    }

    func take(_ edit: Edit) async throws {
        try await withExitStatus {
            let path = argument.project
            // No frame is looked at: the video need not be there.
            let (file, session) = try await onThread {
                let file = try ProjectFile(path: path)
                if let reason = file.readOnlyReason { throw ProjectFileError.readOnly(path: path, reason: reason) }
                return (
                    file,
                    try AnnotationSession(
                        file.details.models.segmenter(missing: "nothing is computed here", project: path),
                        video: RememberedVideo(file.details.video, project: path),
                        store: file)
                )
            }
            defer { file.close() }
            for _ in 0..<count {
                let change = try await session.apply(edit)
                if messages.json { StandardOutput.print(json: try SessionReply.changed(change)) }
            }
            return .success
        }
    }
}
