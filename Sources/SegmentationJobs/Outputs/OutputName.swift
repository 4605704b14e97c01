import Foundation

/// What an output holds, and which names say so.
package enum OutputName {
    /// Endings of pictures and videos.
    private static let media: Set<String> = [
        "png", "jpg", "jpeg", "gif", "bmp", "webp", "tif", "tiff", "mp4", "mov", "mkv", "webm", "avi", "m4v",
    ]

    /// Pictures are written as PNG alone.
    /// - Throws: `CommandError.usage` for another ending.
    package static func checkPNG(_ path: String?, option: String) throws {
        guard let path, ending(of: path) != "png" else { return }
        throw CommandError.usage("\(option) \(path): is written as PNG. Give it a name that ends in .png.")
    }

    /// - Parameter form: what is written, as in "JSON".
    /// - Throws: `CommandError.usage` for the ending of a picture or a video.
    package static func checkText(_ path: String?, form: String, option: String) throws {
        guard let path, media.contains(ending(of: path)) else { return }
        throw CommandError.usage(
            "\(option) \(path): is written as \(form), which that ending hides. Give it a name that ends in .\(form.lowercased()).")
    }

    private static func ending(of path: String) -> String { (path as NSString).pathExtension.lowercased() }
}
