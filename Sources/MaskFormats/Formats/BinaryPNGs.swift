import Foundation
import Media
import Support

/// One black and white PNG an object and frame, in a folder an object named by its id; `objects.json` beside them has names, categories
/// and colours.
final class BinaryPNGTarget: MaskTarget {
    private let folder: PartFolder
    private var objects: [AnnotatedObject] = []
    private var known: Set<Int> = []

    static let table = "objects.json"

    /// A line of the table.
    struct Row: Codable {
        var id: Int
        var name: String
        var category: String?
        /// "#rrggbb".
        var color: String?
    }

    init(path: String, clip: MaskClip) throws {
        folder = try PartFolder(for: path)
        for object in clip.objects { try add(object) }
    }

    private func add(_ object: AnnotatedObject) throws {
        guard known.insert(object.id).inserted else { return }
        objects.append(object)
        try folder.makeFolder([String(object.id)])
    }

    func append(_ frame: MaskFrame) throws {
        for entry in frame.objects {
            try add(entry.object)
            let file = try folder.newFile(String(entry.object.id), FileNames.stem(of: frame) + ".png")
            try folder.write { try ImageFile.writeMask(entry.mask.mask, to: file) }
        }
    }

    func finish(isComplete: Bool) throws {
        let rows = objects.map { Row(id: $0.id, name: $0.name, category: $0.category, color: $0.color.hexadecimal) }
        let file = try folder.newFile(Self.table)
        let text = try rows.json()
        try folder.write { try AtomicFile.write(text + Data("\n".utf8), to: file) }
        try folder.commit()
    }

    func abandon() { folder.discard() }
}

/// Folders of black and white PNGs, one an object. Without a table, folders named by numbers are ids, and others objects in natural order.
struct BinaryPNGSource: MaskSource {
    let clip: MaskClip
    let numbers: [Int]
    private let path: String
    private let folders: [(name: String, object: AnnotatedObject)]
    private let files: ObjectFiles

    init(path: String) throws {
        let table = path + "/" + BinaryPNGTarget.table
        var folders: [(name: String, object: AnnotatedObject)] = []
        if FileManager.default.fileExists(atPath: table) {
            for row in try Self.rows(table) where PNGFolder.isFolder(path + "/\(row.id)") {
                let object = AnnotatedObject(
                    id: row.id, name: row.name, category: row.category ?? AnnotatedObject.defaultCategory,
                    color: row.color.flatMap(Color.init(hexadecimal:)))
                folders.append((String(row.id), object))
            }
        } else {
            folders = ObjectFiles.objects(try PNGFolder.folders(path))
        }
        files = try ObjectFiles(path: path, folders: folders.map(\.name))
        (self.path, self.folders, numbers) = (path, folders, files.numbers)
        clip = MaskClip(name: PathParts(path).name, size: files.size, objects: folders.map(\.object))
    }

    private static func rows(_ table: String) throws -> [BinaryPNGTarget.Row] {
        let file = try RandomAccessFile(table)
        let rows = try JSONPart(file: file, part: FilePart(start: 0, count: file.count), place: "").decode([BinaryPNGTarget.Row].self)
        var seen = Set<Int>()
        for (index, row) in rows.enumerated() {
            guard (1...MaskFormat.largestNumber).contains(row.id), seen.insert(row.id).inserted else {
                throw MaskFormatError.invalid(path: table, place: "[\(index)].id", reason: "the id \(row.id) is there twice, or below 1")
            }
        }
        return rows
    }

    func frame(at position: Int) throws -> MaskFrame {
        try files.frame(at: position, objects: folders.map(\.object))
    }
}

/// PNGs in a folder an object; a frame is what has one name in all of them.
struct ObjectFiles: Sendable {
    let size: ImageSize
    let numbers: [Int]
    private let stems: [String]
    private let path: String
    private let folders: [String]
    /// For every frame, the folders (by place) that have a file of it.
    private let holders: [[Int32]]

    /// - Parameter steps: what a file's number is multiplied with to give the frame's.
    init(path: String, folders: [String]) throws {
        guard !folders.isEmpty else { throw MaskFormatError.invalid(path: path, place: nil, reason: "no folder of an object is in it") }
        var holders: [String: [Int32]] = [:]
        for (index, folder) in folders.enumerated() {
            for name in try PNGFolder.names(path + "/" + folder) {
                holders[String(name.dropLast(4)), default: []].append(Int32(clamping: index))
            }
        }
        let stems = holders.keys.sorted(by: FrameFolder.naturallyBefore)
        guard let first = stems.first, let folder = holders[first]?.first else {
            throw MaskFormatError.invalid(path: path, place: nil, reason: "no PNG is in its folders")
        }
        (self.path, self.folders, self.stems) = (path, folders, stems)
        self.holders = stems.map { holders[$0] ?? [] }
        numbers = FileNames.numbers(stems)
        size = try ImageFile.readIndexMask("\(path)/\(folders[Int(folder)])/\(first).png").size
    }

    /// Objects by their folders' names: the number that a name is, or the next that is free.
    static func objects(_ names: [String]) -> [(name: String, object: AnnotatedObject)] {
        var used = Set(names.compactMap { FileNames.number($0) }.filter { $0 > 0 })
        var taken = Set<Int>()
        return names.map { name in
            if let id = FileNames.number(name), id > 0, taken.insert(id).inserted { return (name, AnnotatedObject(id: id)) }
            var id = 1
            while used.contains(id) { id += 1 }
            used.insert(id)
            return (name, AnnotatedObject(id: id, name: name))
        }
    }

    func frame(at position: Int, objects: [AnnotatedObject]) throws -> MaskFrame {
        var frame = MaskFrame(number: numbers[position], stem: stems[position])
        for index in holders[position].map(Int.init) {
            let file = "\(path)/\(folders[index])/\(stems[position]).png"
            let mask = try ImageFile.readIndexMask(file)
            guard mask.size == size else { throw MediaError.frameSizeDiffers(path: file, expected: size, found: mask.size) }
            frame.objects.append(ObjectMask(objects[index], mask: RunLengthMask(mask.foreground)))
        }
        return frame
    }
}

extension Color {
    /// "#rrggbb".
    var hexadecimal: String {
        "#" + [red, green, blue].map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// - Parameter text: "#rrggbb", also without the sign.
    public init?(hexadecimal text: String) {
        let digits = text.hasPrefix("#") ? text.dropFirst() : text[...]
        guard digits.utf8.count == 6, digits.allSatisfy(\.isHexDigit), let value = UInt32(digits, radix: 16) else { return nil }
        self.init(UInt8(value >> 16), UInt8(value >> 8 & 255), UInt8(value & 255))
    }
}
