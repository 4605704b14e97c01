import Foundation
import Media
import Support

/// The JSON that `--rle` writes (docs/cli.md, "Masks as JSON"), byte by byte.
final class RunLengthTarget: MaskTarget {
    private let output: TextOutput
    /// The objects come before the frames in the file, and may come after them in time.
    private let frames: Spool
    private let clip: MaskClip
    private var objects: [AnnotatedObject]
    private var known: Set<Int>
    private var frameCount = 0

    private struct Header: Encodable {
        var video: String
        var width: Int
        var height: Int
        var objects: [Object]

        struct Object: Encodable {
            var id: Int
            var name: String
            var queryFrame: Int?
        }
    }

    private struct Frame: Encodable {
        var frame: Int
        var time: Double
        var objects: [Object]

        struct Object: Encodable {
            var id: Int
            var score: Float?
            var confidence: Float?
            var area: Int
            var bbox: [Int]
            var segmentation: RunLengthMask
        }
    }

    private struct Trailer: Encodable {
        var frameCount: Int
        var complete: Bool
    }

    init(path: String, clip: MaskClip) throws {
        frames = try Spool(beside: path)
        output = try TextOutput(path)
        self.clip = clip
        objects = clip.objects
        known = Set(objects.map(\.id))
    }

    func append(_ frame: MaskFrame) throws {
        for entry in frame.objects where known.insert(entry.object.id).inserted { objects.append(entry.object) }
        let entries = frame.objects.map { entry in
            let box = entry.mask.boundingBox
            return Frame.Object(
                id: entry.object.id, score: entry.score?.toFourDecimals, confidence: entry.confidence?.toFourDecimals,
                area: entry.mask.area, bbox: [box.x, box.y, box.width, box.height], segmentation: entry.mask)
        }
        let time = (clip.seconds(frame) * 1e6).rounded() / 1e6
        try frames.append(frameCount == 0 ? "\n" : ",\n")
        try frames.append(Frame(frame: frame.number, time: time.isFinite ? time : 0, objects: entries).json())
        frameCount += 1
    }

    func finish(isComplete: Bool) throws {
        let header = Header(
            video: clip.name, width: clip.size.width, height: clip.size.height,
            objects: objects.map { Header.Object(id: $0.id, name: $0.name, queryFrame: $0.queryFrame) })
        try output.write("{\n")
        try output.write(header.json().dropFirst().dropLast())
        try output.write(",\n\"frames\": [")
        try frames.copy(to: output)
        try output.write("\n],\n")
        try output.write(Trailer(frameCount: frameCount, complete: isComplete).json().dropFirst().dropLast())
        try output.write("\n}\n")
        try output.commit()
    }

    func abandon() { output.discard() }
}

extension Float {
    /// Nil for what JSON has no numbers for.
    var toFourDecimals: Float? { isFinite ? Float((Double(self) * 10000).rounded() / 10000) : nil }
}

/// The JSON that `--rle` writes.
struct RunLengthSource: MaskSource {
    let clip: MaskClip
    let numbers: [Int]
    let notes: [String]
    private let frames: [JSONPart]
    private let objects: [Int: AnnotatedObject]

    private struct Object: Decodable {
        var id: Int
        var name: String?
        var queryFrame: Int?
    }

    private struct Number: Decodable { var frame: Int }

    private struct Frame: Decodable {
        var time: Double?
        var objects: [Entry]

        struct Entry: Decodable {
            var id: Int
            var score: Float?
            var confidence: Float?
            var segmentation: RunLengthMask
        }
    }

    init(path: String) throws {
        let scanner = JSONScanner(try RandomAccessFile(path))
        var (video, width, height): (String?, Int?, Int?)
        var (objects, parts, numbers): ([Object], [JSONPart], [Int]) = ([], [], [])
        var isComplete = true
        guard try scanner.isObject() else { throw scanner.invalid("run lengths are an object with frames") }
        try scanner.object { key in
            switch key {
            case "video": video = try scanner.decode(String.self)
            case "width": width = try scanner.decode(Int.self)
            case "height": height = try scanner.decode(Int.self)
            case "complete": isComplete = try scanner.decode(Bool.self)
            case "objects": objects = try scanner.decode([Object].self)
            case "frames":
                try scanner.array { _ in
                    let part = try scanner.part()
                    let number = try part.decode(Number.self).frame
                    guard (0...MaskFormat.largestNumber).contains(number), number > numbers.last ?? -1 else {
                        throw part.invalid("the frame number \(number) does not follow \(numbers.last.map(String.init) ?? "the start")")
                    }
                    numbers.append(number)
                    parts.append(part)
                }
            default: try scanner.skip()
            }
        }
        try scanner.end()
        guard let width, let height, (1...16384).contains(width), (1...16384).contains(height), !parts.isEmpty else {
            throw MaskFormatError.invalid(path: path, place: nil, reason: "width, height or frames are missing or impossible")
        }
        for (index, object) in objects.enumerated() where !(1...MaskFormat.largestNumber).contains(object.id) {
            throw MaskFormatError.invalid(path: path, place: "objects[\(index)].id", reason: "ids are above 0")
        }
        let described = objects.map { AnnotatedObject(id: $0.id, name: $0.name, queryFrame: $0.queryFrame) }
        self.objects = Dictionary(described.map { ($0.id, $0) }) { first, _ in first }
        (frames, self.numbers) = (parts, numbers)
        notes = isComplete ? [] : ["\(path): is not complete: the run that wrote it ended early"]
        clip = MaskClip(
            name: video ?? PathParts(path).name, size: ImageSize(width: width, height: height), objects: described)
    }

    func frame(at position: Int) throws -> MaskFrame {
        let frame = try frames[position].decode(Frame.self)
        var seen = Set<Int>()
        let entries = try frame.objects.map { entry in
            guard (1...MaskFormat.largestNumber).contains(entry.id), seen.insert(entry.id).inserted else {
                throw frames[position].invalid("object \(entry.id) is there twice, or below 1")
            }
            return ObjectMask(
                objects[entry.id] ?? AnnotatedObject(id: entry.id), mask: entry.segmentation, score: entry.score,
                confidence: entry.confidence)
        }
        return MaskFrame(number: numbers[position], seconds: frame.time, objects: entries)
    }
}
