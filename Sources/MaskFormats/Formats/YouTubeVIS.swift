import Foundation
import Media
import Support

/// YouTube-VIS's annotations (youtube-vos.org, "Video instance segmentation"): a list of masks over all frames for every object. Ground
/// truth has uncompressed counts, which its evaluation expects, results have compressed ones and a score.
final class YouTubeVISTarget: MaskTarget {
    enum Form { case truth, results }

    private let output: TextOutput
    private let masks: ObjectSpool
    private let clip: MaskClip
    private let form: Form
    private var names: [String] = []

    struct Video: Codable {
        var id: Int
        var width: Int
        var height: Int
        var length: Int
        var file_names: [String]
    }

    private struct Truth: Encodable {
        var size: [Int]
        var counts: [Int]
    }

    init(path: String, clip: MaskClip, form: Form) throws {
        masks = try ObjectSpool(beside: path)
        output = try TextOutput(path)
        (self.clip, self.form) = (clip, form)
    }

    func append(_ frame: MaskFrame) throws {
        names.append(FileNames.sequence(of: clip) + "/" + FileNames.stem(of: frame) + ".jpg")
        for entry in frame.objects where !entry.mask.isEmpty {
            let (size, box) = ([clip.size.height, clip.size.width], entry.mask.boundingBox)
            let text = try form == .truth ? Truth(size: size, counts: entry.mask.counts).json() : entry.mask.json()
            try masks.append(
                text, of: entry, at: names.count - 1, area: entry.mask.area, box: [box.x, box.y, box.width, box.height])
        }
    }

    func finish(isComplete: Bool) throws {
        var categories = NumberedNames(clip.objects.map(\.category))
        for object in masks.objects { _ = categories.number(of: object.description.category) }
        if form == .truth {
            let video = Video(id: 1, width: clip.size.width, height: clip.size.height, length: names.count, file_names: names)
            try output.write("{\n\"info\": ")
            try output.write(["description": clip.name].json())
            try output.write(",\n\"videos\": [\n")
            try output.write(video.json())
            try output.write("\n],\n\"categories\": ")
            let all = categories.names.enumerated().map { COCOTarget.Category(id: $0.offset + 1, name: $0.element, supercategory: "") }
            try output.write(all.json())
            try output.write(",\n\"annotations\": [")
        } else {
            try output.write("[")
        }
        for (index, object) in masks.objects.enumerated() {
            try output.write(index == 0 ? "\n" : ",\n")
            try write(object, category: categories.number(of: object.description.category))
        }
        try output.write(form == .truth ? "\n]\n}\n" : "\n]\n")
        try output.commit()
    }

    private func write(_ object: ObjectSpool.Object, category: Int) throws {
        if form == .truth {
            let (width, height) = (clip.size.width, clip.size.height)
            let name = String(decoding: try object.description.name.json(), as: UTF8.self)
            let area = object.entries.isEmpty ? 0 : Double(object.entries.reduce(0) { $0 + $1.area }) / Double(object.entries.count)
            try output.write(
                "{\"id\":\(object.description.id),\"video_id\":1,\"category_id\":\(category),\"iscrowd\":0,\"name\":\(name),"
                    + "\"width\":\(width),\"height\":\(height),\"avg_area\":\(area),\"areas\":")
            try writeList(object) { entry in try self.output.write(String(entry.area)) }
            try output.write(",\"bboxes\":")
            try writeList(object) { entry in try self.output.write(entry.box.json()) }
            try output.write(",\"segmentations\":")
        } else {
            try output.write("{\"video_id\":1,\"category_id\":\(category),\"score\":\(object.meanScore),\"segmentations\":")
        }
        try writeList(object) { entry in try self.output.write(self.masks.read(entry)) }
        try output.write("}")
    }

    /// One value a frame, null where the object has none.
    private func writeList(_ object: ObjectSpool.Object, _ write: (ObjectSpool.Entry) throws -> Void) throws {
        try output.write("[")
        var index = 0
        for position in names.indices {
            if position > 0 { try output.write(",") }
            if index < object.entries.count, object.entries[index].position == position {
                try write(object.entries[index])
                index += 1
            } else {
                try output.write("null")
            }
        }
        try output.write("]")
    }

    func abandon() { output.discard() }
}

/// What comes frame by frame, to be taken object by object.
final class ObjectSpool {
    struct Entry {
        /// The frame's place in the order.
        var position: Int
        var part: FilePart
        var area: Int
        var box: [Int]
    }

    struct Object {
        var description: AnnotatedObject
        var entries: [Entry] = []
        fileprivate var scoreSum = 0.0
        fileprivate var scoreCount = 0

        /// 1 where none is known.
        var meanScore: Float {
            scoreCount == 0 ? 1 : Float((10000 * scoreSum / Double(scoreCount)).rounded() / 10000)
        }
    }

    private(set) var objects: [Object] = []
    private var places: [Int: Int] = [:]
    private let spool: Spool

    init(beside path: String) throws { spool = try Spool(beside: path) }

    func append(_ text: Data, of entry: ObjectMask, at position: Int, area: Int = 0, box: [Int] = []) throws {
        let place = places[entry.object.id] ?? objects.count
        if place == objects.count {
            places[entry.object.id] = place
            objects.append(Object(description: entry.object))
        }
        objects[place].entries.append(Entry(position: position, part: try spool.append(text), area: area, box: box))
        if let score = entry.score, score.isFinite {
            objects[place].scoreSum += Double(score)
            objects[place].scoreCount += 1
        }
    }

    func read(_ entry: Entry) throws -> [UInt8] { try spool.read(entry.part) }
}

