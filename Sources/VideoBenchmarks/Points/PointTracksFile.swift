import Foundation
import Media
import Support

/// Videos with tracks in JSON, for people's own clips (docs/point-benchmarks.md):
///
///     {"videos": [{"name": "street", "video": "street.mp4", "tracks": [[[10.5, 20.5], [11, 20.5, 0], null]]}]}
///
/// `video` is a video file or a folder of frames, relative to the file. Each track has an entry for every frame: `[x, y]` where the point
/// is visible, in pixels of the frame with pixel centres at +0.5; `[x, y, 0]` where it is hidden but known; `null` where it is not.
public struct PointTracksFile: PointDataset {
    public let name: String
    public var videoNames: [String] { entries.map(\.name) }
    private let folder: URL
    private let entries: [Entry]

    /// A video in the file.
    public struct Entry: Sendable, Codable {
        public var name: String
        public var video: String
        public var tracks: [[Position?]]

        public init(name: String, video: String, tracks: [[Position?]]) {
            (self.name, self.video, self.tracks) = (name, video, tracks)
        }
    }

    /// A point in a frame.
    public struct Position: Sendable, Codable, Equatable {
        public var x: Double
        public var y: Double
        public var isVisible: Bool

        public init(x: Double, y: Double, isVisible: Bool) {
            (self.x, self.y, self.isVisible) = (x, y, isVisible)
        }

        public init(from decoder: any Decoder) throws {
            var list = try decoder.unkeyedContainer()
            x = try list.decode(Double.self)
            y = try list.decode(Double.self)
            isVisible = list.isAtEnd ? true : try list.decode(Double.self) != 0
            guard list.isAtEnd else {
                throw DecodingError.dataCorruptedError(in: list, debugDescription: "a position has more than x, y and a flag")
            }
        }

        public func encode(to encoder: any Encoder) throws {
            var list = encoder.unkeyedContainer()
            try list.encode(x)
            try list.encode(y)
            if !isVisible { try list.encode(0) }
        }
    }

    private struct Contents: Codable {
        var videos: [Entry]
    }

    /// - Throws: `FileError.notFound`, `FileError.unreadable`, `PointBenchmarkError`, `VideoNameError`.
    public init(path: String) throws {
        let url = URL(fileURLWithPath: path)
        name = url.lastPathComponent
        folder = url.deletingLastPathComponent()
        let data = try InputFile.read(path, limit: 1 << 30)
        do {
            entries = try JSONDecoder().decode(Contents.self, from: data).videos
        } catch let error as DecodingError {
            throw PointBenchmarkError.unknownForm(file: name, reason: Self.reason(error))
        }
        guard !entries.isEmpty else { throw PointBenchmarkError.noVideos(file: name) }
        for entry in entries { _ = try VideoName(entry.name, in: name) }
        var seen = Set<String>()
        for entry in entries where !seen.insert(entry.name).inserted {
            throw PointBenchmarkError.unknownForm(file: name, reason: "it has two videos named \(entry.name)")
        }
    }

    public func video(at index: Int) throws -> PointVideo {
        let entry = entries[index]
        let frames = try openFrames(URL(fileURLWithPath: entry.video, relativeTo: folder).path)
        let count = frames.frameCount
        if let point = entry.tracks.firstIndex(where: { $0.count != count }) {
            throw PointBenchmarkError.wrongShape(
                video: entry.name, reason: "the video has \(count) frames, its track \(point) has \(entry.tracks[point].count)")
        }
        let scale = SIMD2(1 / Double(frames.size.width), 1 / Double(frames.size.height))
        let positions = entry.tracks.joined()
        let truth = try PointTruth(
            pointCount: entry.tracks.count, frameCount: count,
            positions: positions.map { $0.map { SIMD2($0.x, $0.y) * scale } ?? .zero }, occluded: positions.map { $0?.isVisible != true },
            name: entry.name)
        return try PointVideo(name: entry.name, frames: frames, truth: truth)
    }

    /// Writes such a file, whole or not at all.
    public static func write(_ entries: [Entry], to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try AtomicFile.write(encoder.encode(Contents(videos: entries)), to: path)
    }

    /// One sentence with the place in the file.
    private static func reason(_ error: DecodingError) -> String {
        func place(_ context: DecodingError.Context) -> String {
            let path = context.codingPath.map { key in key.intValue.map { "[\($0)]" } ?? ".\(key.stringValue)" }.joined()
            return path.isEmpty ? "" : " at \(path.drop { $0 == "." })"
        }
        switch error {
        case .keyNotFound(let key, let context): return "\"\(key.stringValue)\" is missing\(place(context))"
        case .typeMismatch(_, let context), .valueNotFound(_, let context): return "a value has another type than expected\(place(context))"
        case .dataCorrupted(let context):
            return context.codingPath.isEmpty ? "it is not JSON" : "\(context.debugDescription)\(place(context))"
        @unknown default: return "it is not of this form"
        }
    }
}

/// Opens a file of tracks, whatever its form.
public enum PointDatasetFile {
    /// - Throws: `FileError`, `MediaError`, `TensorFileError`, `PointBenchmarkError`, `VideoNameError`.
    public static func open(_ path: String) throws -> any PointDataset {
        let url = URL(fileURLWithPath: path)
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { throw FileError.notFound(path: path) }
        guard !isFolder.boolValue else { return try open(folder: url) }
        try InputFile.checkIsFile(path)
        let head: Data
        do {
            let file = try FileHandle(forReadingFrom: url)
            defer { try? file.close() }
            head = try file.read(upToCount: 64) ?? Data()
        } catch {
            throw FileError.unreadable(path: path, reason: AtomicFile.reason(error))
        }
        // Pickles of protocol 2 and later begin so; JSON with a brace, perhaps after blanks.
        if head.first == 0x80 { return try TAPVidPickle(url: url) }
        guard head.first(where: { !" \n\r\t".utf8.contains($0) }) == UInt8(ascii: "{") else {
            throw PointBenchmarkError.unknownForm(file: url.lastPathComponent, reason: "it is neither a pickle nor JSON")
        }
        return try PointTracksFile(path: path)
    }

    /// The shards of one dataset in a folder (TAP-Vid-Kinetics), or the JSON file that `sampt evaluate synthesize` writes there.
    private static func open(folder: URL) throws -> any PointDataset {
        let json = folder.appendingPathComponent("tracks.json").path
        if FileManager.default.fileExists(atPath: json) { return try PointTracksFile(path: json) }
        let shards = try FolderListing.names(folder.path, pathExtensions: ["pkl"]).sorted()
        guard !shards.isEmpty else {
            throw PointBenchmarkError.unknownForm(
                file: folder.lastPathComponent, reason: "the folder holds neither tracks.json nor .pkl files")
        }
        return try Shards(name: folder.lastPathComponent, parts: shards.map { try TAPVidPickle(url: folder.appendingPathComponent($0)) })
    }

    /// Several files as one dataset; videos are named by file and name.
    private struct Shards: PointDataset {
        let name: String
        let videoNames: [String]
        private let places: [(part: TAPVidPickle, index: Int)]

        init(name: String, parts: [TAPVidPickle]) throws {
            self.name = name
            places = parts.flatMap { part in part.videoNames.indices.map { (part, $0) } }
            videoNames = parts.flatMap { part in part.videoNames.map { parts.count == 1 ? $0 : "\(part.name)/\($0)" } }
        }

        func video(at index: Int) throws -> PointVideo {
            var video = try places[index].part.video(at: places[index].index)
            video.name = videoNames[index]
            return video
        }
    }
}
