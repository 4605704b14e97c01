import Foundation
import Media
import Support

/// Numbers of classes, and of objects within them, as MOTS has them (Voigtlaender et al., 2019): an object's number is class x 1000 +
/// instance; class 10 marks regions to ignore.
struct MOTSNumbers {
    static let ignored = 10
    private static let known = ["car": 1, "pedestrian": 2]
    private var numbers: [String: Int] = [:]
    private var next = 3

    /// Cars are 1, pedestrians 2, "class 7" is 7, others follow from 3 on.
    mutating func number(ofClass category: String) -> Int {
        if let number = numbers[category] { return number }
        let said = category.hasPrefix("class ") ? FileNames.number(category.dropFirst(6)) : nil
        var number = Self.known[category] ?? said.flatMap { (1...64).contains($0) ? $0 : nil }
        if number == nil {
            while next == Self.ignored || numbers.values.contains(next) { next += 1 }
            number = next
            next += 1
        }
        numbers[category] = number
        return number ?? 1
    }

    /// - Throws: `MaskFormatError.inexpressible` for ids that do not fit.
    mutating func number(of object: AnnotatedObject, format: MaskFormat) throws -> (class: Int, object: Int) {
        let number = number(ofClass: object.category)
        if object.id / 1000 == number, object.id % 1000 > 0 { return (number, object.id) }
        guard (1...999).contains(object.id), number <= 64 else {
            throw MaskFormatError.inexpressible(
                format: format.name, reason: "object \(object.id) of class \(number); ids end at 999, classes at 64")
        }
        return (number, 1000 * number + object.id)
    }

    /// What a class is called.
    static func category(_ number: Int) -> String { known.first { $0.value == number }?.key ?? "class \(number)" }

    /// The objects behind numbers: the instances, where those of all classes differ, otherwise the numbers themselves.
    static func objects(_ numbers: [(class: Int, object: Int)]) -> [Int: AnnotatedObject] {
        let instances = numbers.map { $0.object / 1000 == $0.class && $0.object % 1000 > 0 ? $0.object % 1000 : nil }
        let isShort = !instances.contains(nil) && Set(instances).count == instances.count
        return Dictionary(
            zip(numbers, instances).map { number, instance in
                let id = isShort ? instance ?? number.object : number.object
                return (number.object, AnnotatedObject(id: id, category: category(number.class)))
            }
        ) { first, _ in first }
    }
}

/// MOTS text: a line an object and frame, "frame object class height width run-lengths". Frames count from 0, as in KITTI.
final class MOTSTarget: MaskTarget {
    private let output: TextOutput
    private let size: ImageSize
    private var numbers = MOTSNumbers()

    init(path: String, clip: MaskClip) throws {
        output = try TextOutput(path)
        size = clip.size
    }

    func append(_ frame: MaskFrame) throws {
        var lines: [(class: Int, object: Int)] = []
        for entry in frame.objects { lines.append(try numbers.number(of: entry.object, format: .mots)) }
        // Masks may not overlap.
        let places = Dictionary(frame.objects.enumerated().map { ($0.element.object.id, UInt16(clamping: $0.offset + 1)) }) { a, _ in a }
        guard lines.count < Int(UInt16.max) else {
            throw MaskFormatError.inexpressible(format: MaskFormat.mots.name, reason: "\(lines.count) objects in one frame")
        }
        for entry in IndexMask(frame, size: size, value: { places[$0.id] ?? 0 }).runLengths() {
            let line = lines[entry.id - 1]
            try output.write("\(frame.number) \(line.object) \(line.class) \(size.height) \(size.width) \(entry.mask.compressed)\n")
        }
    }

    func finish(isComplete: Bool) throws { try output.commit() }
    func abandon() { output.discard() }
}

struct MOTSSource: MaskSource {
    let clip: MaskClip
    let numbers: [Int]
    let notes: [String]
    private let file: RandomAccessFile
    /// The lines of each frame.
    private let lines: [[Line]]
    private let objects: [Int: AnnotatedObject]

    private struct Line {
        var number: Int
        var object: Int
        /// The run lengths.
        var part: FilePart
    }

    /// Longer lines hold no mask of a picture.
    private static let longestLine = 1 << 24

