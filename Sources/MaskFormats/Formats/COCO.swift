import Foundation
import Media
import Support

/// COCO's annotations (cocodataset.org, "Data format"): images, categories, and an annotation an object and frame. What an object is
/// across frames is told by `track_id`, as video tools do.
final class COCOTarget: MaskTarget {
    /// How pixels are written.
    enum Shape { case runLengths, polygons }

    private let output: TextOutput
    /// Annotations come after the images in the file and before them in time.
    private let annotations: Spool
    private let clip: MaskClip
    private let shape: Shape
    private var categories: NumberedNames
    private var frameCount = 0
    private var annotationCount = 0

    struct Image: Codable {
        var id: Int
        var file_name: String
        var width: Int
        var height: Int
        var frame_id: Int?
    }

    struct Category: Codable {
        var id: Int
        var name: String
        var supercategory: String?
    }

    private struct Annotation: Encodable {
        var id: Int
        var image_id: Int
        var category_id: Int
        var track_id: Int
        var iscrowd = 0
        var area: Int
        var bbox: [Int]
        var score: Float?
        var segmentation: Segmentation
        var attributes: Attributes
    }

    private struct Attributes: Encodable {
        var name: String
    }

    private enum Segmentation: Encodable {
        case runs(RunLengthMask)
        case polygons([[Int32]])

        func encode(to encoder: any Encoder) throws {
            switch self {
            case .runs(let mask): try mask.encode(to: encoder)
            case .polygons(let polygons): try polygons.encode(to: encoder)
            }
        }
    }

    init(path: String, clip: MaskClip, shape: Shape) throws {
        annotations = try Spool(beside: path)
        output = try TextOutput(path)
        (self.clip, self.shape) = (clip, shape)
        categories = NumberedNames(clip.objects.map(\.category))
        try output.write("{\n\"info\": ")
        try output.write(["description": clip.name].json())
        try output.write(",\n\"licenses\": [],\n\"images\": [")
    }

    func append(_ frame: MaskFrame) throws {
        let image = Image(
            id: frame.number + 1, file_name: FileNames.stem(of: frame) + ".jpg", width: clip.size.width, height: clip.size.height,
            frame_id: frame.number)
        try output.write(frameCount == 0 ? "\n" : ",\n")
        try output.write(image.json())
        frameCount += 1
        for entry in frame.objects where !entry.mask.isEmpty {
            annotationCount += 1
            let box = entry.mask.boundingBox
            let segmentation: Segmentation =
                switch shape {
                case .runLengths: .runs(entry.mask)
                case .polygons: .polygons(PixelOutlines.polygons(of: entry.mask.mask).map { $0.flatMap { [$0.x, $0.y] } })
                }
            let annotation = Annotation(
                id: annotationCount, image_id: image.id, category_id: categories.number(of: entry.object.category),
                track_id: entry.object.id, area: entry.mask.area, bbox: [box.x, box.y, box.width, box.height],
                score: entry.score.flatMap { $0.isFinite ? $0 : nil }, segmentation: segmentation,
                attributes: Attributes(name: entry.object.name))
            try annotations.append(annotationCount == 1 ? "\n" : ",\n")
            try annotations.append(annotation.json())
        }
    }

    func finish(isComplete: Bool) throws {
        try output.write("\n],\n\"annotations\": [")
        try annotations.copy(to: output)
        try output.write("\n],\n\"categories\": ")
        try output.write(categories.names.enumerated().map { Category(id: $0.offset + 1, name: $0.element, supercategory: "") }.json())
        try output.write("\n}\n")
        try output.commit()
    }

    func abandon() { output.discard() }
}

/// Names with numbers from 1 in the order in which they came.
struct NumberedNames {
    private(set) var names: [String] = []
    private var numbers: [String: Int] = [:]

    init(_ names: [String] = []) {
        for name in names { _ = number(of: name) }
    }

    mutating func number(of name: String) -> Int {
        if let number = numbers[name] { return number }
        names.append(name)
        numbers[name] = names.count
        return names.count
    }
}

/// COCO's annotations as the frames of one video: run lengths of both forms, and polygons. Annotations without a `track_id` are objects
/// of their own, since nothing says which belong together.
struct COCOSource: MaskSource {
    let clip: MaskClip
    let numbers: [Int]
    private let stems: [String?]
    /// The annotations of each frame.
    private let annotations: [[Entry]]

    private struct Entry {
        var object: Int
        var part: JSONPart
    }
    private let objects: [Int: AnnotatedObject]

    private struct Head: Decodable {
        var image_id: Int
        var category_id: Int?
        var track_id: Int?
        var attributes: Attributes?

        struct Attributes: Decodable {
            var track_id: Int?
            var name: String?

            private enum Key: String, CodingKey { case track_id, name }

            /// Other tools' attributes may be of any kind.
            init(from decoder: any Decoder) throws {
                let fields = try? decoder.container(keyedBy: Key.self)
                track_id = try? fields?.decode(Int.self, forKey: .track_id)
                name = try? fields?.decode(String.self, forKey: .name)
            }
        }
    }

    private struct Shape: Decodable {
        var segmentation: Segmentation?
        var score: Float?
    }

    enum Segmentation: Decodable {
        case runs(RunLengthMask)
        case polygons([[Double]])

