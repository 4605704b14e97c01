import Foundation
import Media
import Segmenters

/// The JSON file of `--prompts` (docs/cli.md, "Prompts file").
struct PromptsFile: Decodable {
    var objects: [Object]

    struct Object: Decodable {
        var id: Int?
        var name: String?
        var frame: Int?
        var points: [Point]?
        var box: [Float]?
        var mask: MaskFile?
    }

    /// `[x, y]`, `[x, y, label]` or `{"x": ..., "y": ..., "label": ...}`; label 1 (the default) is on the object, 0 is not.
    struct Point: Decodable {
        var x: Float
        var y: Float
        var label: Int

        private enum Key: String, CodingKey { case x, y, label }

        init(from decoder: any Decoder) throws {
            if var list = try? decoder.unkeyedContainer() {
                x = try list.decode(JSONFloat.self).value
                y = try list.decode(JSONFloat.self).value
                label = list.isAtEnd ? 1 : try list.decode(JSONInteger.self).value
                guard list.isAtEnd else {
                    throw DecodingError.dataCorruptedError(in: list, debugDescription: "a point has two coordinates and a label")
                }
            } else {
                try decoder.rejectUnknownKeys(known: ["x", "y", "label"])
                let fields = try decoder.container(keyedBy: Key.self)
                x = try fields.decode(JSONFloat.self, forKey: .x).value
                y = try fields.decode(JSONFloat.self, forKey: .y).value
                label = try fields.decodeIfPresent(JSONInteger.self, forKey: .label)?.value ?? 1
            }
            guard label == 0 || label == 1 else {
                throw DecodingError.dataCorrupted(
                    .init(
                        codingPath: decoder.codingPath, debugDescription: "label \(label) is neither 1 (on the object) nor 0 (not on it)"))
            }
        }
    }

    /// `"rabbit.png"` or `{"file": "rabbit.png", "id": 2}`.
    struct MaskFile: Decodable {
        var file: String
        var id: Int?

        private enum Key: String, CodingKey { case file, id }

        init(from decoder: any Decoder) throws {
            if let name = try? decoder.singleValueContainer().decode(String.self) {
                (file, id) = (name, nil)
            } else {
                try decoder.rejectUnknownKeys(known: ["file", "id"])
                let fields = try decoder.container(keyedBy: Key.self)
                file = try fields.decode(String.self, forKey: .file)
                id = try fields.decodeIfPresent(JSONInteger.self, forKey: .id)?.value
            }
        }
    }

    /// - Parameter folder: where relative mask paths start: the file's own folder.
    /// - Throws: `CommandError.invalidInput` that names the offending field.
    static func parse(_ data: Data, path: String, folder: URL) throws -> [MarkedObject] {
        do {
            _ = try JSONSerialization.jsonObject(with: data)
        } catch {
            throw CommandError.invalidInput("\(path): is not valid JSON: \((error as NSError).jsonReason)")
        }
        let file: PromptsFile
        do {
            file = try JSONDecoder().decode(PromptsFile.self, from: data)
        } catch let error as DecodingError {
            throw CommandError.invalidInput("\(path): \(error.explanation)")
        }
        guard !file.objects.isEmpty else { throw CommandError.invalidInput("\(path): objects: is empty.") }
        return try file.objects.enumerated().map { index, object in
            try object.marked(defaultID: index + 1, field: "\(path): objects[\(index)]", folder: folder)
        }
    }
}

extension PromptsFile {
    private enum Key: String, CodingKey { case objects }

    init(from decoder: any Decoder) throws {
        try decoder.rejectUnknownKeys(known: ["objects"])
        objects = try decoder.container(keyedBy: Key.self).decode([Object].self, forKey: .objects)
    }
}

extension PromptsFile.Object {
    private enum Key: String, CodingKey, CaseIterable { case id, name, frame, points, box, mask }