    init(path: String) throws {
        let file = try RandomAccessFile(path)
        var bytes = SequentialBytes(file)
        var frames: [Int: [Int: Line]] = [:]
        var (size, known, ignored, number): (ImageSize?, [Int: Int], Int, Int) = (nil, [:], 0, 0)
        while try bytes.peek() != nil {
            number += 1
            func invalid(_ reason: String) -> MaskFormatError { .invalid(path: path, place: "line \(number)", reason: reason) }
            let (line, start) = (try Self.line(&bytes) { invalid($0) }, bytes.offset)
            if line.allSatisfy({ $0 == 32 || $0 == 9 }) { continue }
            let fields = line.split(separator: 32, omittingEmptySubsequences: false)
            guard fields.count == 6 else { throw invalid("expected six fields with a blank between, found \(fields.count)") }
            let values = fields.prefix(5).map { FileNames.number(String(decoding: $0, as: UTF8.self)) }
            guard let frame = values[0], let object = values[1], let group = values[2], let height = values[3], let width = values[4] else {
                throw invalid("frame, object, class, height and width are whole numbers")
            }
            let found = ImageSize(width: width, height: height)
            guard (1...16384).contains(width), (1...16384).contains(height), found == size ?? found else {
                throw invalid("a mask of \(found) is not possible here")
            }
            size = found
            guard group != MOTSNumbers.ignored else {
                ignored += 1
                continue
            }
            guard object > 0, known[object, default: group] == group else {
                throw invalid("object \(object) is 0, or has another class than before")
            }
            known[object] = group
            let count = fields[5].count
            let entry = Line(number: number, object: object, part: FilePart(start: start - 1 - count, count: count))
            guard frames[frame, default: [:]].updateValue(entry, forKey: object) == nil else {
                throw invalid("object \(object) is there twice")
            }
        }
        guard let size, !frames.isEmpty else {
            throw MaskFormatError.invalid(
                path: path, place: nil, reason: "it holds no line \"frame object class height width run-lengths\"")
        }
        let order = frames.keys.sorted()
        (self.file, numbers, lines) = (file, order, order.map { (frames[$0] ?? [:]).values.sorted { $0.object < $1.object } })
        objects = MOTSNumbers.objects(known.map { ($0.value, $0.key) }.sorted { $0.1 < $1.1 })
        clip = MaskClip(
            name: FileNames.stem(ofPath: path) ?? "video", size: size, objects: objects.values.sorted { $0.id < $1.id })
        notes = ignored == 0 ? [] : ["\(path): \(ignored) regions to ignore (class 10) are left out"]
    }

    /// The next line without its end; afterwards the offset is one byte beyond the line, whether a line feed was there or not.
    private static func line(_ bytes: inout SequentialBytes, _ invalid: (String) -> MaskFormatError) throws -> [UInt8] {
        var line: [UInt8] = []
        while let byte = try bytes.peek() {
            bytes.advance()
            if byte == 10 { return line }
            guard line.count < longestLine else { throw invalid("it has more than \(longestLine) bytes") }
            line.append(byte)
        }
        bytes.advance()
        return line
    }

    func frame(at position: Int) throws -> MaskFrame {
        var frame = MaskFrame(number: numbers[position])
        for line in lines[position] {
            var text = try file.read(line.part)
            if text.last == 13 { text.removeLast() }
            do {
                let mask = try RunLengthMask(size: clip.size, compressed: String(decoding: text, as: UTF8.self))
                frame.objects.append(ObjectMask(objects[line.object] ?? AnnotatedObject(id: line.object), mask: mask))
            } catch let error as RunLengthError {
                throw MaskFormatError.invalid(path: file.path, place: "line \(line.number)", reason: error.clause)
            }
        }
        return frame
    }
}

extension RunLengthError {
    /// Without the full stop.
    var clause: String { description.hasSuffix(".") ? String(description.dropLast()) : description }
}

/// MOTS PNGs: one of 16 bits a frame, class x 1000 + instance.
final class MOTSPNGTarget: MaskTarget {
    private let folder: PartFolder
    private let size: ImageSize
    private var numbers = MOTSNumbers()

    init(path: String, clip: MaskClip) throws {
        folder = try PartFolder(for: path)
        size = clip.size
    }

    func append(_ frame: MaskFrame) throws {
        let mask = try IndexMask(frame, size: size) { UInt16(clamping: try numbers.number(of: $0, format: .motsPNG).object) }
        let file = try folder.newFile(FileNames.stem(of: frame) + ".png")
        try folder.write { try ImageFile.writeGray16(mask, to: file) }
    }

    func finish(isComplete: Bool) throws { try folder.commit() }
    func abandon() { folder.discard() }
}

/// All pictures are looked at on opening, since which numbers occur decides what objects are called.
struct MOTSPNGSource: MaskSource {
    let clip: MaskClip
    private let folder: PNGFolder
    private let objects: [Int: AnnotatedObject]
    /// The value of regions to ignore.
    private static let void = 1000 * MOTSNumbers.ignored

    var numbers: [Int] { folder.numbers }

    init(path: String) throws {
        folder = try PNGFolder(path)
        var (found, size): (Set<Int>, ImageSize?) = ([], nil)
        for position in folder.numbers.indices {
            let mask = try Self.read(folder.file(position), size: size)
            size = mask.size
            found.formUnion(mask.ids)
        }
        let values = found.subtracting([Self.void]).sorted()
        objects = MOTSNumbers.objects(values.map { ($0 / 1000, $0) })
        clip = MaskClip(
            name: PathParts(path).name, size: size ?? ImageSize(width: 1, height: 1), objects: objects.values.sorted { $0.id < $1.id })
    }

    private static func read(_ file: String, size: ImageSize?) throws -> IndexMask {
        let mask = try ImageFile.readIndexMask(file)
        if let size, mask.size != size { throw MediaError.frameSizeDiffers(path: file, expected: size, found: mask.size) }
        return mask
    }

    func frame(at position: Int) throws -> MaskFrame {
        let mask = try Self.read(folder.file(position), size: clip.size)
        return MaskFrame(
            number: numbers[position], stem: folder.stems[position],
            objects: mask.runLengths().filter { $0.id != Self.void }.map {
                ObjectMask(objects[$0.id] ?? AnnotatedObject(id: $0.id), mask: $0.mask)
            })
    }
}
