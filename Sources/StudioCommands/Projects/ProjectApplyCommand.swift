import ArgumentParser
import SAMPT
import SamptCommands
import SegmentationJobs
import Support

/// `sampt project apply`.
struct ProjectApplyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Apply edits to a project, from a file or from a program.",
        discussion: """
            Edits are JSON objects, one a line, as "sampt project log" prints them. Each is answered with a line of JSON on stdout that \
            says what it changed, and is in the file by then, whatever happens after. From a file, the first edit that is refused ends the \
            command; those before it stay. From a program (-), it is answered with its error, and the next one is taken.

            {"edit":"add-object","object":1,"name":"rabbit"}
            {"edit":"add-point","object":1,"frame":0,"x":640,"y":360,"positive":true}
            {"edit":"propagate"}
            {"edit":"undo"}

            Questions change nothing:
            {"ask":"result","frame":40}      {"ask":"candidates","object":1,"frame":0}      {"ask":"review","count":3}

            docs/project.md describes all edits, questions and answers.

            \(CommandStatus.help)
            """)

    @OptionGroup var argument: ProjectArgument
    @Argument(help: ArgumentHelp("A file of edits, or - for the standard input.", valueName: "edits"))
    var edits: String
    @OptionGroup var place: ProjectVideoOption
    @Option(help: ArgumentHelp("Threads for the networks (default: all cores).", valueName: "n"))
    var threads: Int?
    @Flag(help: "Print no answers and no progress, only errors.")
    var quiet = false

    func run() async throws {
        try await withExitStatus {
            let lines = try EditLines(edits)
            let (path, video, threads, quiet) = (argument.project, place.video, threads, quiet)
            let project = try await onThread { try OpenProject(path, video: video, models: .ifThere, threads: threads) }
            defer { project.close() }
            let interruption = Interruption()
            interruption.listen()
            let script = EditScript(
                session: project.session, goesOn: edits == "-", progress: ProgressReporter(isQuiet: quiet), interruption: interruption
            ) { line in
                if !quiet { StandardOutput.printNow(json: line) }
            }
            let outcome = try await script.run(lines, name: edits == "-" ? "standard input" : edits)
            if outcome.isInterrupted { return .interrupted }
            return outcome.refused > 0 ? .invalidInput : .success
        }
    }
}