/// YouTube-VIS's annotations, truth or results, told apart by their form.
struct YouTubeVISSource: MaskSource {
    let clip: MaskClip
    let numbers: [Int]
    private let stems: [String?]
    private let tracks: [Track]

    private struct Track {
        var object: AnnotatedObject
        var score: Float?
        /// One a frame; nil where it has no mask.
        var masks: [JSONPart?]
    }

    /// One annotation, read field by field since its masks may be more than memory should hold.
    private struct Annotation {
        var id: Int?
        var video: Int?
        var category: Int?
        var name: String?
        var score: Float?
        var masks: [JSONPart?] = []

        init(_ scanner: JSONScanner) throws {
            try scanner.object { key in
                switch key {
                case "id": id = try scanner.decode(Int.self)
                case "video_id": video = try scanner.decode(Int.self)
                case "category_id": category = try scanner.decode(Int.self)
                case "name": name = try scanner.decode(String.self)
                case "score": score = try scanner.decode(Float.self)
                case "segmentations":
                    try scanner.array { _ in masks.append(try scanner.isNull() ? nil : try scanner.part()) }
                default: try scanner.skip()
                }
            }
        }
    }

    init(path: String, video wanted: String?) throws {
        let scanner = JSONScanner(try RandomAccessFile(path))
        var (videos, annotations): ([YouTubeVISTarget.Video], [Annotation]) = ([], [])
        var categories: [Int: String] = [:]
        if try scanner.isArray() {
            try scanner.array { _ in annotations.append(try Annotation(scanner)) }
        } else {
            try scanner.object { key in
                switch key {
                case "videos": try scanner.array { _ in videos.append(try scanner.decode(YouTubeVISTarget.Video.self)) }
                case "annotations": try scanner.array { _ in annotations.append(try Annotation(scanner)) }
                case "categories":
                    try scanner.array { _ in
                        let category = try scanner.decode(COCOTarget.Category.self)
                        categories[category.id] = category.name
                    }
                default: try scanner.skip()
                }
            }
        }
        try scanner.end()
        let named = videos.map { Self.name($0) }
        let ids = videos.isEmpty ? Set(annotations.map { $0.video ?? 0 }).sorted() : videos.map(\.id)
        let labels = videos.isEmpty ? ids.map(String.init) : named
        guard let label = try SequenceChoice.choose(wanted, among: labels, path: path, what: "videos"),
            let place = labels.firstIndex(of: label)
        else { throw MaskFormatError.invalid(path: path, place: "videos", reason: "there is no video, so this is no file of YouTube-VIS") }
        let video = videos.isEmpty ? nil : videos[place]
        let chosen = annotations.filter { ($0.video ?? 0) == ids[place] }
        let size = try Self.size(video, chosen, path: path)
        let length = try Self.length(video, chosen, path: path)
        stems = video.map { $0.file_names.map { FileNames.stem(ofPath: $0) } } ?? [String?](repeating: nil, count: length)
        numbers = FileNames.numbers(stems)
        var seen = Set<Int>()
        tracks = try chosen.enumerated().map { index, annotation in
            let id = annotation.id ?? index + 1
            guard (1...MaskFormat.largestNumber).contains(id), seen.insert(id).inserted else {
                throw MaskFormatError.invalid(
                    path: path, place: "annotations[\(index)].id", reason: "the id \(id) is there twice, or below 1")
            }
            let category = annotation.category.map { categories[$0] ?? "category \($0)" }
            let object = AnnotatedObject(id: id, name: annotation.name, category: category ?? AnnotatedObject.defaultCategory)
            return Track(object: object, score: annotation.score, masks: annotation.masks)
        }
        clip = MaskClip(name: video == nil ? PathParts(path).name : label, size: size, objects: tracks.map(\.object))
    }

    /// The folder of a video's frames, or its number.
    private static func name(_ video: YouTubeVISTarget.Video) -> String {
        let parts = (video.file_names.first ?? "").split(separator: "/")
        return parts.count > 1 ? String(parts[parts.count - 2]) : String(video.id)
    }

    private static func size(_ video: YouTubeVISTarget.Video?, _ annotations: [Annotation], path: String) throws -> ImageSize {
        var size = video.map { ImageSize(width: $0.width, height: $0.height) }
        if size == nil, let first = annotations.lazy.flatMap({ $0.masks }).compactMap({ $0 }).first {
            size = try first.decode(RunLengthMask.self).size
        }
        guard let size else { throw MaskFormatError.invalid(path: path, place: nil, reason: "it holds no mask") }
        guard (1...16384).contains(size.width), (1...16384).contains(size.height) else {
            throw MaskFormatError.invalid(path: path, place: "videos", reason: "a video of \(size) is not possible")
        }
        return size
    }

    private static func length(_ video: YouTubeVISTarget.Video?, _ annotations: [Annotation], path: String) throws -> Int {
        let length = video?.file_names.count ?? annotations.map(\.masks.count).max() ?? 0
        for (index, annotation) in annotations.enumerated() where annotation.masks.count != length {
            throw MaskFormatError.invalid(
                path: path, place: "annotations[\(index)].segmentations",
                reason: "it has \(annotation.masks.count) entries, the video \(length) frames")
        }
        return length
    }

    func frame(at position: Int) throws -> MaskFrame {
        var frame = MaskFrame(number: numbers[position], stem: stems[position])
        for track in tracks {
            guard let part = track.masks[position] else { continue }
            let mask = try part.decode(RunLengthMask.self)
            frame.objects.append(ObjectMask(track.object, mask: mask, score: track.score))
        }
        return frame
    }
}
