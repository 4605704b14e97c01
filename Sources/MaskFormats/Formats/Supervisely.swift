import CZlib
import Foundation
import Media
import Support

/// A Supervisely video project (developer.supervisely.com, "Supervisely annotation format"): `meta.json` with the classes, and
/// `dataset/ann/VIDEO.json` with objects and, frame by frame, figures as compressed PNGs.
final class SuperviselyTarget: MaskTarget {
    private let folder: PartFolder
    private let output: TextOutput
    private let clip: MaskClip
    private var objects: [AnnotatedObject] = []
    private var known: Set<Int> = []
    private var frameCount = 0
    private var length = 0

    private struct Frame: Encodable {
        var index: Int
        var figures: [Figure]
    }

    private struct Figure: Encodable {
        var key: String
        var objectKey: String
        var geometryType = "bitmap"
        var geometry: Geometry

        struct Geometry: Encodable { var bitmap: Bitmap }
        struct Bitmap: Encodable {
            /// x and y of the bitmap's first pixel.
            var origin: [Int]
            var data: String
        }
    }

    private struct Object: Encodable {
        var key: String
        var classTitle: String
        var tags: [String] = []
    }

    private struct Class: Encodable {
        var title: String
        var shape = "bitmap"
        var color: String
    }

    private struct Size: Encodable { var height: Int, width: Int }

    init(path: String, clip: MaskClip) throws {
        folder = try PartFolder(for: path)
        self.clip = clip
        output = try TextOutput(folder.newFile("dataset", "ann", FileNames.sequence(of: clip) + ".json"))
        for object in clip.objects { add(object) }
        try output.write("{\n\"description\": \"\",\n\"key\": \"\(Self.key(0, 0))\",\n\"tags\": [],\n\"size\": ")
        try output.write(Size(height: clip.size.height, width: clip.size.width).json())
        try output.write(",\n\"frames\": [")
    }

    private func add(_ object: AnnotatedObject) {
        if known.insert(object.id).inserted { objects.append(object) }
    }

    func append(_ frame: MaskFrame) throws {
        var figures: [Figure] = []
        for entry in frame.objects {
            add(entry.object)
            guard let bounds = entry.mask.mask.bounds else { continue }
            let part = entry.mask.mask.part(bounds.columns, bounds.rows)
            let bitmap = Figure.Bitmap(
                origin: [bounds.columns.lowerBound, bounds.rows.lowerBound],
                data: try Self.compressed(ImageFile.png(of: part)).base64EncodedString())
            figures.append(
                Figure(
                    key: Self.key(entry.object.id, frame.number + 1), objectKey: Self.key(entry.object.id, 0),
                    geometry: Figure.Geometry(bitmap: bitmap)))
        }
        try folder.write {
            try output.write(frameCount == 0 ? "\n" : ",\n")
            try output.write(Frame(index: frame.number, figures: figures).json())
        }
        frameCount += 1
        length = frame.number + 1
    }

    /// A key of 32 digits: the same for the same object and frame, so that equal commands give equal files.
    private static func key(_ object: Int, _ frame: Int) -> String {
        func digits(_ value: Int) -> String {
            let text = String(value, radix: 16)
            return String(repeating: "0", count: max(0, 16 - text.count)) + text
        }
        return digits(object) + digits(frame)
    }

    /// - Throws: `FileError.unwritable` where there is no memory for it.
    private static func compressed(_ data: Data) throws -> Data {
        var count = compressBound(UInt(data.count))
        var result = [UInt8](repeating: 0, count: Int(count))
        let code = data.withUnsafeBytes { bytes -> Int32 in
            guard let base = bytes.bindMemory(to: UInt8.self).baseAddress else { return Z_DATA_ERROR }
            return compress2(&result, &count, base, UInt(bytes.count), Z_DEFAULT_COMPRESSION)
        }
        guard code == Z_OK else { throw FileError.unwritable(path: "a bitmap", reason: "zlib could not compress it") }
        return Data(result.prefix(Int(count)))
    }

    func finish(isComplete: Bool) throws {
        let listed = objects.map { Object(key: Self.key($0.id, 0), classTitle: $0.category) }
        try folder.write {
            try output.write("\n],\n\"framesCount\": \(length),\n\"objects\": ")
            try output.write(listed.json())
            try output.write("\n}\n")
            try output.commit()
        }
        var (classes, titles): ([Class], Set<String>) = ([], [])
        for object in objects where titles.insert(object.category).inserted {
            classes.append(Class(title: object.category, color: object.color.hexadecimal.uppercased()))
        }
        let meta = try folder.newFile("meta.json")
        let text = try classes.json()
        try folder.write {
            try AtomicFile.write(Data("{\"classes\":".utf8) + text + Data(",\"projectType\":\"videos\",\"tags\":[]}\n".utf8), to: meta)
        }
        try folder.commit()
    }

    func abandon() {
        output.discard()
        folder.discard()
    }
}

extension Mask {
    /// A part of it.
    func part(_ columns: ClosedRange<Int>, _ rows: ClosedRange<Int>) -> Mask {
        var part = Mask(width: columns.count, height: rows.count)
        for y in rows {
            let from = y * width + columns.lowerBound
            let target = (y - rows.lowerBound) * columns.count
            part.values.replaceSubrange(target..<(target + columns.count), with: values[from..<(from + columns.count)])
        }
        return part
    }
}
