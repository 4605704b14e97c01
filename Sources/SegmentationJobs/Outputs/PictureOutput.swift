import Foundation
import Media
import Support

/// Somewhere drawn frames go: a video, or a folder of pictures.
package protocol PictureOutput: AnyObject {
    /// The file or folder it makes.
    var path: String { get }
    /// What a person should know of it though nothing failed.
    var note: String? { get }
    /// - Parameter stem: the name for the frame's file, without extension.
    func append(_ image: RGBImage, timestamp: Int64, stem: String) throws
    func finish() throws
    /// Stops without a result.
    func cancel()
}

/// The output that a path names: a folder where it has no extension or ends with a slash, otherwise a video.
package func makePictureOutput(_ path: String, clip: OutputClip) throws -> any PictureOutput {
    if FrameFolderOutput.isFolder(path) { return try FrameFolderOutput(path: path, pixelAspect: clip.pixelAspect) }
    return VideoOutput(
        try VideoWriter(path: path, size: clip.size, timeBase: clip.timeBase, pixelAspect: clip.pixelAspect, sound: clip.sound))
}

/// Frames as a video.
private final class VideoOutput: PictureOutput {
    private let writer: VideoWriter
    var path: String { writer.path }
    var note: String? { writer.soundProblem.map { "\(writer.path): \($0)" } }

    init(_ writer: VideoWriter) { self.writer = writer }

    func append(_ image: RGBImage, timestamp: Int64, stem: String) throws { try writer.append(image, timestamp: timestamp) }
    func finish() throws { try writer.finish() }
    func cancel() { writer.cancel() }
}

/// Frames as PNGs in a folder, each under its final name when it is whole.
package final class FrameFolderOutput: PictureOutput {
    private let folder: OutputFolder
    private let pixelAspect: PixelAspect
    package var path: String { folder.path }
    package let note: String? = nil

    package static func isFolder(_ path: String) -> Bool { path.hasSuffix("/") || (path as NSString).pathExtension.isEmpty }

    /// - Parameter pixelAspect: of the pictures that come; those in the folder have square pixels.
    package init(path: String, pixelAspect: PixelAspect = .square) throws {
        folder = try OutputFolder(checked: path)
        self.pixelAspect = pixelAspect
    }

    package func append(_ image: RGBImage, timestamp: Int64, stem: String) throws {
        try ImageFile.writePNG(image.shown(pixelAspect), to: folder.file(stem + ".png"))
    }

    package func finish() {}

    /// Whole pictures stay; a folder that was made for them and is still empty goes.
    package func cancel() { folder.removeIfEmpty() }
}

extension OutputFolder {
    /// A folder for PNGs, which is found here if nothing can be written into it, and in which dead processes left nothing.
    package init(checked path: String) throws {
        try self.init(path)
        do { try OutputFile.check(file("frame.png")) } catch {
            removeIfEmpty()
            throw error
        }
        PartFile.removeLeftovers(in: path, pathExtension: "png")
    }
}
