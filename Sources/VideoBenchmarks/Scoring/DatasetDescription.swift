import Foundation
import Media

/// What a data set says of one object.
public struct DescribedObject: Sendable, Equatable {
    public var category: String?
    public var isSeen: Bool?
    /// The frames that count.
    public var frames: [String]
}

/// A data set's `meta.json`: which objects there are, and in which frames (YouTube-VOS, LVOS).
public struct DatasetDescription: Sendable, Equatable {
    /// By sequence and id.
    public var objects: [String: [Int: DescribedObject]]
    /// Names that are none, which are left out.
    public private(set) var findings: [ScoringFinding]

    private struct File: Decodable {
        struct Video: Decodable { var objects: [String: Object] }
        struct Object: Decodable {
            var category: String?
            var frames: [String]?
            var frame_range: Range?
        }
        struct Range: Decodable {
            var start: Number
            var end: Number
        }
        /// Written as a number or as text.
        struct Number: Decodable {
            let value: Int
            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                if let number = try? container.decode(Int.self) {
                    value = number
                } else if let number = Int(try container.decode(String.self)) {
                    value = number
                } else {
                    throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a number")
                }
            }
        }
        var videos: [String: Video]
    }

    private struct Categories: Decodable {
        var seen: [String]
        var unseen: [String]
    }

    /// - Parameters:
    ///   - path: `meta.json`: `videos` by name, in each `objects` by id with `category` and `frames` (YouTube-VOS: an object's first frame
    ///     is given and does not count) or `frame_range` (LVOS: every fifth frame counts, the last one excluded).
    ///   - categories: a JSON file with `seen` and `unseen`, lists of categories; nil: not told apart.
    ///   - countsFirstFrames: whether the frame in which an object is given counts.
    /// - Throws: `MediaError`; `ScoringError.invalidMeta`; `VideoNameError` where every name leads elsewhere.
    public init(path: String, categories: String? = nil, countsFirstFrames: Bool = false) throws {
        let file: File = try Self.read(path)
        let kinds: Categories? = try categories.map(Self.read)
        let (seen, unseen) = (Set(kinds?.seen ?? []), Set(kinds?.unseen ?? []))
        (objects, findings) = ([:], [])
        var faults = NameFaults()
        for (name, video) in file.videos.sorted(by: { $0.key < $1.key }) {
            guard let name = try faults.checked({ try VideoName(name, in: path).text }) else { continue }
            for (id, object) in video.objects.sorted(by: { $0.key < $1.key }) {
                guard let number = Int(id), (1...65535).contains(number) else {
                    throw ScoringError.invalidMeta(
                        path: path, reason: "\(name) has an object \"\(id)\", which is no number from 1 to 65535")
                }
                guard objects[name]?[number] == nil else {
                    throw ScoringError.invalidMeta(
                        path: path, reason: "\(name) has two objects of the number \(number), one of them written \"\(id)\"")
                }
                let frames = try Self.frames(of: object, in: path, countsFirst: countsFirstFrames)
                let isSeen = object.category.flatMap { seen.contains($0) ? true : unseen.contains($0) ? false : nil }
                if kinds != nil, isSeen == nil {
                    throw ScoringError.invalidMeta(
                        path: path,
                        reason:
                            "\(name) has an object of the category \"\(object.category ?? "")\", which \(categories ?? "") does not list")
                }
                objects[name, default: [:]][number] = DescribedObject(category: object.category, isSeen: isSeen, frames: frames)
            }
        }
        findings = faults.findings
        if objects.isEmpty, let first = faults.first { throw first }
    }

    private static func frames(of object: File.Object, in path: String, countsFirst: Bool) throws -> [String] {
        if let frames = object.frames { return Array(frames.sorted(by: MaskFolder.codePointOrder).dropFirst(countsFirst ? 0 : 1)) }
        guard let range = object.frame_range else {
            throw ScoringError.invalidMeta(path: path, reason: "an object has neither frames nor frame_range")
        }
        let (start, end) = (range.start.value, range.end.value)
        guard start >= 0, end >= start, end - start < 10_000_000 else {
            throw ScoringError.invalidMeta(path: path, reason: "a frame_range goes from \(start) to \(end)")
        }
        return stride(from: start, to: end, by: 5).map { number in
            let text = String(number)
            return String(repeating: "0", count: max(0, 8 - text.count)) + text
        }
    }

    private static func read<Value: Decodable>(_ path: String) throws -> Value {
        let text = try TextFile.read(path)
        do { return try JSONDecoder().decode(Value.self, from: Data(text.utf8)) } catch {
            throw ScoringError.invalidMeta(path: path, reason: "it is no JSON of the expected form (\(Self.place(of: error)))")
        }
    }

    private static func place(of error: any Error) -> String {
        guard let error = error as? DecodingError else { return "\(error)" }
        switch error {
        case .keyNotFound(let key, let context):
            return "\((context.codingPath + [key]).map(\.stringValue).joined(separator: ".")) is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            return context.codingPath.isEmpty ? "not JSON" : context.codingPath.map(\.stringValue).joined(separator: ".")
        @unknown default: return "not JSON"
        }
    }
}
