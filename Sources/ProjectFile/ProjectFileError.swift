import Support

/// Why a project file cannot be used as it was meant to be. Every case names the file and says what to do.
public enum ProjectFileError: Error, Sendable, Equatable {
    case notFound(path: String)
    case exists(path: String)
    /// - Parameter reason: a clause.
    case unreadable(path: String, reason: String)
    /// The system refuses to write: a full disk, a folder without permission.
    case unwritable(path: String, reason: String)
    /// It is opened for reading only.
    case readOnly(path: String, reason: String)
    case notAProject(path: String, reason: String)
    /// Another process has it open; its number where the system tells.
    case inUse(path: String, process: Int32?)
    case newer(path: String, version: Int, known: Int)
    /// What is in the file is not what was written.
    case damaged(path: String, what: String)
    case videoMissing(path: String, video: String)
    case videoDiffers(path: String, video: String, difference: String)
    /// The models or their arithmetic are others than those that the project's results were made with.
    case modelsDiffer(path: String, difference: String)
}

extension ProjectFileError: DescribedError {
    public var description: String {
        switch self {
        case .notFound(let path):
            "\(path): no such project. Make one: sampt project create VIDEO -o \(path)"
        case .exists(let path):
            "\(path): is there already, and a project is not written over. Go on with it (sampt project apply), or take another name."
        case .unreadable(let path, let reason):
            "\(path): cannot be read: \(reason)."
        case .unwritable(let path, let reason):
            "\(path): cannot be written: \(reason). What was acknowledged before is in the file."
        case .readOnly(let path, let reason):
            "\(path): is open for reading only: \(reason). Copy it to a folder that can be written to change it."
        case .notAProject(let path, let reason):
            "\(path): is not a project of sampt: \(reason)."
        case .inUse(let path, let process):
            "\(path): is in use by another program\(process.map { " (process \($0))" } ?? ""). Close it there first."
        case .newer(let path, let version, let known):
            "\(path): was written by a newer version of sampt (form \(version); this one knows up to \(known)). Update sampt; the file was not touched."
        case .damaged(let path, let what):
            "\(path): is damaged: \(what). Nothing was changed in it. \"sampt project verify\" lists what is lost, \"sampt project compact -o NEW\" saves the rest."
        case .videoMissing(let path, let video):
            "\(path): its video \(video) is not there. Say where it is now: --video FILE"
        case .videoDiffers(let path, let video, let difference):
            "\(video): is not the video that \(path) was made for: \(difference). Say where that one is: --video FILE"
        case .modelsDiffer(let path, let difference):
            "\(path): \(difference). Its masks can be read and exported; computing more needs what it was made with."
        }
    }
}
