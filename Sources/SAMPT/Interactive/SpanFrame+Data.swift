import Foundation
import Media

extension SpanFrame {
    /// Of the form in which frames are kept.
    private static let version: UInt8 = 1

    /// The frame as bytes.
    public var data: Data {
        var bytes = ByteWriter()
        bytes.append(Self.version)
        bytes.append(UInt32(truncatingIfNeeded: index))
        bytes.append(origin.rawValue)
        bytes.append(predictedIoU ?? .nan)
        bytes.append(evidence.map { $0.origin.rawValue + 1 } ?? 0)
        for (_, value) in evidence?.values ?? [] { bytes.append(value) }
        bytes.append(count: points.count)
        for point in points { bytes.append(point) }
        bytes.append(mask: mask)
        bytes.append(logits: logits)
        return bytes.data
    }

    /// - Throws: `SessionError.damagedFrame` when the bytes are not those of a frame, or of a later version's.
    public init(data: Data) throws {
        var bytes = ByteReader(data)
        let version: UInt8 = try bytes.next()
        guard version == Self.version else {
            throw SessionError.damagedFrame(reason: "it has the form \(version), and this version knows \(Self.version)")
        }
        let index: UInt32 = try bytes.next()
        guard let origin = MaskEvidence.Origin(rawValue: try bytes.next()) else { throw ByteReader.damage("the mask's origin") }
        self.init(index: Int(index), origin: origin)
        let predictedIoU = try bytes.float()
        self.predictedIoU = predictedIoU.isNaN ? nil : predictedIoU
        let kind: UInt8 = try bytes.next()
        if kind > 0 {
            guard let origin = MaskEvidence.Origin(rawValue: kind - 1) else { throw ByteReader.damage("the evidence's origin") }
            var evidence = MaskEvidence(origin: origin)
            for (_, path) in MaskEvidence.fields { evidence[keyPath: path] = try bytes.float() }
            self.evidence = evidence
        }
        // A point has 20 bytes: a number of points that the data has no room for reserves nothing.
        for _ in 0..<(try bytes.count(of: 18)) { points.append(try bytes.point()) }
        mask = try bytes.mask()
        logits = try bytes.logits()
        guard bytes.isAtEnd else { throw ByteReader.damage("there is more than a frame") }
    }
}

/// Numbers as bytes, the lowest first.
private struct ByteWriter {
    private(set) var data = Data()

    mutating func append(_ value: some FixedWidthInteger) { withUnsafeBytes(of: value.littleEndian) { data.append(contentsOf: $0) } }
    mutating func append(_ value: Float) { append(value.bitPattern) }

    /// Seven bits a byte, the lowest first.
    mutating func append(count: Int) {
        var rest = UInt64(truncatingIfNeeded: count)
        while rest > 127 {
            append(UInt8(rest & 127 | 128))
            rest >>= 7
        }
        append(UInt8(rest))
    }

    mutating func append(_ point: PromptPoint) {
        append(Int32(truncatingIfNeeded: point.id))
        append(point.position.x)
        append(point.position.y)
        append(point.confidence)
        append(UInt8(point.isPositive ? 1 : 0) | point.origin.rawValue << 1)
        append(point.status.rawValue)
    }

    mutating func append(mask: RunLengthMask?) {
        append(count: mask.map { $0.counts.count + 1 } ?? 0)
        guard let mask else { return }
        append(count: mask.size.width)
        append(count: mask.size.height)
        for count in mask.counts { append(count: count) }
    }

    mutating func append(logits: RoundedLogits?) {
        let packed = logits.flatMap { $0.levels.withUnsafeBytes { CompressedBytes.compress($0) } }
        append(count: packed.map { $0.count + 1 } ?? 0)
        guard let logits, let packed else { return }
        append(count: logits.width)
        append(count: logits.height)
        data.append(packed)
    }
}

/// Reads what `ByteWriter` wrote, of which any byte may be damaged.
private struct ByteReader {
    private let data: Data
    private var position: Int

    init(_ data: Data) { (self.data, position) = (data, data.startIndex) }

    static func damage(_ what: String) -> SessionError { .damagedFrame(reason: "\(what) is damaged") }

    var isAtEnd: Bool { position == data.endIndex }

    mutating func next<Number: FixedWidthInteger>() throws -> Number {
        let size = MemoryLayout<Number>.size
        guard data.endIndex - position >= size else { throw SessionError.damagedFrame(reason: "it is cut short") }
        defer { position += size }
        return Number(littleEndian: data[position..<(position + size)].withUnsafeBytes { $0.loadUnaligned(as: Number.self) })
    }

    mutating func float() throws -> Float { Float(bitPattern: try next()) }

    mutating func count() throws -> Int {
        var (value, shift) = (0, 0)
        while true {
            let byte: UInt8 = try next()
            guard shift < 42 else { throw Self.damage("a number") }
            value |= Int(byte & 127) << shift
            if byte < 128 { return value }
            shift += 7
        }
    }

    /// How many elements follow, of at least `size` bytes each.
    mutating func count(of size: Int) throws -> Int {
        let count = try count()
        guard count <= (data.endIndex - position) / size else { throw SessionError.damagedFrame(reason: "it is cut short") }
        return count
    }

    mutating func point() throws -> PromptPoint {
        let id: Int32 = try next()
        let position = SIMD2(try float(), try float())
        let confidence = try float()
        let flags: UInt8 = try next()
        guard let origin = PointOrigin(rawValue: flags >> 1), let status = PointStatus(rawValue: try next()) else {
            throw Self.damage("a point")
        }
        return PromptPoint(
            id: Int(id), position: position, isPositive: flags & 1 != 0, status: status, confidence: confidence, origin: origin)
    }

    mutating func mask() throws -> RunLengthMask? {
        let runs = try count()
        guard runs > 0 else { return nil }
        let size = ImageSize(width: try count(), height: try count())
        guard runs - 1 <= data.endIndex - position else { throw SessionError.damagedFrame(reason: "it is cut short") }
        var counts: [Int] = []
        for _ in 1..<runs { counts.append(try count()) }
        do {
            return try RunLengthMask(size: size, counts: counts)
        } catch {
            throw Self.damage("the mask")
        }
    }

    mutating func logits() throws -> RoundedLogits? {
        let length = try count()
        guard length > 0 else { return nil }
        let (width, height) = (try count(), try count())
        guard length - 1 <= data.endIndex - position, (1...(1 << 16)).contains(width), (1...(1 << 16)).contains(height),
            width * height <= 1 << 22
        else { throw Self.damage("the size of the logits") }
        let packed = data[position..<(position + length - 1)]
        position += length - 1
        guard let bytes = CompressedBytes.expand(Data(packed), count: width * height),
            let logits = RoundedLogits(width: width, height: height, levels: bytes.map { Int8(bitPattern: $0) })
        else { throw Self.damage("the logits") }
        return logits
    }
}
