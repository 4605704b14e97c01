import ProjectFile
import SAMPT
import SegmentationJobs

extension ProjectFileError: StatusError {
    package var commandStatus: CommandStatus {
        switch self {
        case .notFound, .unreadable, .videoMissing, .modelsDiffer: .missingInput
        case .exists, .inUse, .unwritable, .readOnly: .unwritableOutput
        case .notAProject, .newer, .damaged, .videoDiffers: .invalidInput
        }
    }
}

extension SessionError: StatusError {
    package var commandStatus: CommandStatus {
        switch self {
        case .modelsMissing: .missingInput
        default: .invalidInput
        }
    }
}

extension EditError: StatusError {
    package var commandStatus: CommandStatus { .invalidInput }
}

extension EditRefused: StatusError {
    package var commandStatus: CommandStatus { CommandStatus(reason) }
}
