import Foundation
import Media
import Support

/// One object through a video: a mask for each frame, nil where it is not seen.
public struct InstanceTube: Sendable, Equatable {
    public var id: Int
    public var video: Int
    public var category: Int
    /// Of a prediction.
    public var score: Double
    public var isCrowd: Bool
    public var masks: [RunLengthMask?]
    /// The mean area over the frames in which it has any.
    public var area: Double

    public init(
        id: Int, video: Int, category: Int, score: Double = 1, isCrowd: Bool = false, masks: [RunLengthMask?], areas: [Double]? = nil
    ) {
        (self.id, self.video, self.category, self.score) = (id, video, category, score)
        (self.isCrowd, self.masks) = (isCrowd, masks)
        let areas = (areas ?? masks.map { Double($0?.area ?? 0) }).filter { $0 != 0 }
        area = areas.isEmpty ? 0 : areas.reduce(0, +) / Double(areas.count)
    }

    /// Intersection over union of all frames together; a frame that one of the two lacks adds the other's area to the union. 0 for 0/0.
    /// - Throws: `RunLengthError` for masks of different sizes.
    func overlap(with other: InstanceTube) throws -> Double {
        var (both, either) = (0, 0)
        for frame in 0..<max(masks.count, other.masks.count) {
            let a = frame < masks.count ? masks[frame] : nil
            let b = frame < other.masks.count ? other.masks[frame] : nil
            switch (a, b) {
            case (let a?, let b?):
                let overlap = try a.overlap(b)
                both += overlap.intersection
                either += overlap.union
            case (let one?, nil), (nil, let one?): either += one.area
            case (nil, nil): break
            }
        }
        return either == 0 ? 0 : Double(both) / Double(either)
    }
}

/// The annotations of a video instance data set in YouTube-VIS's JSON (COCO's form for videos), such as UVO's.
public struct VideoInstanceTruth: Sendable {
    public struct Video: Sendable, Decodable, Equatable {
        public var id: Int
        public var width: Int
        public var height: Int
        /// The frames' files, below the folder of frames.
        public var fileNames: [String]?
        public var length: Int?

        private enum CodingKeys: String, CodingKey {
            case id, width, height, length
            case fileNames = "file_names"
        }
    }

    public var videos: [Video]
    public var categories: [Int]
    public var tubes: [InstanceTube]

    /// Whether a name leads out of the folder it is below.
    fileprivate static func leadsElsewhere(_ name: String) -> Bool {
        name.isEmpty || name.hasPrefix("/") || name.utf8.split(separator: UInt8(ascii: "/")).contains { $0.elementsEqual("..".utf8) }
    }

    private struct File: Decodable {
        struct Category: Decodable { var id: Int }
        struct Annotation: Decodable {
            var id: Int
            var video_id: Int
            var category_id: Int?
            var iscrowd: Int?
            var segmentations: [RunLengthMask?]
            var areas: [Double?]?
        }
        var videos: [Video]
        var categories: [Category]?
        var annotations: [Annotation]?
    }

    /// - Throws: `MediaError` for a file that cannot be read; `InstanceError` for content that is not as it should be.
    public init(path: String) throws {
        let file: File = try InstanceFile.read(path, as: "annotations of video instances")
        videos = file.videos
        categories = (file.categories ?? []).map(\.id)
        tubes = (file.annotations ?? []).map {
            InstanceTube(
                id: $0.id, video: $0.video_id, category: $0.category_id ?? 1, isCrowd: $0.iscrowd ?? 0 != 0, masks: $0.segmentations,
                areas: $0.areas.map { $0.map { $0 ?? 0 } })
        }
        let known = Set(videos.map(\.id))
        guard known.count == videos.count else { throw InstanceError.invalid(path, "two videos have one id") }
        if let stray = tubes.first(where: { !known.contains($0.video) }) {
            throw InstanceError.invalid(path, "annotation \(stray.id) belongs to video \(stray.video), which is not listed")
        }
        if categories.isEmpty { categories = Set(tubes.map(\.category)).sorted() }
    }

    public init(videos: [Video], categories: [Int], tubes: [InstanceTube]) {
        (self.videos, self.categories, self.tubes) = (videos, categories, tubes)
    }
}

extension VideoInstanceTruth.Video {
    /// The paths of the frames.
    /// - Throws: `InstanceError` for a name that leads out of the folder, or none; `FileError.notFound`.
    public func frames(below folder: String) throws -> [String] {
        let names = fileNames ?? []
        guard !names.isEmpty else { throw InstanceError.invalid("video \(id)", "the annotations name no frames of it") }
        if let name = names.first(where: VideoInstanceTruth.leadsElsewhere) {
            throw InstanceError.invalid("video \(id)", "its frame \"\(name)\" leads out of the folder of frames")
        }
        let paths = names.map { folder + "/" + $0 }
        if let absent = paths.first(where: { !FileManager.default.fileExists(atPath: $0) }) { throw FileError.notFound(path: absent) }
        return paths
    }
}

/// Predicted tubes as YouTube-VIS's servers take them: a list of `{video_id, category_id, score, segmentations}`.
public enum VideoInstanceResults {
    private struct Entry: Codable {
        var video_id: Int
        var category_id: Int
        var score: Double
        var segmentations: [RunLengthMask?]
    }

    /// In order of the file.
    /// - Throws: `MediaError`; `InstanceError`.
    public static func read(_ path: String) throws -> [InstanceTube] {
        let entries: [Entry] = try InstanceFile.read(path, as: "predicted video instances")
        return entries.enumerated().map { index, entry in
            InstanceTube(id: index + 1, video: entry.video_id, category: entry.category_id, score: entry.score, masks: entry.segmentations)
        }
    }

    /// - Throws: `InstanceError.invalid` for a score that is not a number; `FileError.unwritable`.
    public static func write(_ tubes: [InstanceTube], to path: String) throws {
        if let tube = tubes.first(where: { !$0.score.isFinite }) {
            throw InstanceError.invalid(path, "the score of object \(tube.id) in video \(tube.video) is \(tube.score)")
        }
        let entries = tubes.map { Entry(video_id: $0.video, category_id: $0.category, score: $0.score, segmentations: $0.masks) }
        try AtomicFile.write(try JSONEncoder().encode(entries), to: path)
    }
}

enum InstanceFile {
    /// UVO's annotations have some hundred megabytes.
    private static let largest = 4 << 30

    static func read<Value: Decodable>(_ path: String, as what: String) throws -> Value {
        let data = try InputFile.read(path, limit: largest)
        do { return try JSONDecoder().decode(Value.self, from: data) } catch let error as RunLengthError {
            throw InstanceError.invalid(path, "\(error)")
        } catch let error as DecodingError {
            throw InstanceError.invalid(path, "it is not \(what) (\(describe(error)))")
        } catch {
            throw InstanceError.invalid(path, "it is not JSON")
        }
    }

    private static func describe(_ error: DecodingError) -> String {
        func place(_ path: [any CodingKey]) -> String { path.isEmpty ? "its beginning" : path.map(\.stringValue).joined(separator: ".") }
        switch error {
        case .keyNotFound(let key, let context): return "\(place(context.codingPath + [key])) is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context): return "\(place(context.codingPath)) is of another type"
        case .dataCorrupted(let context):
            return context.codingPath.isEmpty
                ? "no JSON: numbers such as Infinity and NaN are not allowed in it" : "\(place(context.codingPath)) is damaged"
        @unknown default: return "no JSON"
        }
    }
}