        init(from decoder: any Decoder) throws {
            if var list = try? decoder.unkeyedContainer() {
                var polygons: [[Double]] = []
                while !list.isAtEnd { polygons.append(try list.decode([Double].self)) }
                self = .polygons(polygons)
            } else {
                self = .runs(try RunLengthMask(from: decoder))
            }
        }
    }

    init(path: String) throws {
        let file = try RandomAccessFile(path)
        let scanner = JSONScanner(file)
        var (images, parts): ([COCOTarget.Image], [JSONPart]) = ([], [])
        var categories: [Int: String] = [:]
        var heads: [Head] = []
        guard try scanner.isObject() else { throw scanner.invalid("COCO's annotations are an object with images and annotations") }
        try scanner.object { key in
            switch key {
            case "images": try scanner.array { _ in images.append(try scanner.decode(COCOTarget.Image.self)) }
            case "annotations":
                try scanner.array { _ in
                    let part = try scanner.part()
                    heads.append(try part.decode(Head.self))
                    parts.append(part)
                }
            case "categories":
                try scanner.array { _ in
                    let category = try scanner.decode(COCOTarget.Category.self)
                    categories[category.id] = category.name
                }
            default: try scanner.skip()
            }
        }
        try scanner.end()
        guard let first = images.first else {
            throw MaskFormatError.invalid(path: path, place: "images", reason: "there is no image, so this is no file of COCO annotations")
        }
        let order = try Self.order(images, path: path)
        numbers = order.map(\.number)
        stems = order.map { FileNames.stem(ofPath: images[$0.image].file_name) }
        let positions = Dictionary(order.enumerated().map { (images[$0.element.image].id, $0.offset) }) { a, _ in a }
        var lists = [[Entry]](repeating: [], count: order.count)
        var objects: [Int: AnnotatedObject] = [:]
        let named = heads.compactMap { $0.track_id ?? $0.attributes?.track_id }.max() ?? 0
        var nameless = 0
        for (head, part) in zip(heads, parts) {
            guard let position = positions[head.image_id] else { throw part.invalid("there is no image \(head.image_id)") }
            var id = head.track_id ?? head.attributes?.track_id
            if id == nil {
                nameless += 1
                id = max(0, min(named, MaskFormat.largestNumber)) + nameless
            }
            guard let id, (1...MaskFormat.largestNumber).contains(id) else { throw part.invalid("a track_id must be above 0") }
            lists[position].append(Entry(object: id, part: part))
            if objects[id] == nil {
                objects[id] = AnnotatedObject(
                    id: id, name: head.attributes?.name,
                    category: head.category_id.flatMap { categories[$0] } ?? AnnotatedObject.defaultCategory)
            }
        }
        annotations = lists
        self.objects = objects
        let size = ImageSize(width: first.width, height: first.height)
        clip = MaskClip(name: PathParts(path).name, size: size, objects: objects.values.sorted { $0.id < $1.id })
    }

    /// The images in the order of time.
    private static func order(_ images: [COCOTarget.Image], path: String) throws -> [(number: Int, image: Int)] {
        for (index, image) in images.enumerated() {
            guard (1...16384).contains(image.width), (1...16384).contains(image.height), image.width == images[0].width,
                image.height == images[0].height
            else {
                throw MaskFormatError.invalid(
                    path: path, place: "images[\(index)]",
                    reason: "it has \(image.width)x\(image.height) pixels; frames of one video have one size, up to 16384")
            }
        }
        let said: [Int?] = images.map { image in
            let number = image.frame_id ?? FileNames.stem(ofPath: image.file_name).flatMap { FileNames.number($0) }
            return number.flatMap { (0...MaskFormat.largestNumber).contains($0) ? $0 : nil }
        }
        let numbers = said.compactMap { $0 }
        if numbers.count == images.count, Set(numbers).count == numbers.count {
            return numbers.enumerated().map { ($0.element, $0.offset) }.sorted { $0.0 < $1.0 }
        }
        let sorted = images.indices.sorted { FrameFolder.naturallyBefore(images[$0].file_name, images[$1].file_name) }
        return sorted.enumerated().map { ($0.offset, $0.element) }
    }

    func frame(at position: Int) throws -> MaskFrame {
        var frame = MaskFrame(number: numbers[position], stem: stems[position])
        var places: [Int: Int] = [:]
        for entry in annotations[position] {
            let shape = try entry.part.decode(Shape.self)
            guard let segmentation = shape.segmentation else { continue }
            let mask = try self.mask(segmentation, entry.part)
            if let place = places[entry.object] {
                do { frame.objects[place].mask = try frame.objects[place].mask.union(mask) } catch let error as RunLengthError {
                    throw entry.part.invalid(error)
                }
            } else {
                places[entry.object] = frame.objects.count
                let object = objects[entry.object] ?? AnnotatedObject(id: entry.object)
                frame.objects.append(ObjectMask(object, mask: mask, score: shape.score))
            }
        }
        return frame
    }

    private func mask(_ segmentation: Segmentation, _ part: JSONPart) throws -> RunLengthMask {
        switch segmentation {
        case .runs(let mask):
            guard mask.size == clip.size else { throw part.invalid("its mask is \(mask.size), the images are \(clip.size)") }
            return mask
        case .polygons(let polygons):
            do {
                return try polygons.map { try RunLengthMask(size: clip.size, polygon: $0) }.reduce(.empty(clip.size)) { try $0.union($1) }
            } catch let error as PolygonError {
                throw part.invalid(error.reason)
            } catch let error as RunLengthError {
                throw part.invalid(error)
            }
        }
    }
}
