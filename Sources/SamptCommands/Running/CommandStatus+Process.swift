import ArgumentParser
import SegmentationJobs
import VideoBenchmarks

extension CommandStatus {
    package var code: ExitCode { ExitCode(rawValue) }

    /// The table that every command's help ends with.
    package static let help =
        "EXIT STATUS\n"
        + allCases.map { status in
            let number = String(status.rawValue)
            return String(repeating: " ", count: 5 - number.count) + number + "  " + status.meaning
        }.joined(separator: "\n")

    /// The status of a command that ends with `error`.
    init(endingWith error: any Error) {
        switch error {
        case PointBenchmarkError.otherReport, is ValidationError: self = .usage
        case is PointBenchmarkError, is VideoNameError, is ScoringError, is InstanceError, is DatasetError: self = .invalidInput
        default: self.init(error)
        }
    }
}

/// Runs a command's body; reports what it throws on stderr in one sentence and ends with the matching status.
package func withExitStatus(_ body: () async throws -> CommandStatus) async throws {
    let status: CommandStatus
    do {
        status = try await body()
    } catch {
        let message = "\(error)"
        // Of an empty name nothing would be seen.
        StandardError.print("sampt: " + (message.hasPrefix(":") ? "\"\"" + message : message))
        throw CommandStatus(endingWith: error).code
    }
    if status != .success { throw status.code }
}
