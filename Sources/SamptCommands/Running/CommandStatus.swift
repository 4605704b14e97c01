import ArgumentParser
import Inference
import Media
import ModelStore
import NeuralGraph
import PointTrackers
import SAMPT
import Segmenters
import Support
import TensorFiles
import VideoBenchmarks

/// How a command ended, as the shell sees it. The numbers above 63 are those of sysexits(3).
public enum CommandStatus: Int32, Sendable, CaseIterable {
    case success = 0
    case failure = 1
    case partial = 3
    case usage = 64
    case invalidInput = 65
    case missingInput = 66
    case unavailable = 69
    case insufficientMemory = 71
    case unwritableOutput = 73
    case unwritableStandardOutput = 74
    case interrupted = 130

    /// What the status means, for help and documentation.
    public var meaning: String {
        switch self {
        case .success: "everything asked for was done"
        case .failure: "unexpected failure"
        case .partial: "the video is damaged or ends early: outputs hold what there is"
        case .usage: "wrong arguments"
        case .invalidInput: "an input's content is invalid, or a prompt does not fit the video"
        case .missingInput: "an input or a model is missing or unreadable"
        case .unavailable: "a download failed"
        case .insufficientMemory: "less memory is allowed (ulimit -v) than is needed"
        case .unwritableOutput: "an output cannot be written; the others are whole"
        case .unwritableStandardOutput: "standard output is closed or full; all files are written"
        case .interrupted: "stopped (Ctrl-C, SIGTERM, SIGHUP): outputs hold the frames done so far"
        }
    }

    var code: ExitCode { ExitCode(rawValue) }

    /// The table that every command's help ends with.
    static let help =
        "EXIT STATUS\n"
        + allCases.map { status in
            let number = String(status.rawValue)
            return String(repeating: " ", count: 5 - number.count) + number + "  " + status.meaning
        }.joined(separator: "\n")

    /// The status of a command that ends with `error`.
    init(_ error: any Error) {
        switch error {
        case let error as CommandError: self = error.status
        case let error as MediaError: self = Self.status(of: error)
        case let error as ModelStoreError: self = Self.status(of: error)
        case QueryError.noObjects: self = .usage
        case SegmenterError.missingResource: self = .missingInput
        case SegmenterError.unknownCheckpoint: self = .invalidInput
        case TrackerError.invalidOption: self = .usage
        case is TrackerError: self = .invalidInput
        case TensorFileError.unreadable: self = .missingInput
        case is TensorFileError: self = .invalidInput
        case is QueryError: self = .invalidInput
        case is LiveError: self = .usage
        case PointBenchmarkError.otherReport: self = .usage
        case is PointBenchmarkError, is VideoNameError, is ScoringError, is InstanceError, is DatasetError:
            self = .invalidInput
        case ONNXFileError.unwritable: self = .unwritableOutput
        case let error as PresetError: self = Self.status(of: error)
        case is ValidationError: self = .usage
        case is CancellationError: self = .interrupted
        default: self = .failure
        }
    }

    private static func status(of error: PresetError) -> CommandStatus {
        if case .file? = error.source { return .invalidInput }
        switch error {
        case .unreadable, .missingResource: return .missingInput
        case .invalidFile: return .invalidInput
        case .unknownPreset, .unknownKey, .invalidValue, .cycle, .conflict: return .usage
        }
    }

    private static func status(of error: MediaError) -> CommandStatus {
        switch error {
        case .notFound, .unreadable: .missingInput
        case .noVideoStream, .noFrames, .frameSizeDiffers, .undecodable, .invalidMask, .notText, .frameOutOfRange: .invalidInput
        case .unwritable: .unwritableOutput
        case .invalidArgument: .usage
        }
    }

    private static func status(of error: ModelStoreError) -> CommandStatus {
        switch error {
        case .unknownModel, .noAddress, .invalidAddress, .nameDiffers: .usage
        case .wrongContent, .wrongSize, .tooLong, .unfit, .damaged, .unrecognised: .invalidInput
        case .absent, .unreadable: .missingInput
        case .refused, .failed, .busy: .unavailable
        case .unwritable, .diskTooSmall, .noFolder: .unwritableOutput
        }
    }
}

/// What a command itself finds wrong, beyond what the libraries report.
public enum CommandError: Error, Sendable, Equatable {
    case usage(String)
    case invalidInput(String)
    case missingInput(String)
    case insufficientMemory(String)
    case failure(String)

    var status: CommandStatus {
        switch self {
        case .usage: .usage
        case .invalidInput: .invalidInput
        case .missingInput: .missingInput
        case .insufficientMemory: .insufficientMemory
        case .failure: .failure
        }
    }
}

extension CommandError: DescribedError {
    public var description: String {
        switch self {
        case .usage(let message), .invalidInput(let message), .missingInput(let message), .insufficientMemory(let message),
            .failure(let message):
            message
        }
    }
}

/// Runs a command's body; reports what it throws on stderr in one sentence and ends with the matching status.
func withExitStatus(_ body: () async throws -> CommandStatus) async throws {
    let status: CommandStatus
    do {
        status = try await body()
    } catch {
        let message = "\(error)"
        // Of an empty name nothing would be seen.
        StandardError.print("sampt: " + (message.hasPrefix(":") ? "\"\"" + message : message))
        throw CommandStatus(error).code
    }
    if status != .success { throw status.code }
}
