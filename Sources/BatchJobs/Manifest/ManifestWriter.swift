import Foundation
import Media

/// Makes a manifest of what is in a folder.
public struct ManifestWriter: Sendable {
    public private(set) var header: ManifestHeader
    public private(set) var lines: [ManifestLine] = []
    /// Videos without prompts, and other things that were left out, in sentences.
    public private(set) var notes: [String] = []
    private let folder: String
    /// In small letters.
    private var taken: Set<String> = []

    /// - Parameters:
    ///   - folder: videos or folders of frames, with prompts of the same name beside them (`goat.mp4` and `goat.json`, or `goat.png` with a
    ///     mask of the first frame); or DAVIS-like data: `JPEGImages` and `Annotations`, with or without a folder for the resolution.
    ///   - every: whether all annotations of DAVIS-like data are looked at, for objects that come later than the first annotated frame.
    /// - Throws: `BatchError`, `MediaError`.
    public init(folder: String, header: ManifestHeader, every: Bool = false) throws {
        self.header = header
        self.folder = AbsolutePath.of(folder)
        let names = try FolderNames.all(in: self.folder)
        if names.contains("JPEGImages"), names.contains("Annotations") {
            try addAnnotatedClips(every: every)
        } else {
            try addVideos(names.filter { !$0.hasPrefix(".") })
        }
        guard !lines.isEmpty else {
            throw BatchError.invalidArgument(
                "\(folder): holds no video with prompts. Put prompts beside videos (goat.mp4 and goat.json, or goat.png with the first frame's mask), or give a folder with JPEGImages and Annotations."
            )
        }
    }

    /// One JSON object a line.
    public func text() throws -> Data {
        var text = try JSONLine.encode(header) + Data("\n".utf8)
        for line in lines { text += try JSONLine.encode(line) + Data("\n".utf8) }
        return text
    }

    private static let videoEndings: Set<String> = [
        "mp4", "mov", "m4v", "mkv", "webm", "avi", "mpg", "mpeg", "ts", "mts", "wmv", "flv", "ogv", "mxf", "gif",
    ]

    private mutating func addVideos(_ names: [String]) throws {
        let present = Set(names)
        for name in names.sorted() {
            let ending = (name as NSString).pathExtension.lowercased()
            let isFolder = Self.isFolder(folder + "/" + name)
            guard isFolder || Self.videoEndings.contains(ending) else { continue }
            let stem = isFolder ? name : (name as NSString).deletingPathExtension
            let path = folder + "/" + name
            if present.contains(stem + ".json") {
                lines.append(ManifestLine(id: id(stem), video: path, prompts: .string("\(folder)/\(stem).json")))
            } else if present.contains(stem + ".txt") {
                lines.append(ManifestLine(id: id(stem), video: path, prompts: .string("\(folder)/\(stem).txt")))
            } else if present.contains(stem + ".png") {
                let mask = "\(folder)/\(stem).png"
                lines.append(
                    ManifestLine(id: id(stem), video: path, prompts: Self.prompts(try Self.objects(in: mask), mask: mask, frame: 0)))
            } else {
                notes.append("\(name): has no prompts beside it (\(stem).json, .txt or .png); left out.")
            }
        }
    }

    private mutating func addAnnotatedClips(every: Bool) throws {
        var (pictures, annotations) = (folder + "/JPEGImages", folder + "/Annotations")
        let resolutions = try FolderNames.all(in: pictures).filter { !$0.hasPrefix(".") && Self.isResolution($0) }
        if let resolution = resolutions.contains("480p") ? "480p" : resolutions.min() {
            (pictures, annotations) = (pictures + "/" + resolution, annotations + "/" + resolution)
        }
        for clip in try FolderNames.all(in: pictures).sorted() where !clip.hasPrefix(".") && Self.isFolder(pictures + "/" + clip) {
            let frames = try FolderNames.all(in: pictures + "/" + clip).filter { !$0.hasPrefix(".") }.sorted()
            let masks = ((try? FolderNames.all(in: annotations + "/" + clip)) ?? []).filter { $0.hasSuffix(".png") }.sorted()
            let stems = frames.map { ($0 as NSString).deletingPathExtension }
            var objects: [Int: JSONValue] = [:]
            for mask in every ? masks : Array(masks.prefix(1)) {
                guard let frame = stems.firstIndex(of: (mask as NSString).deletingPathExtension) else { continue }
                let path = "\(annotations)/\(clip)/\(mask)"
                for id in try Self.objects(in: path) where objects[id] == nil { objects[id] = Self.object(id, mask: path, frame: frame) }
            }
            guard !objects.isEmpty else {
                notes.append("\(clip): has no annotated object; left out.")
                continue
            }
            let list = objects.sorted { $0.key < $1.key }.map(\.value)
            lines.append(ManifestLine(id: id(clip), video: pictures + "/" + clip, prompts: .object(["objects": .list(list)])))
        }
    }

    /// A name for a result that no line before has, whatever its case.
    private mutating func id(_ stem: String) -> String {
        let suggestion = EntryName.isValid(stem) ? stem : EntryName.suggestion(for: stem + ".")
        var (id, number) = (suggestion, 2)
        while !taken.insert(id.lowercased()).inserted {
            let ending = "-\(number)"
            id = suggestion.prefix(EntryName.greatestLength - ending.utf8.count) + ending
            number += 1
        }
        return id
    }

    private static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Such as "480p" and "Full-Resolution".
    private static func isResolution(_ name: String) -> Bool {
        name == "Full-Resolution" || name.hasSuffix("p") && Int(name.dropLast()) != nil
    }

    /// The ids in an index mask; a black and white one marks object 1.
    private static func objects(in path: String) throws -> [Int] {
        let ids = try ImageFile.readIndexMask(path).ids
        return ids == [255] ? [1] : ids
    }

    private static func prompts(_ ids: [Int], mask: String, frame: Int) -> JSONValue {
        .object(["objects": .list(ids.map { object($0, mask: mask, frame: frame) })])
    }

    private static func object(_ id: Int, mask: String, frame: Int) -> JSONValue {
        let isWhole = (try? ImageFile.readIndexMask(mask).ids) == [255]
        let file: JSONValue = isWhole ? .string(mask) : .object(["file": .string(mask), "id": .integer(id)])
        return .object(["id": .integer(id), "frame": .integer(frame), "mask": file])
    }
}
