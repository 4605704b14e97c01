import Foundation
import Media

extension Edit: Codable {
    /// Of the form of edits in JSON. It grows with whatever older versions would misunderstand.
    public static let version = 1

    /// The edit of a line of JSON.
    /// - Throws: `EditError`.
    public init(json line: String) throws {
        do {
            self = try JSONDecoder().decode(Edit.self, from: Data(line.utf8))
        } catch let error as EditError {
            throw error
        } catch let error as DecodingError {
            throw EditError.notJSON(reason: error.plainReason)
        }
    }

    /// One line of JSON, without a line break; fields in alphabetical order.
    public var json: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return String(decoding: try encoder.encode(self), as: UTF8.self)
        }
    }

    /// The kind's name in JSON.
    public var kind: String {
        switch self {
        case .addObject: "add-object"
        case .renameObject: "rename-object"
        case .recolorObject: "recolor-object"
        case .categorizeObject: "categorize-object"
        case .removeObject: "remove-object"
        case .orderObjects: "order-objects"
        case .addPoint: "add-point"
        case .movePoint: "move-point"
        case .removePoint: "remove-point"
        case .moveTrack: "move-track"
        case .removeTrack: "remove-track"
        case .setBox: "set-box"
        case .addStroke: "add-stroke"
        case .setMask: "set-mask"
        case .choose: "choose"
        case .clearAnchor: "clear-anchor"
        case .propagate: "propagate"
        case .reached: "reached"
        case .group: "group"
        case .undo: "undo"
        case .redo: "redo"
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var fields = EditFieldWriter(encoder.container(keyedBy: EditField.self))
        try fields.write("v", Self.version)
        try fields.write("edit", kind)
        switch self {
        case .addObject(let object, let name, let color, let category):
            try fields.write("object", object)
            try fields.write("name", name)
            try fields.write("color", color?.hex)
            try fields.write("category", category)
        case .renameObject(let object, let name):
            try fields.write("object", object)
            try fields.write("name", name)
        case .recolorObject(let object, let color):
            try fields.write("object", object)
            try fields.write("color", color?.hex)
        case .categorizeObject(let object, let category):
            try fields.write("object", object)
            try fields.write("category", category)
        case .removeObject(let object): try fields.write("object", object)
        case .orderObjects(let objects): try fields.write("objects", objects)
        case .addPoint(let place, let point, let position, let isPositive, let base):
            try fields.write(place)
            try fields.write("point", point)
            try fields.write(position)
            try fields.write("positive", isPositive)
            try fields.write("base", base)
        case .movePoint(let place, let point, let position):
            try fields.write(place)
            try fields.write("point", point)
            try fields.write(position)
        case .removePoint(let place, let point):
            try fields.write(place)
            try fields.write("point", point)
        case .moveTrack(let place, let track, let position, let base):
            try fields.write(place)
            try fields.write("track", track)
            try fields.write(position)
            try fields.write("base", base)
        case .removeTrack(let place, let track, let base):
            try fields.write(place)
            try fields.write("track", track)
            try fields.write("base", base)
        case .setBox(let place, let box, let base):
            try fields.write(place)
            try fields.write("box", box.map { [$0.x0, $0.y0, $0.x1, $0.y1] })
            try fields.write("base", base)
        case .addStroke(let place, let stroke, let base):
            try fields.write(place)
            try fields.write("path", stroke.path.map { [$0.x, $0.y] })
            if stroke.isLasso { try fields.write("lasso", true) } else { try fields.write("radius", stroke.radius) }
            try fields.write("erase", stroke.erases)
            try fields.write("base", base)
        case .setMask(let place, let mask):
            try fields.write(place)
            try fields.write("mask", mask)
        case .choose(let place, let candidate):
            try fields.write(place)
            try fields.write("candidate", candidate)
        case .clearAnchor(let place): try fields.write(place)
        case .propagate(let propagation):
            try fields.write("objects", propagation.objects)
            try fields.write("frames", propagation.range.map { [$0.lowerBound, $0.upperBound] })
            try fields.write("direction", propagation.direction)
            try fields.write("policy", propagation.policy)
            try fields.write("all", propagation.recomputesAll)
            try fields.write("plan", propagation.plan)
        case .reached(let reach):
            try fields.write("number", reach.number)
            try fields.write(
                "spans",
                Dictionary(uniqueKeysWithValues: reach.spans.map { ($0.key.description, [$0.value.lowerBound, $0.value.upperBound]) }))
            try fields.write("ending", reach.ending)
        case .group(let edits): try fields.write("edits", edits)
        case .undo, .redo: break
        }
    }

    public init(from decoder: any Decoder) throws {
        var fields = try EditFieldReader(decoder.container(keyedBy: EditField.self))
        self = try Self.read(&fields)
        try fields.checkAllRead()
    }

    private static func read(_ fields: inout EditFieldReader) throws -> Edit {
        switch fields.kind {
        case "add-object":
            .addObject(
                object: try fields.optional("object"), name: try fields.optional("name"), color: try fields.color(),
                category: try fields.optional("category"))
        case "rename-object": .renameObject(object: try fields.required("object"), name: try fields.required("name"))
        case "recolor-object": .recolorObject(object: try fields.required("object"), color: try fields.color())
        case "categorize-object":
            .categorizeObject(object: try fields.required("object"), category: try fields.optional("category"))
        case "remove-object": .removeObject(object: try fields.required("object"))
        case "order-objects": .orderObjects(try fields.required("objects"))
        case "add-point":
            .addPoint(
                try fields.place(), point: try fields.optional("point"), position: try fields.position(),
                isPositive: try fields.optional("positive") ?? true, base: try fields.optional("base"))
        case "move-point":
            .movePoint(try fields.place(), point: try fields.required("point"), position: try fields.position())
        case "remove-point": .removePoint(try fields.place(), point: try fields.required("point"))
        case "move-track":
            .moveTrack(
                try fields.place(), track: try fields.required("track"), position: try fields.position(), base: try fields.optional("base"))
        case "remove-track":
            .removeTrack(try fields.place(), track: try fields.required("track"), base: try fields.optional("base"))
        case "set-box": .setBox(try fields.place(), try fields.box(), base: try fields.optional("base"))
        case "add-stroke": .addStroke(try fields.place(), try fields.stroke(), base: try fields.optional("base"))
        case "set-mask": .setMask(try fields.place(), try fields.optional("mask"))
        case "choose": .choose(try fields.place(), try fields.optional("candidate"))
        case "clear-anchor": .clearAnchor(try fields.place())
        case "propagate":
            .propagate(
                Propagation(
                    objects: try fields.optional("objects"), range: try fields.frames(),
                    direction: try fields.optional("direction") ?? .both, policy: try fields.optional("policy") ?? .anchored,
                    recomputesAll: try fields.optional("all") ?? false, plan: try fields.optional("plan")))
        case "reached":
            .reached(
                PropagationReach(number: try fields.required("number"), spans: try fields.reached(), ending: try fields.optional("ending")))
        case "group": .group(try fields.required("edits"))
        case "undo": .undo
        case "redo": .redo
        default: throw EditError.unknownEdit(fields.kind)
        }
    }
}

extension Color {
    /// As in `#E0A030`.
    public var hex: String {
        "#" + [red, green, blue].map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true) }.joined()
    }

    /// - Returns: nil unless the text is `#` and six hexadecimal digits.
    public init?(hex: String) {
        guard hex.utf8.count == 7, hex.hasPrefix("#"), !hex.contains("+"), let value = UInt32(hex.dropFirst(), radix: 16) else {
            return nil
        }
        self.init(UInt8(value >> 16), UInt8(value >> 8 & 255), UInt8(value & 255))
    }
}

extension DecodingError {
    /// Without the machinery's names.
    fileprivate var plainReason: String {
        switch self {
        case .dataCorrupted(let context), .keyNotFound(_, let context), .typeMismatch(_, let context), .valueNotFound(_, let context):
            context.debugDescription
        @unknown default: "it cannot be read."
        }
    }
}
