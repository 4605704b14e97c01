import ArgumentParser
import Foundation
import ProjectFile
import SamptCommands
import SegmentationJobs
import Support

/// `sampt project verify`.
struct ProjectVerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Read all of a project and compare it with its checksums.",
        discussion: """
            Nothing is changed. What is found is printed, a finding a line; status 65 then. "sampt project compact PROJECT -o NEW" saves what is \
            sound, and "sampt project propagate NEW --restore" computes lost frames again.

            \(CommandStatus.help)
            """)

    @OptionGroup var argument: ProjectArgument
    @OptionGroup(title: "Messages") var messages: ProjectMessageOptions

    func run() async throws {
        try await withExitStatus {
            let path = argument.project
            let reporter = ProgressReporter(isQuiet: messages.quiet)
            let interruption = Interruption()
            interruption.listen()
            let work = Task {
                try await onThread {
                    let file = try ProjectFile(path: path, access: .reading)
                    defer { file.close() }
                    return try file.verify { share in reporter.show(isLast: share >= 1) { "verified \(Int(100 * share)) %" } }
                }
            }
            interruption.onRequest { work.cancel() }
            defer { reporter.close() }
            let damages = try await work.value
            reporter.close()
            if messages.json { StandardOutput.print(json: try SessionReply.answer(DamageReport(damages))) }
            for damage in damages where !messages.json { StandardOutput.print(damage.description) }
            if damages.isEmpty, !messages.quiet { StandardError.print("\(path): sound.") }
            return damages.isEmpty ? .success : .invalidInput
        }
    }
}

/// Findings as JSON.
struct DamageReport: Encodable {
    struct Finding: Encodable { var kind: ProjectDamage.Kind, description: String }
    var sound: Bool
    var findings: [Finding]

    init(_ damages: [ProjectDamage]) {
        (sound, findings) = (damages.isEmpty, damages.map { Finding(kind: $0.kind, description: $0.description) })
    }
}