    init(from decoder: any Decoder) throws {
        try decoder.rejectUnknownKeys(known: Key.allCases.map(\.rawValue))
        let fields = try decoder.container(keyedBy: Key.self)
        id = try fields.decodeIfPresent(JSONInteger.self, forKey: .id)?.value
        name = try fields.decodeIfPresent(String.self, forKey: .name)
        frame = try fields.decodeIfPresent(JSONInteger.self, forKey: .frame)?.value
        points = try fields.decodeIfPresent([PromptsFile.Point].self, forKey: .points)
        box = try fields.decodeIfPresent([JSONFloat].self, forKey: .box)?.map(\.value)
        mask = try fields.decodeIfPresent(PromptsFile.MaskFile.self, forKey: .mask)
    }

    fileprivate func marked(defaultID: Int, field: String, folder: URL) throws -> MarkedObject {
        let kinds = [points == nil ? nil : "points", box == nil ? nil : "box", mask == nil ? nil : "mask"].compactMap { $0 }
        guard kinds.count == 1 else {
            let found = kinds.isEmpty ? "none" : kinds.joined(separator: " and ")
            throw CommandError.invalidInput("\(field): needs one of points, box and mask, has \(found).")
        }
        if let points, points.isEmpty { throw CommandError.invalidInput("\(field).points: is empty.") }
        var corners: Box?
        if let box {
            guard box.count == 4 else {
                throw CommandError.invalidInput("\(field).box: needs four numbers [x0, y0, x1, y1], has \(box.count).")
            }
            corners = Box(x0: box[0], y0: box[1], x1: box[2], y1: box[3])
        }
        return MarkedObject(
            id: id ?? defaultID, name: name, frame: frame,
            points: (points ?? []).map { PointPrompt(SIMD2($0.x, $0.y), isPositive: $0.label == 1) }, box: corners,
            mask: mask.map {
                MaskReference(path: $0.file.hasPrefix("/") ? $0.file : folder.appendingPathComponent($0.file).path, id: $0.id)
            })
    }
}

private struct AnyKey: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

extension Decoder {
    /// A misspelt optional field would otherwise be silently without effect.
    fileprivate func rejectUnknownKeys(known: [String]) throws {
        let fields = try container(keyedBy: AnyKey.self)
        guard let unknown = fields.allKeys.map(\.stringValue).sorted().first(where: { !known.contains($0) }) else { return }
        throw DecodingError.dataCorrupted(
            .init(
                codingPath: codingPath, debugDescription: "unknown field \"\(unknown)\"; known are \(known.joined(separator: ", "))"))
    }
}

extension DecodingError {
    /// The field and what is wrong with it, in words.
    var explanation: String {
        switch self {
        case .typeMismatch(let type, let context): "\(Self.field(context.codingPath))expected \(Self.name(of: type)), found something else."
        case .valueNotFound(let type, let context): "\(Self.field(context.codingPath))expected \(Self.name(of: type)), found nothing."
        case .keyNotFound(let key, let context): "\(Self.field(context.codingPath))the field \"\(key.stringValue)\" is missing."
        case .dataCorrupted(let context): "\(Self.field(context.codingPath))\(context.debugDescription)."
        @unknown default: "\(self)"
        }
    }

    private static func field(_ path: [any CodingKey]) -> String {
        guard !path.isEmpty else { return "" }
        var text = ""
        for key in path {
            if let index = key.intValue { text += "[\(index)]" } else { text += (text.isEmpty ? "" : ".") + key.stringValue }
        }
        return text + ": "
    }

    private static func name(of type: Any.Type) -> String {
        switch type {
        case is Int.Type, is JSONInteger.Type: "an integer"
        case is Float.Type, is Double.Type, is JSONFloat.Type: "a number"
        case is String.Type: "a string"
        case is [Any].Type, is [PromptsFile.Object].Type, is [PromptsFile.Point].Type, is [JSONFloat].Type: "a list"
        default: "an object"
        }
    }
}

extension NSError {
    fileprivate var jsonReason: String { (userInfo[NSDebugDescriptionErrorKey] as? String) ?? localizedDescription }
}
