import Foundation
import Media
import Segmenters
import Support

/// Keeps what backward tracking found until the frames are delivered in order.
///
/// Outcomes go to a temporary file (logits and the mask, about 20 KB per object and frame with the built-in segmenter), so that memory does
/// not grow with the length of the video. Written from the last frame to the first, read from the first to the last.
final class OutcomeSpool {
    private let url: URL
    private let file: FileHandle
    private var offsets: [Int: UInt64] = [:]
    private var end: UInt64 = 0
    private let isExact: Bool

    /// - Parameter isExact: keeps logits as they are; otherwise as overlaps are resolved with (`RoundedLogits`).
    /// - Throws: `FileError.unwritable` when the system's temporary folder cannot be written.
    init(isExact: Bool = false) throws {
        self.isExact = isExact
        url = FileManager.default.temporaryDirectory.appendingPathComponent("sampt-\(UUID().uuidString).spool")
        guard FileManager.default.createFile(atPath: url.path, contents: nil), let file = FileHandle(forUpdatingAtPath: url.path) else {
            throw FileError.unwritable(path: url.path, reason: "no temporary file can be created")
        }
        self.file = file
        // The file lives as long as it is open, also where the process ends without notice.
        try? FileManager.default.removeItem(at: url)
    }

    deinit { try? file.close() }

    /// Stores the outcomes of frame `frame`, by object.
    func write(_ outcomes: [ObjectID: ObjectOutcome], frame: Int) throws {
        var record = Data()
        record.append(number: UInt32(outcomes.count))
        for (object, outcome) in outcomes.sorted(by: { $0.key < $1.key }) {
            record.append(number: UInt32(object))
            record.append(outcome: outcome, isExact: isExact)
        }
        var framed = Data()
        framed.append(number: UInt32(record.count))
        framed.append(record)
        do {
            try file.seek(toOffset: end)
            try file.write(contentsOf: framed)
        } catch {
            throw FileError.unwritable(path: url.path, reason: error.localizedDescription)
        }
        offsets[frame] = end
        end += UInt64(framed.count)
    }

    /// The outcomes of frame `frame` by object; empty when nothing was stored.
    func read(frame: Int) throws -> [ObjectID: ObjectOutcome] {
        guard let offset = offsets[frame] else { return [:] }
        do {
            try file.seek(toOffset: offset)
            var header = RecordReader(try file.read(upToCount: 4) ?? Data())
            var reader = RecordReader(try file.read(upToCount: Int(header.number())) ?? Data())
            var outcomes: [ObjectID: ObjectOutcome] = [:]
            for _ in 0..<reader.number() {
                let object = Int(reader.number())
                outcomes[object] = reader.outcome(isExact: isExact)
            }
            return outcomes
        } catch {
            throw FileError.unreadable(path: url.path, reason: error.localizedDescription)
        }
    }
}

extension Data {
    fileprivate mutating func append(number: UInt32) {
        Swift.withUnsafeBytes(of: number) { append(contentsOf: $0) }
    }

    fileprivate mutating func append(value: Float) { append(number: value.bitPattern) }

    fileprivate mutating func append(outcome: ObjectOutcome, isExact: Bool) {
        append(value: outcome.predictedIoU ?? .nan)
        append(number: outcome.evidence.map { UInt32($0.origin.rawValue) + 1 } ?? 0)
        for (_, value) in outcome.evidence?.values ?? [] { append(value: value) }
        append(number: UInt32(outcome.points.count))
        for point in outcome.points {
            append(number: UInt32(point.id))
            append(value: point.position.x)
            append(value: point.position.y)
            append(value: point.confidence)
            append(
                number: (point.isPositive ? 1 : 0) | UInt32(point.origin.rawValue) << 1 | UInt32(UInt8(bitPattern: point.status.rawValue))
                    << 8)
        }
        // Given masks occur in query frames only, which forward tracking delivers.
        guard case .predicted(let logits) = outcome.shape, let mask = outcome.mask else { return append(number: 0) }
        append(number: UInt32(logits.width))
        append(number: UInt32(logits.height))
        if isExact {
            logits.values.withUnsafeBytes { append(contentsOf: $0) }
        } else {
            RoundedLogits(logits).levels.withUnsafeBytes { append(contentsOf: $0) }
        }
        let runs = RunLengthMask(mask)
        append(number: UInt32(runs.size.width))
        append(number: UInt32(runs.size.height))
        append(number: UInt32(runs.counts.count))
        for count in runs.counts { append(number: UInt32(count)) }
    }
}

/// Reads back what the spool itself wrote.
private struct RecordReader {
    private let data: Data
    private var position: Int

    init(_ data: Data) {
        self.data = data
        position = data.startIndex
    }

    mutating func number() -> UInt32 {
        guard position + 4 <= data.endIndex else { return 0 }
        defer { position += 4 }
        return data[position..<(position + 4)].withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) }
    }

    mutating func value() -> Float { Float(bitPattern: number()) }

    mutating func outcome(isExact: Bool) -> ObjectOutcome {
        var outcome = ObjectOutcome()
        let predictedIoU = value()
        outcome.predictedIoU = predictedIoU.isNaN ? nil : predictedIoU
        let origin = number()
        if origin > 0 {
            var evidence = MaskEvidence(origin: .init(rawValue: UInt8(truncatingIfNeeded: origin - 1)) ?? .absent)
            for (_, path) in MaskEvidence.fields { evidence[keyPath: path] = value() }
            outcome.evidence = evidence
        }
        for _ in 0..<number() {
            let id = Int(number())
            let position = SIMD2(value(), value())
            let confidence = value()
            let flags = number()
            outcome.points.append(
                PromptPoint(
                    id: id, position: position, isPositive: flags & 1 != 0,
                    status: PointStatus(rawValue: Int8(truncatingIfNeeded: flags >> 8)) ?? .occluded, confidence: confidence,
                    origin: PointOrigin(rawValue: UInt8(truncatingIfNeeded: flags >> 1 & 3)) ?? .reinitialization))
        }
        let width = Int(number())
        guard width > 0 else { return outcome }
        let height = Int(number())
        let size = (isExact ? 4 : 1) * width * height
        guard position + size <= data.endIndex else { return outcome }
        let values = data[position..<(position + size)].withUnsafeBytes { bytes in
            (0..<(width * height)).map { i in
                isExact ? bytes.loadUnaligned(fromByteOffset: 4 * i, as: Float.self) : Float(Int8(bitPattern: bytes[i])) / 8
            }
        }
        position += size
        outcome.shape = .predicted(MaskLogits(width: width, height: height, values: values))
        let frame = ImageSize(width: Int(number()), height: Int(number()))
        let counts = (0..<number()).map { _ in Int(number()) }
        outcome.mask = (try? RunLengthMask(size: frame, counts: counts))?.mask
        return outcome
    }
}
