import Foundation
import Media

/// CVAT for images 1.1 (docs.cvat.ai): an `<image>` a frame, a `<mask>` an object in it, row by row in its box; `group_id` tells which
/// masks are one object, since CVAT takes in no tracks of masks.
final class CVATImagesTarget: MaskTarget {
    private let output: TextOutput
    /// The labels come first in the file and are known last.
    private let images: Spool
    private let clip: MaskClip
    private var labels: CVATLabels
    private var (first, last): (Int?, Int) = (nil, 0)

    init(path: String, clip: MaskClip) throws {
        images = try Spool(beside: path)
        output = try TextOutput(path)
        self.clip = clip
        labels = CVATLabels(clip.objects)
    }

    func append(_ frame: MaskFrame) throws {
        first = first ?? frame.number
        last = frame.number
        let (width, height) = (clip.size.width, clip.size.height)
        let name = (FileNames.stem(of: frame) + ".jpg").xml
        try images.append("  <image id=\"\(frame.number)\" name=\"\(name)\" width=\"\(width)\" height=\"\(height)\">\n")
        for entry in frame.objects {
            labels.add(entry.object)
            let mask = entry.mask.mask
            guard let bounds = mask.bounds else { continue }
            let (left, top) = (bounds.columns.lowerBound, bounds.rows.lowerBound)
            let rle = mask.rowRuns(bounds.columns, bounds.rows).map(String.init).joined(separator: ", ")
            try images.append(
                "    <mask label=\"\(entry.object.category.xml)\" source=\"manual\" occluded=\"0\" rle=\"\(rle)\" left=\"\(left)\" "
                    + "top=\"\(top)\" width=\"\(bounds.columns.count)\" height=\"\(bounds.rows.count)\" z_order=\"0\" "
                    + "group_id=\"\(entry.object.id)\">\n    </mask>\n")
        }
        try images.append("  </image>\n")
    }

    func finish(isComplete: Bool) throws {
        try output.write(labels.head(clip: clip, first: first ?? 0, last: last, type: "mask", mode: "annotation"))
        try images.copy(to: output)
        try output.write("</annotations>\n")
        try output.commit()
    }

    func abandon() { output.discard() }
}

/// The labels of a CVAT task.
struct CVATLabels {
    private(set) var labels: [(name: String, color: Color)] = []
    private var known: Set<String> = []

    init(_ objects: [AnnotatedObject]) {
        for object in objects { add(object) }
    }

    /// An object's category is its label.
    mutating func add(_ object: AnnotatedObject) {
        if known.insert(object.category).inserted { labels.append((object.category, object.color)) }
    }

    /// What CVAT's XML begins with.
    func head(clip: MaskClip, first: Int, last: Int, type: String, mode: String) -> String {
        let labels = self.labels.map { label in
            "        <label>\n          <name>\(label.name.xml)</name>\n          <color>\(label.color.hexadecimal)</color>\n"
                + "          <type>\(type)</type>\n          <attributes>\n          </attributes>\n        </label>\n"
        }.joined()
        return """
            <?xml version="1.0" encoding="utf-8"?>
            <annotations>
              <version>1.1</version>
              <meta>
                <task>
                  <name>\(clip.name.xml)</name>
                  <size>\(last + 1)</size>
                  <mode>\(mode)</mode>
                  <start_frame>\(first)</start_frame>
                  <stop_frame>\(last)</stop_frame>
                  <labels>
            \(labels)      </labels>
                  <original_size>
                    <width>\(clip.size.width)</width>
                    <height>\(clip.size.height)</height>
                  </original_size>
                </task>
              </meta>

            """
    }
}

extension Mask {
    /// The lengths of runs in a box, row by row, outside first.
    func rowRuns(_ columns: ClosedRange<Int>, _ rows: ClosedRange<Int>) -> [Int] {
        var runs: [Int] = []
        var (run, current) = (0, UInt8(0))
        values.withUnsafeBufferPointer { values in
            for y in rows {
                for i in (y * width + columns.lowerBound)...(y * width + columns.upperBound) {
                    if values[i] != current {
                        runs.append(run)
                        (run, current) = (0, values[i])
                    }
                    run += 1
                }
            }
        }
        runs.append(run)
        return runs
    }
}

/// CVAT for images 1.1: masks and polygons. Shapes without a group are objects of their own.
struct CVATImagesSource: MaskSource {
    let clip: MaskClip
    let numbers: [Int]
    let notes: [String]
    private let file: RandomAccessFile
    private let images: [Image]
    private let objects: [Int: AnnotatedObject]

    private struct Image {
        var number: Int
        var stem: String?
        var part: FilePart
        var line: Int
        /// What shapes without a group count from.
        var nextID = 0
    }

    private struct Shape {
        var label: String
        var group: Int?
        var attributes: [String: String]
        var isPolygon: Bool
        var line: Int
    }

