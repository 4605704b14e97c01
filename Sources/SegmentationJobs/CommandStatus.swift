import MaskFormats
import Media
import MethodPresets
import ModelStore
import NeuralGraph
import PointTrackers
import SAMPT
import Segmenters
import Support
import TensorFiles

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
        case .partial: "videos are damaged or could not be done: outputs hold what there is"
        case .usage: "wrong arguments"
        case .invalidInput: "an input's content is invalid, or a prompt does not fit the video"
        case .missingInput: "an input or a model is missing or unreadable"
        case .unavailable: "a download failed, or the scheduler does not answer"
        case .insufficientMemory: "less memory is allowed (ulimit -v) than is needed"
        case .unwritableOutput: "an output cannot be written; the others are whole"
        case .unwritableStandardOutput: "standard output is closed or full; all files are written"
        case .interrupted: "stopped (Ctrl-C, SIGTERM, SIGHUP): outputs hold what was done so far"
        }
    }

    /// The status of a command that ends with `error`.
    package init(_ error: any Error) {
        switch error {
        case let error as CommandError: self = error.status
        case let error as any StatusError: self = error.commandStatus
        case let error as FileError: self = Self.status(of: error)
        case MediaError.invalidArgument: self = .usage
        case is MediaError: self = .invalidInput
        case let error as MaskFormatError: self = Self.status(of: error)
        case let error as ModelStoreError: self = Self.status(of: error)
        case QueryError.noObjects: self = .usage
        case is MissingResource: self = .missingInput
        case SegmenterError.unknownCheckpoint: self = .invalidInput
        case TrackerError.invalidOption: self = .usage
        case is TrackerError: self = .invalidInput
        case TensorFileError.unreadable: self = .missingInput
        case is TensorFileError: self = .invalidInput
        case is QueryError: self = .invalidInput
        case is LiveError: self = .usage
        case ONNXFileError.unwritable: self = .unwritableOutput
        case let error as PresetError: self = Self.status(of: error)
        case is CancellationError: self = .interrupted
        default: self = .failure
        }
    }

    private static func status(of error: PresetError) -> CommandStatus {
        if case .file? = error.source { return .invalidInput }
        switch error {
        case .unreadable: return .missingInput
        case .invalidFile: return .invalidInput
        case .unknownPreset, .unknownKey, .invalidValue, .cycle, .conflict: return .usage
        }
    }

    private static func status(of error: MaskFormatError) -> CommandStatus {
        switch error {
        case .invalid, .inexpressible: .invalidInput
        case .ambiguous, .missingPicture, .notReadable, .unknown: .usage
        }
    }

    private static func status(of error: FileError) -> CommandStatus {
        switch error {
        case .notFound, .unreadable: .missingInput
        case .notText: .invalidInput
        case .unwritable: .unwritableOutput
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
