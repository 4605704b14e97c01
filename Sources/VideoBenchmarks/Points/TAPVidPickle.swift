import Foundation
import Media
import TensorFiles

/// A file of the TAP-Vid benchmark: `tapvid_davis.pkl` (a dictionary of videos by name), `tapvid_rgb_stacking.pkl` (a list), a shard of
/// TAP-Vid-Kinetics (a list whose frames are JPEGs), RoboTAP.
///
/// Each video is a dictionary: `video`, T x H x W x 3 bytes or T JPEGs; `points`, N x T x 2 fractions of width and height; `occluded`, N x
/// T flags. The file is mapped; frames are read when they are asked for. Pickles are read as data, nothing in them is executed.
public struct TAPVidPickle: PointDataset {
    public let name: String
    public let videoNames: [String]
    private let file: PickledData
    private let nodes: [PickledData.Node]

    /// - Throws: `TensorFileError` for a damaged file or one with other than plain data, `PointBenchmarkError`.
    public init(url: URL) throws { try self.init(PickledData(url: url), name: url.lastPathComponent) }

    /// - Parameter name: for messages and reports.
    public init(data: Data, name: String) throws { try self.init(PickledData(data: data, name: name), name: name) }

    private init(_ file: PickledData, name: String) throws {
        self.name = name
        self.file = file
        let videos: [(name: String, node: PickledData.Node)]
        if let entries = file.root.entries {
            // Of equal keys, Python keeps the last.
            let last = Dictionary(entries.enumerated().map { ($1.key, $0) }) { $1 }
            videos = entries.enumerated().filter { last[$1.key] == $0 }.map { ($1.key, $1.value) }
        } else if let elements = file.root.elements {
            videos = elements.enumerated().map { (String(format: "%04d", $0), $1) }
        } else {
            throw PointBenchmarkError.unknownForm(file: name, reason: "it is neither a dictionary nor a list of videos")
        }
        guard !videos.isEmpty else { throw PointBenchmarkError.noVideos(file: name) }
        for video in videos where video.node["video"] == nil || video.node["points"] == nil || video.node["occluded"] == nil {
            throw PointBenchmarkError.unknownForm(file: name, reason: "its entry \(video.name) lacks video, points or occluded")
        }
        (videoNames, nodes) = (try videos.map { try VideoName($0.name, in: name).text }, videos.map(\.node))
    }

    public func video(at index: Int) throws -> PointVideo {
        let (name, node) = (videoNames[index], nodes[index])
        func wrong(_ reason: String) -> PointBenchmarkError { .wrongShape(video: name, reason: reason) }
        guard let points = try node["points"]?.array(named: "\(name)/points"), points.shape.count == 3, points.shape[2] == 2 else {
            throw wrong("points is no array of N x T x 2 numbers")
        }
        guard let flags = try node["occluded"]?.array(named: "\(name)/occluded"), flags.shape == Array(points.shape.prefix(2)) else {
            throw wrong("occluded is no array of \(points.shape[0]) x \(points.shape[1]) flags")
        }
        guard points.shape[1] > 0 else { throw wrong("it has no frames") }
        let numbers = try points.doubles()
        let truth = try PointTruth(
            pointCount: points.shape[0], frameCount: points.shape[1],
            positions: (0..<(numbers.count / 2)).map { SIMD2(numbers[2 * $0], numbers[2 * $0 + 1]) },
            occluded: flags.doubles().map { $0 != 0 },
            name: name)
        let frames: any FrameSource
        if let array = try node["video"]?.array(named: "\(name)/video") {
            guard array.type == .uint8, array.shape.count == 4, array.shape[3] == 3, array.shape.allSatisfy({ $0 > 0 }) else {
                throw wrong("video is no array of T x H x W x 3 bytes: its shape is \(array.shape)")
            }
            frames = PickledFrames(
                name: name, pixels: try array.bytes(), frameCount: array.shape[0], width: array.shape[2], height: array.shape[1], file: file
            )
        } else if let pictures = node["video"]?.byteStrings ?? node["video"]?.elements?.compactMap(\.bytes), !pictures.isEmpty {
            frames = try EncodedFrames(name: name, pictures: pictures)
        } else {
            throw wrong("video is neither an array of bytes nor a list of JPEGs")
        }
        return try PointVideo(name: name, frames: frames, truth: truth)
    }
}

/// Frames as bytes in a mapped file.
private final class PickledFrames: FrameSource {
    let name: String
    let size: ImageSize
    let frameCount: Int
    private let pixels: Data
    private let file: PickledData

    init(name: String, pixels: Data, frameCount: Int, width: Int, height: Int, file: PickledData) {
        (self.name, self.pixels, self.frameCount, self.file) = (name, pixels, frameCount, file)
        size = ImageSize(width: width, height: height)
    }

    deinit { file.dropPages() }

    var timing: VideoTiming { VideoTiming(constantRate: 24, count: frameCount) }

    func frame(at index: Int) throws -> RGBImage {
        guard (0..<frameCount).contains(index) else { throw MediaError.frameOutOfRange(index: index, count: frameCount) }
        let start = pixels.startIndex + index * 3 * size.pixelCount
        return RGBImage(width: size.width, height: size.height, pixels: [UInt8](pixels[start..<(start + 3 * size.pixelCount)]))
    }
}

/// Frames as picture files in memory, or in a mapped file.
private struct EncodedFrames: FrameSource {
    let name: String
    let size: ImageSize
    let pictures: [Data]

    init(name: String, pictures: [Data]) throws {
        (self.name, self.pictures) = (name, pictures)
        size = try ImageFile.readRGB(data: pictures[0], name: "\(name), frame 0").size
    }

    var frameCount: Int { pictures.count }
    var timing: VideoTiming { VideoTiming(constantRate: 25, count: frameCount) }

    func frame(at index: Int) throws -> RGBImage {
        guard pictures.indices.contains(index) else { throw MediaError.frameOutOfRange(index: index, count: frameCount) }
        let image = try ImageFile.readRGB(data: pictures[index], name: "\(name), frame \(index)")
        guard image.size == size else {
            throw MediaError.frameSizeDiffers(path: "\(name), frame \(index)", expected: size, found: image.size)
        }
        return image
    }
}
