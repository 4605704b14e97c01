import Foundation
import Media
import Support

/// SA-V's JSON (ai.meta.com/datasets/segment-anything-video): for every annotated frame a list with every object's run lengths. Annotated
/// is every fourth frame.
final class SAVTarget: MaskTarget {
    /// One annotated frame in so many.
    static let step = 4

    private let output: TextOutput
    private let masks: ObjectSpool
    private let clip: MaskClip
    private var lastNumber = 0
    private var length = 0

    private struct Fields: Encodable {
        var masklet_first_appeared_frame: [Int]
        var masklet_frame_count: [Int]
        var masklet_id: [Int]
        var masklet_num: Int
        var masklet_type = "manual"
        var video_duration: Double
        var video_frame_count: Int
        var video_height: Int
        var video_id: String
        var video_resolution: Int
        var video_width: Int
    }

    init(path: String, clip: MaskClip) throws {
        masks = try ObjectSpool(beside: path)
        output = try TextOutput(path)
        self.clip = clip
    }

    func append(_ frame: MaskFrame) throws {
        lastNumber = frame.number
        guard frame.number % Self.step == 0 else { return }
        let position = frame.number / Self.step
        guard position - length <= Self.longestGap else {
            throw MaskFormatError.inexpressible(format: MaskFormat.sav.name, reason: "frame \(frame.number) far behind the frame before")
        }
        length = position + 1
        for entry in frame.objects where !entry.mask.isEmpty { try masks.append(entry.mask.json(), of: entry, at: position) }
    }

    /// Frames that are not there are lists of empty masks.
    private static let longestGap = 100_000

    func finish(isComplete: Bool) throws {
        try Self.checkFrames(length, format: .sav)
        let objects = masks.objects
        let seconds = Double(lastNumber + 1) * Double(clip.timeBase.numerator) / Double(max(1, clip.timeBase.denominator))
        let fields = Fields(
            masklet_first_appeared_frame: objects.map { ($0.entries.first?.position ?? 0) * Self.step },
            masklet_frame_count: objects.map(\.entries.count), masklet_id: objects.map(\.description.id), masklet_num: objects.count,
            video_duration: seconds.isFinite ? seconds : 0, video_frame_count: lastNumber + 1, video_height: clip.size.height,
            video_id: FileNames.sequence(of: clip), video_resolution: clip.size.pixelCount, video_width: clip.size.width)
        try output.write("{\n")
        try output.write(fields.json().dropFirst().dropLast())
        try output.write(",\n\"masklet\": [")
        let empty = try RunLengthMask.empty(clip.size).json()
        var cursors = [Int](repeating: 0, count: objects.count)
        for position in 0..<length {
            try output.write(position == 0 ? "\n[" : ",\n[")
            for (index, object) in objects.enumerated() {
                if index > 0 { try output.write(",") }
                if cursors[index] < object.entries.count, object.entries[cursors[index]].position == position {
                    try output.write(masks.read(object.entries[cursors[index]]))
                    cursors[index] += 1
                } else {
                    try output.write(empty)
                }
            }
            try output.write("]")
        }
        try output.write("\n]\n}\n")
        try output.commit()
    }

    /// Without a frame in four nothing would be left.
    static func checkFrames(_ count: Int, format: MaskFormat) throws {
        guard count == 0 else { return }
        throw MaskFormatError.inexpressible(
            format: format.name, reason: "of the frames none has a number that \(step) divides, and no others are written")
    }

    func abandon() { output.discard() }
}

struct SAVSource: MaskSource {
    let clip: MaskClip
    let numbers: [Int]
    private let frames: [JSONPart]
    private let objects: [AnnotatedObject]

