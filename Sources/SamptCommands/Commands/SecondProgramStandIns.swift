import ArgumentParser
import SegmentationJobs

/// A command of the second program as far as this one knows it: the second one is started before arguments are looked at
/// (`SecondProgram`), so that this is run where it is not there.
protocol SecondProgramStandIn: ParsableCommand {
    static var name: String { get }
    static var abstract: String { get }
    var arguments: [String] { get }
}

extension SecondProgramStandIn {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: name, abstract: abstract,
            discussion: """
                This command is part of a second program, \(SecondProgram.name), which is not there. \(SecondProgram.howToGetIt)
                """)
    }

    func run() throws {
        if let status = SecondProgram.start([Self.name] + arguments) { throw status.code }
        // Help was asked for, which passes as an argument like the others.
        throw CleanExit.helpRequest(self)
    }
}

/// `sampt annotate`.
struct AnnotateStandIn: SecondProgramStandIn {
    static let name = "annotate"
    static let abstract = "Mark, track and correct objects in the browser."

    @Argument(parsing: .captureForPassthrough, help: .hidden)
    var arguments: [String] = []
}

/// `sampt project`.
struct ProjectStandIn: SecondProgramStandIn {
    static let name = "project"
    static let abstract = "Sessions that can be gone on with: mark, propagate, correct a frame, compute only that."

    @Argument(parsing: .captureForPassthrough, help: .hidden)
    var arguments: [String] = []
}
