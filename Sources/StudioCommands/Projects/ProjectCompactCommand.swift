import ArgumentParser
import Foundation
import ProjectFile
import SamptCommands
import SegmentationJobs
import Support

/// `sampt project compact`.
struct ProjectCompactCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compact",
        abstract: "Make a project smaller, or save what is sound of a damaged one.",
        discussion: """
            Without -o, results that the log does not speak of any more are removed, and unused space is given back. With -o, everything \
            that can be read is written to a new project, and what cannot is named; the old one stays as it is.

            \(CommandStatus.help)
            """)

    @OptionGroup var argument: ProjectArgument
    @Option(name: [.short, .customLong("output")], help: ArgumentHelp("A new project for what can be read.", valueName: "file"))
    var output: String?
    @Flag(help: "Print nothing but errors.")
    var quiet = false

    func run() async throws {
        try await withExitStatus {
            let (path, output) = (argument.project, output)
            guard let output else {
                let (before, after) = try await onThread {
                    let file = try ProjectFile(path: path)
                    defer { file.close() }
                    let before = try file.contents().fileBytes
                    try file.compact()
                    return (before, try file.contents().fileBytes)
                }
                if !quiet { StandardError.print("\(path): \(before.asBytes) before, \(after.asBytes) now.") }
                return .success
            }
            let reporter = ProgressReporter(isQuiet: quiet)
            defer { reporter.close() }
            let damages = try await onThread {
                let file = try ProjectFile(path: path, access: .reading)
                defer { file.close() }
                return try file.save(to: output) { share in reporter.show(isLast: share >= 1) { "copied \(Int(100 * share)) %" } }
            }
            reporter.close()
            for damage in damages { StandardError.print(damage.description) }
            if !quiet { StandardError.print(damages.isEmpty ? "Made \(output)." : "Made \(output) without what is named above.") }
            return damages.isEmpty ? .success : .invalidInput
        }
    }
}