    init(path: String) throws {
        let file = try RandomAccessFile(path)
        var scanner = XMLScanner(file)
        var (images, objects): ([Image], [Int: AnnotatedObject]) = ([], [:])
        var (size, others, hasRoot): (ImageSize?, Int, Bool) = (nil, 0, false)
        /// Shapes without a group: their image, and their label.
        var nameless: [(image: Int, label: String)] = []
        while let event = try scanner.next() {
            guard case .open(let name, let attributes, let isEmpty) = event else { continue }
            if !hasRoot, name != "annotations" { throw scanner.invalid("<\(name)> is no beginning of CVAT's annotations") }
            hasRoot = true
            if name == "track" { throw scanner.invalid("<track> belongs to CVAT for video; export the task as CVAT for images 1.1") }
            guard name == "image" else { continue }
            func number(_ key: String) throws -> Int {
                guard let value = attributes[key].flatMap({ FileNames.number($0) }) else {
                    throw scanner.invalid("<image> has no whole number as \(key)")
                }
                return value
            }
            let found = ImageSize(width: try number("width"), height: try number("height"))
            guard (1...16384).contains(found.width), (1...16384).contains(found.height), found == size ?? found else {
                throw scanner.invalid("an image of \(found) is not possible here; frames of one video have one size")
            }
            size = found
            var image = Image(
                number: try number("id"), stem: attributes["name"].flatMap { FileNames.stem(ofPath: $0) },
                part: FilePart(start: scanner.start, count: 0), line: scanner.startLine)
            if !isEmpty {
                for shape in try Self.shapes(&scanner, others: &others) {
                    if let group = shape.group {
                        objects[group] = objects[group] ?? AnnotatedObject(id: group, category: shape.label)
                    } else {
                        nameless.append((images.count, shape.label))
                    }
                }
            }
            image.part.count = scanner.offset - image.part.start
            images.append(image)
        }
        guard let size else {
            throw MaskFormatError.invalid(path: path, place: nil, reason: "it holds no <image>; is it CVAT for images 1.1?")
        }
        var next = objects.keys.max() ?? 0
        var place = 0
        for index in images.indices {
            images[index].nextID = next + 1
            while place < nameless.count, nameless[place].image == index {
                next += 1
                objects[next] = AnnotatedObject(id: next, category: nameless[place].label)
                place += 1
            }
        }
        images.sort { $0.number < $1.number }
        if let pair = zip(images, images.dropFirst()).first(where: { $0.number == $1.number }) {
            throw MaskFormatError.invalid(path: path, place: "line \(pair.1.line)", reason: "the image \(pair.1.number) is there twice")
        }
        (self.file, self.images, self.objects, numbers) = (file, images, objects, images.map(\.number))
        clip = MaskClip(name: FileNames.stem(ofPath: path) ?? "video", size: size, objects: objects.values.sorted { $0.id < $1.id })
        notes = others == 0 ? [] : ["\(path): \(others) shapes that are neither masks nor polygons are left out"]
    }

    /// The shapes up to the image's end.
    private static func shapes(_ scanner: inout XMLScanner, others: inout Int) throws -> [Shape] {
        var shapes: [Shape] = []
        while let event = try scanner.next() {
            switch event {
            case .close("image"): return shapes
            case .close: continue
            case .open(let name, let attributes, _):
                guard name == "mask" || name == "polygon" else {
                    if ["box", "polyline", "points", "ellipse", "cuboid", "skeleton"].contains(name) { others += 1 }
                    continue
                }
                let group = attributes["group_id"].flatMap { FileNames.number($0) } ?? 0
                shapes.append(
                    Shape(
                        label: attributes["label"] ?? AnnotatedObject.defaultCategory, group: group > 0 ? group : nil,
                        attributes: attributes,
                        isPolygon: name == "polygon", line: scanner.line))
            }
        }
        throw scanner.invalid("the file ends inside <image>")
    }

    func frame(at position: Int) throws -> MaskFrame {
        let image = images[position]
        var frame = MaskFrame(number: image.number, stem: image.stem)
        var scanner = XMLScanner(file, part: image.part, line: image.line)
        guard case .open(_, _, false)? = try scanner.next() else { return frame }
        var (others, nextID, places): (Int, Int, [Int: Int]) = (0, image.nextID, [:])
        for shape in try Self.shapes(&scanner, others: &others) {
            let id = shape.group ?? nextID
            if shape.group == nil { nextID += 1 }
            let mask = try self.mask(shape)
            if let place = places[id] {
                frame.objects[place].mask = try frame.objects[place].mask.union(mask)
            } else {
                places[id] = frame.objects.count
                frame.objects.append(ObjectMask(objects[id] ?? AnnotatedObject(id: id, category: shape.label), mask: mask))
            }
        }
        return frame
    }

    private func mask(_ shape: Shape) throws -> RunLengthMask {
        func invalid(_ reason: String) -> MaskFormatError { .invalid(path: file.path, place: "line \(shape.line)", reason: reason) }
        if shape.isPolygon {
            let numbers = (shape.attributes["points"] ?? "").split { $0 == ";" || $0 == "," }.map { Double($0) ?? .nan }
            do { return try RunLengthMask(size: clip.size, polygon: numbers) } catch let error as PolygonError {
                throw invalid(error.reason)
            }
        }
        let numbers = ["left", "top", "width", "height"].map { shape.attributes[$0].flatMap { FileNames.number($0) } }
        guard let left = numbers[0], let top = numbers[1], let width = numbers[2], let height = numbers[3], width > 0, height > 0,
            left + width <= clip.size.width, top + height <= clip.size.height
        else { throw invalid("the mask's box is missing or reaches beyond the image") }
        var mask = Mask(size: clip.size)
        var (position, isInside) = (0, false)
        for text in (shape.attributes["rle"] ?? "").utf8.split(separator: UInt8(ascii: ",")) {
            let digits = String(decoding: text, as: UTF8.self).trimmingCharacters(in: .whitespaces)
            guard let run = FileNames.number(digits), run <= width * height - position else {
                throw invalid("the run \(digits.prefix(20)) of its rle does not fit \(width)x\(height) pixels")
            }
            if isInside {
                for i in position..<(position + run) { mask.values[(top + i / width) * clip.size.width + left + i % width] = 1 }
            }
            position += run
            isInside.toggle()
        }
        guard position == width * height else { throw invalid("its rle covers \(position) of \(width * height) pixels") }
        return RunLengthMask(mask)
    }
}
