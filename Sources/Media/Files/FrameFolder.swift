import Foundation
import Support

/// A folder of JPEG or PNG pictures as a video, in natural order ("frame-2" before "frame-10").
public final class FrameFolder: FrameSource {
    public let name: String
    public let size: ImageSize
    /// That of the first picture.
    public let pixelAspect: PixelAspect
    public let timing: VideoTiming
    /// The pictures' paths in order.
    public let paths: [String]

    public var frameCount: Int { paths.count }

    /// - Parameter rate: frames per second; pictures carry no times.
    /// - Throws: `FileError` or `MediaError` when the folder is absent or holds no picture, or its first picture cannot be read.
    public convenience init(path: String, rate: Int = 24) throws {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { throw FileError.notFound(path: path) }
        guard isFolder.boolValue else { throw FileError.unreadable(path: path, reason: "it is not a folder") }
        let pictures = try FolderListing.names(path, pathExtensions: ["jpg", "jpeg", "png"])
        guard !pictures.isEmpty else { throw MediaError.noFrames(path: path) }
        let folder = URL(fileURLWithPath: path)
        try self.init(
            name: folder.lastPathComponent, paths: pictures.sorted(by: Self.naturallyBefore).map { folder.appendingPathComponent($0).path },
            rate: rate)
    }

    /// The given picture files as a video.
    public init(name: String, paths: [String], rate: Int = 24) throws {
        guard let first = paths.first else { throw MediaError.noFrames(path: name) }
        self.name = name
        self.paths = paths
        let picture = try ImageFile.read(first)
        (size, pixelAspect) = (picture.image.size, picture.pixelAspect)
        timing = VideoTiming(constantRate: max(1, rate), count: paths.count)
    }

    public func frame(at index: Int) throws -> RGBImage {
        guard paths.indices.contains(index) else { throw MediaError.frameOutOfRange(index: index, count: paths.count) }
        let image = try ImageFile.readRGB(paths[index])
        guard image.size == size else { throw MediaError.frameSizeDiffers(path: paths[index], expected: size, found: image.size) }
        return image
    }

    /// Numbers inside names compare by value, the rest by code points.
    public static func naturallyBefore(_ a: String, _ b: String) -> Bool {
        var (left, right) = (Substring(a)[...], Substring(b)[...])
        while let x = left.first, let y = right.first {
            if x.isASCII, x.isNumber, y.isASCII, y.isNumber {
                let (m, n) = (left.prefix { $0.isASCII && $0.isNumber }, right.prefix { $0.isASCII && $0.isNumber })
                let (p, q) = (m.drop { $0 == "0" }, n.drop { $0 == "0" })
                if p.count != q.count { return p.count < q.count }
                if p != q { return p < q }
                left = left.dropFirst(m.count)
                right = right.dropFirst(n.count)
            } else {
                if x != y { return x < y }
                left = left.dropFirst()
                right = right.dropFirst()
            }
        }
        return left.isEmpty && right.isEmpty ? a < b : left.isEmpty
    }
}

/// Part of another source: from frame `start` up to before `end`, every `stride`-th frame.
public struct SubrangeSource: FrameSource {
    private let base: any FrameSource
    /// The base's indices of the frames, in order.
    public let indices: [Int]
    public let timing: VideoTiming

    /// - Throws: `MediaError.invalidArgument` when nothing is left.
    public init(_ base: any FrameSource, start: Int = 0, end: Int? = nil, stride: Int = 1) throws {
        let end = min(end ?? base.frameCount, base.frameCount)
        guard start >= 0, stride >= 1, start < end else {
            throw MediaError.invalidArgument(
                "No frames from \(start) to \(end) in steps of \(stride): the video has \(base.frameCount) frames (0 to \(base.frameCount - 1))."
            )
        }
        self.base = base
        indices = Array(Swift.stride(from: start, to: end, by: stride))
        let first = base.timing.timestamps[start]
        timing = VideoTiming(timeBase: base.timing.timeBase, timestamps: indices.map { base.timing.timestamps[$0] - first })
    }

    public var name: String { base.name }
    public var size: ImageSize { base.size }
    public var pixelAspect: PixelAspect { base.pixelAspect }
    public var frameCount: Int { indices.count }

    public func frame(at index: Int) throws -> RGBImage {
        guard indices.indices.contains(index) else { throw MediaError.frameOutOfRange(index: index, count: indices.count) }
        return try base.frame(at: indices[index])
    }
}

/// Opens what a user names: a folder of pictures, one picture, or a video file. An animated PNG or GIF is a video; in a folder of pictures
/// it is one picture, its first.
public func openFrames(_ path: String) throws -> any FrameSource {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { throw FileError.notFound(path: path) }
    if isFolder.boolValue { return try FrameFolder(path: path) }
    try InputFile.checkIsFile(path)
    let url = URL(fileURLWithPath: path)
    if ["jpg", "jpeg", "png", "bmp", "webp", "tif", "tiff"].contains(url.pathExtension.lowercased()), !ImageFile.isAnimatedPNG(path) {
        return try FrameFolder(name: url.lastPathComponent, paths: [path])
    }
    return try VideoReader(path: path)
}
