import ArgumentParser
import SegmentationJobs

/// `sampt annotate`, as far as this program knows it.
struct AnnotateStandIn: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "annotate",
        abstract: "Mark, track and correct objects in the browser.",
        discussion: """
            This command is part of a second program, \(SecondProgram.name), which is not there. \(SecondProgram.howToGetIt)
            """)

    @Argument(parsing: .captureForPassthrough, help: .hidden)
    var arguments: [String] = []

    func run() throws {
        if let status = SecondProgram.start(["annotate"] + arguments) { throw status.code }
        // Help was asked for, which passes as an argument like the others.
        throw CleanExit.helpRequest(self)
    }
}

/// `sampt project`, as far as this program knows it: the second one has it (`SecondProgram`), and is started before arguments are looked
/// at.
struct ProjectStandIn: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "project",
        abstract: "Sessions that can be gone on with: mark, propagate, correct a frame, compute only that.",
        discussion: """
            This command is part of a second program, \(SecondProgram.name), which is not there. \(SecondProgram.howToGetIt)
            """)

    @Argument(parsing: .captureForPassthrough, help: .hidden)
    var arguments: [String] = []

    func run() throws {
        if let status = SecondProgram.start(["project"] + arguments) { throw status.code }
        // Help was asked for, which passes as an argument like the others.
        throw CleanExit.helpRequest(self)
    }
}
