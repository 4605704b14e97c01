import Foundation
import Media

/// Somewhere drawn frames go: a video, or a folder of pictures.
protocol PictureOutput: AnyObject {
    var path: String { get }
    /// - Parameter stem: the name for the frame's file, without extension.
    func append(_ image: RGBImage, timestamp: Int64, stem: String) throws
    func finish() throws
    /// Stops without a result.
    func cancel()
}

/// The output that a path names: a folder where it has no extension or ends with a slash, otherwise a video.
func makePictureOutput(_ path: String, clip: OutputClip) throws -> any PictureOutput {
    if FrameFolderOutput.isFolder(path) { return try FrameFolderOutput(path: path) }
    return VideoOutput(try VideoWriter(path: path, size: clip.size, timeBase: clip.timeBase))
}

/// Frames as a video.
private final class VideoOutput: PictureOutput {
    private let writer: VideoWriter
    var path: String { writer.path }

    init(_ writer: VideoWriter) { self.writer = writer }

    func append(_ image: RGBImage, timestamp: Int64, stem: String) throws { try writer.append(image, timestamp: timestamp) }
    func finish() throws { try writer.finish() }
    func cancel() { writer.cancel() }
}

/// Frames as PNGs in a folder, each under its final name when it is whole.
final class FrameFolderOutput: PictureOutput {
    private let folder: OutputFolder
    var path: String { folder.path }

    static func isFolder(_ path: String) -> Bool { path.hasSuffix("/") || (path as NSString).pathExtension.isEmpty }

    init(path: String) throws {
        folder = try OutputFolder(checked: path)
    }

    func append(_ image: RGBImage, timestamp: Int64, stem: String) throws {
        try ImageFile.writePNG(image, to: folder.file(stem + ".png"))
    }

    func finish() {}

    /// Whole pictures stay; a folder that was made for them and is still empty goes.
    func cancel() { folder.removeIfEmpty() }
}

extension OutputFolder {
    /// A folder for PNGs, which is found here if nothing can be written into it, and in which dead processes left nothing.
    init(checked path: String) throws {
        try self.init(path)
        do { try OutputFile.check(file("frame.png")) } catch {
            removeIfEmpty()
            throw error
        }
        PartFile.removeLeftovers(in: path, pathExtension: "png")
    }
}
