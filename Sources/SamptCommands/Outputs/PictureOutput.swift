import Foundation
import Media

/// Somewhere drawn frames go: a video, or a folder of pictures.
protocol PictureOutput: AnyObject {
    /// What a person should know of it though nothing failed.
    var note: String? { get }
    /// - Parameter stem: the name for the frame's file, without extension.
    func append(_ image: RGBImage, timestamp: Int64, stem: String) throws
    func finish() throws
    /// Stops without a result.
    func cancel()
}

/// The output that a path names: a folder where it has no extension or ends with a slash, otherwise a video.
func makePictureOutput(_ path: String, clip: OutputClip) throws -> any PictureOutput {
    if FrameFolderOutput.isFolder(path) { return try FrameFolderOutput(path: path, pixelAspect: clip.pixelAspect) }
    return VideoOutput(
        try VideoWriter(path: path, size: clip.size, timeBase: clip.timeBase, pixelAspect: clip.pixelAspect, sound: clip.sound))
}

/// Frames as a video.
private final class VideoOutput: PictureOutput {
    private let writer: VideoWriter

    var note: String? { writer.soundProblem.map { "\(writer.path): \($0)" } }

    init(_ writer: VideoWriter) { self.writer = writer }

    func append(_ image: RGBImage, timestamp: Int64, stem: String) throws { try writer.append(image, timestamp: timestamp) }
    func finish() throws { try writer.finish() }
    func cancel() { writer.cancel() }
}

/// Frames as PNGs in a folder, each under its final name when it is whole.
final class FrameFolderOutput: PictureOutput {
    private let folder: URL
    private let existed: Bool
    private let pixelAspect: PixelAspect
    let note: String? = nil

    static func isFolder(_ path: String) -> Bool { path.hasSuffix("/") || (path as NSString).pathExtension.isEmpty }

    /// - Parameter pixelAspect: of the pictures that come; those in the folder have square pixels.
    init(path: String, pixelAspect: PixelAspect = .square) throws {
        self.pixelAspect = pixelAspect
        folder = URL(fileURLWithPath: path)
        existed = FileManager.default.fileExists(atPath: path)
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            throw MediaError.unwritable(path: path, reason: AtomicFile.reason(error))
        }
        try OutputFile.check(folder.appendingPathComponent("frame.png").path)
    }

    func append(_ image: RGBImage, timestamp: Int64, stem: String) throws {
        try ImageFile.writePNG(image.shown(pixelAspect), to: folder.appendingPathComponent(stem + ".png").path)
    }

    func finish() {}

    /// Whole pictures stay; a folder that was made for them and is still empty goes.
    func cancel() {
        if !existed { rmdir(folder.path) }
    }
}
