import Foundation
import Media

extension RoundedLogits: Codable {
    private enum CodingKeys: String, CodingKey {
        case size, levels
    }

    /// `{"size": [height, width], "levels": "..."}`: the levels compressed with zlib, in base 64.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode([height, width], forKey: .size)
        guard let packed = levels.withUnsafeBytes({ CompressedBytes.compress($0) }) else {
            throw EncodingError.invalidValue(self, .init(codingPath: container.codingPath, debugDescription: "There is no memory left."))
        }
        try container.encode(packed.base64EncodedString(), forKey: .levels)
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let size = try container.decode([Int].self, forKey: .size)
        guard size.count == 2, size.allSatisfy({ (1...(1 << 16)).contains($0) }), size[0] * size[1] <= 1 << 22,
            let packed = Data(base64Encoded: try container.decode(String.self, forKey: .levels)),
            let bytes = CompressedBytes.expand(packed, count: size[0] * size[1]),
            let logits = RoundedLogits(width: size[1], height: size[0], levels: bytes.map { Int8(bitPattern: $0) })
        else {
            throw DecodingError.dataCorrupted(.init(codingPath: container.codingPath, debugDescription: "The logits are damaged."))
        }
        self = logits
    }
}

extension PromptPoint: Codable {
    private enum CodingKeys: String, CodingKey {
        case id, x, y, positive, status, confidence, origin
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(position.x, forKey: .x)
        try container.encode(position.y, forKey: .y)
        try container.encode(isPositive, forKey: .positive)
        try container.encode(status.rawValue, forKey: .status)
        try container.encode(confidence, forKey: .confidence)
        try container.encode(origin.rawValue, forKey: .origin)
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        guard let status = PointStatus(rawValue: try container.decode(Int8.self, forKey: .status)),
            let origin = PointOrigin(rawValue: try container.decode(UInt8.self, forKey: .origin))
        else {
            throw DecodingError.dataCorrupted(.init(codingPath: container.codingPath, debugDescription: "There is no such kind of point."))
        }
        self.init(
            id: try container.decode(Int.self, forKey: .id),
            position: SIMD2(try container.decode(Float.self, forKey: .x), try container.decode(Float.self, forKey: .y)),
            isPositive: try container.decode(Bool.self, forKey: .positive), status: status,
            confidence: try container.decode(Float.self, forKey: .confidence), origin: origin)
    }
}

extension SpanKey: Codable {
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let key = SpanKey(try container.decode(String.self)) else {
            throw DecodingError.dataCorrupted(.init(codingPath: container.codingPath, debugDescription: "A key has 32 hexadecimal digits."))
        }
        self = key
    }
}

extension PlannedSpan: Codable {
    private enum CodingKeys: String, CodingKey {
        case object, anchor, frames, direction, key, base
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(object, forKey: .object)
        try container.encode(anchor, forKey: .anchor)
        try container.encode([frames.lowerBound, frames.upperBound], forKey: .frames)
        try container.encode(direction, forKey: .direction)
        try container.encode(key, forKey: .key)
        try container.encodeIfPresent(base, forKey: .base)
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            object: try container.decode(ObjectID.self, forKey: .object), anchor: try container.decode(Int.self, forKey: .anchor),
            frames: try EditFieldReader.range(try container.decode([Int].self, forKey: .frames), "plan", "propagate"),
            direction: try container.decode(PropagationDirection.self, forKey: .direction),
            key: try container.decode(SpanKey.self, forKey: .key), base: try container.decodeIfPresent(SpanKey.self, forKey: .base))
    }
}

extension PropagationPlan: Codable {
    private enum CodingKeys: String, CodingKey {
        case number, spans, rivals
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(number, forKey: .number)
        try container.encode(spans, forKey: .spans)
        try container.encode(Dictionary(uniqueKeysWithValues: rivals.map { (String($0.key), $0.value) }), forKey: .rivals)
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        var rivals: [ObjectID: [SpanKey]] = [:]
        for (name, keys) in try container.decode([String: [SpanKey]].self, forKey: .rivals) {
            guard let id = ObjectID(name) else {
                throw DecodingError.dataCorrupted(.init(codingPath: container.codingPath, debugDescription: "\(name) is no number."))
            }
            rivals[id] = keys
        }
        self.init(
            number: try container.decode(Int.self, forKey: .number), spans: try container.decode([PlannedSpan].self, forKey: .spans),
            rivals: rivals)
    }
}
