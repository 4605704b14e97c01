import ArgumentParser
import Foundation
import SAMPT
import SamptCommands
import SegmentationJobs
import Support

/// `sampt project propagate`.
struct ProjectPropagateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "propagate",
        abstract: "Follow the marked objects through the video, as far as that is out of date.",
        discussion: """
            Every object is followed from the frames in which it was marked. After a correction, only the frames between the corrected one \
            and its neighbours are computed (policy anchored), or the frames from there on whose points changed (policy paper). Ctrl-C \
            keeps what is done.

              sampt project propagate rabbit.sampt
              sampt project propagate rabbit.sampt --objects 2 --from 40 --to 80

            \(CommandStatus.help)
            """)

    @OptionGroup var argument: ProjectArgument
    @OptionGroup var place: ProjectVideoOption
    @Option(help: ArgumentHelp("Their numbers, with commas between them (default: all).", valueName: "n,n,..."))
    var objects: String?
    @Option(help: ArgumentHelp("The first frame that is wanted (default: 0).", valueName: "n"))
    var from: Int?
    @Option(help: ArgumentHelp("The last frame that is wanted (default: the video's last).", valueName: "n"))
    var to: Int?
    @Option(help: "Where to go from the marked frames: forward, backward or both.")
    var direction: PropagationDirection = .both
    @Option(
        help: "What a correction does to other frames: anchored (points are sampled anew from the corrected mask) or paper (section 4.6).")
    var policy: CorrectionPolicy = .anchored
    @Flag(help: "Compute what is up to date again, too: other objects' points may have changed since.")
    var all = false
    @Flag(
        help: "Instead, compute what the log says was computed and the file lacks: results that were damaged, or of a log that came alone.")
    var restore = false
    @Option(help: ArgumentHelp("Threads for the networks (default: all cores).", valueName: "n"))
    var threads: Int?
    @OptionGroup(title: "Messages") var messages: ProjectMessageOptions

    func validate() throws {
        _ = try numbers()
        if restore, objects != nil || from != nil || to != nil || all {
            throw ValidationError("--restore computes what the log speaks of: --objects, --from, --to and --all have no effect beside it.")
        }
        if let from, from < 0 { throw ValidationError("--from must not be negative.") }
        if let to, to < from ?? 0 { throw ValidationError("--to must not be before --from.") }
    }

    private func numbers() throws -> [ObjectID]? {
        try objects.map { text in
            try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
                guard let number = Int(part) else { throw ValidationError("--objects: \"\(part)\" is not the number of an object.") }
                return number
            }
        }
    }

    func run() async throws {
        try await withExitStatus {
            let (path, video, threads) = (argument.project, place.video, threads)
            let project = try await onThread { try OpenProject(path, video: video, models: .needed, threads: threads) }
            defer { project.close() }
            let last = project.clip.frames.frameCount - 1
            let range = from != nil || to != nil ? (from ?? 0)...max(from ?? 0, to ?? last) : nil
            let run = PropagationRun(
                session: project.session,
                propagation: restore
                    ? nil
                    : Propagation(objects: try numbers(), range: range, direction: direction, policy: policy, recomputesAll: all))
            let interruption = Interruption()
            interruption.listen()
            let progress = ProgressReporter(isQuiet: messages.quiet)
            let work = Task { try await run.run(progress: progress) }
            interruption.onRequest { work.cancel() }
            let summary = try await work.value
            if messages.json { StandardOutput.print(json: try SessionReply.propagated(summary)) }
            if !messages.quiet { StandardError.print(summary.line) }
            return summary.ending == .cancelled ? .interrupted : .success
        }
    }
}

/// What a command of projects prints.
struct ProjectMessageOptions: ParsableArguments {
    @Flag(help: "Print nothing but errors.")
    var quiet = false
    @Flag(help: "Print the answer as JSON on stdout.")
    var json = false
}

extension PropagationDirection: ExpressibleByArgument {}
extension CorrectionPolicy: ExpressibleByArgument {}