    init(path: String) throws {
        let scanner = JSONScanner(try RandomAccessFile(path))
        var (frames, ids): ([JSONPart], [Int]?) = ([], nil)
        var (width, height, count): (Double?, Double?, Double?)
        var name: String?
        guard try scanner.isObject() else { throw scanner.invalid("SA-V's annotations are an object with a list \"masklet\"") }
        try scanner.object { key in
            switch key {
            case "masklet": try scanner.array { _ in frames.append(try scanner.part()) }
            case "masklet_id": ids = try scanner.decode([Int].self)
            case "video_width": width = try scanner.decode(Double.self)
            case "video_height": height = try scanner.decode(Double.self)
            case "video_frame_count": count = try scanner.decode(Double.self)
            case "video_id": name = try scanner.decode(String.self)
            default: try scanner.skip()
            }
        }
        try scanner.end()
        guard let first = frames.first else {
            throw MaskFormatError.invalid(path: path, place: "masklet", reason: "there is no frame, so this is no file of SA-V")
        }
        let masks = try first.decode([RunLengthMask].self)
        var size = masks.first?.size
        if size == nil, let width, let height, (1...16384).contains(width), (1...16384).contains(height) {
            size = ImageSize(width: Int(width), height: Int(height))
        }
        guard let size, (1...16384).contains(size.width), (1...16384).contains(size.height) else {
            throw MaskFormatError.invalid(path: path, place: "masklet[0]", reason: "the size of its masks is impossible or not said")
        }
        var known = ids ?? Array(masks.indices)
        // The data set counts from 0, ids here from 1.
        if known.contains(0) { known = known.map { $0 < MaskFormat.largestNumber ? $0 + 1 : $0 } }
        guard known.count == masks.count, known.allSatisfy({ (1...MaskFormat.largestNumber).contains($0) }), Set(known).count == known.count
        else {
            throw MaskFormatError.invalid(
                path: path, place: "masklet_id", reason: "there must be one id, from 0 on, for each of \(masks.count) objects")
        }
        let objects = known.map { AnnotatedObject(id: $0) }
        // Where as many frames are annotated as there are, they are all.
        let step = count.map { $0 <= Double(frames.count) } ?? false ? 1 : SAVTarget.step
        (self.frames, self.objects, numbers) = (frames, objects, frames.indices.map { $0 * step })
        clip = MaskClip(name: name ?? PathParts(path).name, size: size, objects: objects)
    }

    func frame(at position: Int) throws -> MaskFrame {
        let masks = try frames[position].decode([RunLengthMask?].self)
        guard masks.count == objects.count else {
            throw frames[position].invalid("it has \(masks.count) masks, the file \(objects.count) objects")
        }
        let entries = zip(objects, masks).compactMap { object, mask in
            mask.flatMap { $0.isEmpty ? nil : ObjectMask(object, mask: $0) }
        }
        return MaskFrame(number: numbers[position], objects: entries)
    }
}

/// SA-V's folders: `Annotations_6fps/VIDEO/OBJECT/00000.png`, every fourth frame.
final class SAVFoldersTarget: MaskTarget {
    static let annotations = "Annotations_6fps"

    private let folder: PartFolder
    private let sequence: String
    private var frameCount = 0

    init(path: String, clip: MaskClip) throws {
        folder = try PartFolder(for: path)
        sequence = FileNames.sequence(of: clip)
    }

    func append(_ frame: MaskFrame) throws {
        guard frame.number % SAVTarget.step == 0 else { return }
        frameCount += 1
        for entry in frame.objects {
            let id = String(entry.object.id)
            let name = String(repeating: "0", count: max(0, 3 - id.count)) + id
            let file = try folder.newFile(Self.annotations, sequence, name, FileNames.padded(frame.number) + ".png")
            let mask = entry.mask.mask
            let index = IndexMask(width: mask.width, height: mask.height, values: mask.values.map(UInt16.init))
            try folder.write { try ImageFile.writeIndexMask(index, to: file) }
        }
    }

    func finish(isComplete: Bool) throws {
        try SAVTarget.checkFrames(frameCount, format: .savFolders)
        try folder.makeFolder([Self.annotations])
        try folder.makeFolder([Self.annotations, sequence])
        try folder.commit()
    }

    func abandon() { folder.discard() }
}

struct SAVFoldersSource: MaskSource {
    let clip: MaskClip
    var numbers: [Int] { files.numbers }
    private let files: ObjectFiles
    private let objects: [AnnotatedObject]

    /// - Parameters:
    ///   - path: the data set, its `Annotations_6fps`, or one video's folder.
    ///   - video: which, where there are several.
    static func open(_ path: String, video: String?) throws -> SAVFoldersSource {
        var folder = path
        if PNGFolder.isFolder(folder + "/" + SAVFoldersTarget.annotations) { folder += "/" + SAVFoldersTarget.annotations }
        let names = try PNGFolder.folders(folder)
        // A video's folder has folders with pictures in them.
        if let first = names.first, try !PNGFolder.names(folder + "/" + first).isEmpty { return try SAVFoldersSource(path: folder) }
        guard let chosen = try SequenceChoice.choose(video, among: names, path: path, what: "videos") else {
            throw MaskFormatError.invalid(path: path, place: nil, reason: "no folder of a video is in it")
        }
        return try SAVFoldersSource(path: folder + "/" + chosen)
    }

    private init(path: String) throws {
        let folders = ObjectFiles.objects(try PNGFolder.folders(path))
        files = try ObjectFiles(path: path, folders: folders.map(\.name))
        objects = folders.map(\.object)
        clip = MaskClip(name: PathParts(path).name, size: files.size, objects: objects)
    }

    func frame(at position: Int) throws -> MaskFrame { try files.frame(at: position, objects: objects) }
}
