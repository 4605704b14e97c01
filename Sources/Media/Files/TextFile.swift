import Foundation
import Support

/// Text that a user names: lists, prompts. It may come through a pipe (`InputFile`).
public enum TextFile {
    /// No list or prompt is larger, but a device may be endless.
    public static let largestSize = 64 << 20

    /// - Throws: as `InputFile.read`: `FileError.notFound`, `.unreadable`, also for a folder and for what is larger than `largestSize`;
    ///   `.notText` for bytes that are no UTF-8.
    public static func read(_ path: String) throws -> String {
        guard let text = String(validating: try InputFile.read(path, limit: largestSize), as: UTF8.self) else {
            throw FileError.notText(path: path)
        }
        return text
    }
}
