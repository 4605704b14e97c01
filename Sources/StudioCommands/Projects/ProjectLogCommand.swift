import ArgumentParser
import ProjectFile
import SamptCommands
import SegmentationJobs
import Support

/// `sampt project log`.
struct ProjectLogCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log",
        abstract: "Print all edits, one a line, as they were made.",
        discussion: """
            Applied to another project of the same video and models, they give the same masks.

              sampt project log rabbit.sampt > edits.json
              sampt project create rabbit.mp4 -o again.sampt && sampt project apply again.sampt edits.json

            \(CommandStatus.help)
            """)

    @OptionGroup var argument: ProjectArgument

    func run() async throws {
        try await withExitStatus {
            let path = argument.project
            let log = try await onThread {
                let file = try ProjectFile(path: path, access: .reading)
                defer { file.close() }
                return try file.loadLog()
            }
            for entry in log { StandardOutput.print(json: try entry.edit.json) }
            return .success
        }
    }
}
