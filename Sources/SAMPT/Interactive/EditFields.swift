import Media

/// A field of an edit in JSON, by its name.
struct EditField: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

struct EditFieldWriter {
    private var container: KeyedEncodingContainer<EditField>

    init(_ container: KeyedEncodingContainer<EditField>) { self.container = container }

    /// nil is left out.
    mutating func write(_ name: String, _ value: (some Encodable)?) throws {
        try container.encodeIfPresent(value, forKey: EditField(stringValue: name))
    }

    mutating func write(_ place: AnchorPlace) throws {
        try write("object", place.object)
        try write("frame", place.frame)
    }

    mutating func write(_ position: SIMD2<Float>) throws {
        try write("x", position.x)
        try write("y", position.y)
    }
}

/// Reads the fields of one edit; what nobody asked for is an error.
struct EditFieldReader {
    private let container: KeyedDecodingContainer<EditField>
    let kind: String
    private var read: Set<String> = ["v", "edit"]

    init(_ container: KeyedDecodingContainer<EditField>) throws {
        self.container = container
        kind = (try? container.decode(String.self, forKey: EditField(stringValue: "edit"))) ?? ""
        if let version = try? container.decodeIfPresent(Int.self, forKey: EditField(stringValue: "v")), version > Edit.version {
            throw EditError.laterVersion(version)
        }
        if kind.isEmpty { throw EditError.missingField("edit", edit: "") }
    }

    func checkAllRead() throws {
        if let unknown = container.allKeys.map(\.stringValue).filter({ !read.contains($0) }).min() {
            throw EditError.unknownField(unknown, edit: kind)
        }
    }

    mutating func optional<Value: Decodable>(_ name: String) throws -> Value? {
        read.insert(name)
        do {
            return try container.decodeIfPresent(Value.self, forKey: EditField(stringValue: name))
        } catch let error as EditError {
            throw error
        } catch {
            throw EditError.invalidField(name, edit: kind, allowed: Self.describe(Value.self))
        }
    }

    mutating func required<Value: Decodable>(_ name: String) throws -> Value {
        guard let value: Value = try optional(name) else { throw EditError.missingField(name, edit: kind) }
        return value
    }

    mutating func place() throws -> AnchorPlace { AnchorPlace(object: try required("object"), frame: try required("frame")) }

    mutating func position() throws -> SIMD2<Float> { SIMD2(try required("x"), try required("y")) }

    mutating func color() throws -> Color? {
        guard let text: String = try optional("color") else { return nil }
        guard let color = Color(hex: text) else { throw EditError.invalidField("color", edit: kind, allowed: "a colour such as #E0A030") }
        return color
    }

    mutating func box() throws -> Box? {
        guard let corners: [Float] = try optional("box") else { return nil }
        guard corners.count == 4 else { throw EditError.invalidField("box", edit: kind, allowed: "[x0, y0, x1, y1]") }
        return Box(x0: corners[0], y0: corners[1], x1: corners[2], y1: corners[3])
    }

    mutating func stroke() throws -> BrushStroke {
        let path: [[Float]] = try required("path")
        guard path.allSatisfy({ $0.count == 2 }) else { throw EditError.invalidField("path", edit: kind, allowed: "[[x, y], ...]") }
        let (points, erases) = (path.map { SIMD2($0[0], $0[1]) }, try optional("erase") ?? false)
        if try optional("lasso") ?? false { return BrushStroke(lasso: points, erases: erases) }
        return BrushStroke(path: points, radius: try required("radius"), erases: erases)
    }

    mutating func frames() throws -> ClosedRange<Int>? {
        guard let ends: [Int] = try optional("frames") else { return nil }
        return try Self.range(ends, "frames", kind)
    }

    mutating func reached() throws -> [SpanKey: ClosedRange<Int>] {
        let spans: [String: [Int]] = try required("spans")
        var reached: [SpanKey: ClosedRange<Int>] = [:]
        for (text, ends) in spans {
            guard let key = SpanKey(text) else { throw EditError.invalidField("spans", edit: kind, allowed: "ranges of frames by key") }
            reached[key] = try Self.range(ends, "spans", kind)
        }
        return reached
    }

    static func range(_ ends: [Int], _ name: String, _ kind: String) throws -> ClosedRange<Int> {
        guard ends.count == 2, ends[0] <= ends[1] else { throw EditError.invalidField(name, edit: kind, allowed: "[first, last]") }
        return ends[0]...ends[1]
    }

    private static func describe(_ type: Any.Type) -> String {
        switch type {
        case is Int.Type: "a whole number"
        case is Float.Type: "a number"
        case is Bool.Type: "true or false"
        case is String.Type: "text"
        case is [Int].Type: "a list of whole numbers"
        case is [Edit].Type: "a list of edits"
        case is CorrectionPolicy.Type: CorrectionPolicy.allCases.map(\.rawValue).joined(separator: " or ")
        case is PropagationDirection.Type: PropagationDirection.allCases.map(\.rawValue).joined(separator: ", ")
        default: "as the session writes it"
        }
    }
}
