import Support

/// A mask as run lengths in COCO's order: column by column, starting with the number of pixels outside.
///
/// Encodes to JSON as COCO does: `{"size": [height, width], "counts": "..."}` with the compressed counts.
public struct RunLengthMask: Sendable, Equatable {
    public let size: ImageSize
    /// Alternately pixels outside and inside; the first may be 0. Their sum is the number of pixels.
    public let counts: [Int]

    private static let longestSide = 1 << 20
    /// A mask of its own takes a byte a pixel, and a few characters can claim any number of them.
    private static let mostPixels = 1 << 28

    /// - Throws: `RunLengthError` when the counts are negative or do not add up to the size, or for more than 2^28 pixels.
    public init(size: ImageSize, counts: [Int]) throws {
        guard (0...Self.longestSide).contains(size.width), (0...Self.longestSide).contains(size.height), size.pixelCount <= Self.mostPixels
        else {
            throw RunLengthError.size(size)
        }
        var sum = 0
        for count in counts {
            guard count >= 0, count <= size.pixelCount else { throw RunLengthError.negativeOrHuge(count) }
            sum += count
            guard sum <= size.pixelCount else { throw RunLengthError.sum(found: sum, expected: size.pixelCount) }
        }
        guard sum == size.pixelCount else { throw RunLengthError.sum(found: sum, expected: size.pixelCount) }
        self.size = size
        self.counts = counts
    }

    private init(unchecked counts: [Int], size: ImageSize) {
        self.counts = counts
        self.size = size
    }

    public init(_ mask: Mask) {
        var counts: [Int] = []
        var run = 0
        var value: UInt8 = 0
        mask.values.withUnsafeBufferPointer { values in
            for x in 0..<mask.width {
                var i = x
                for _ in 0..<mask.height {
                    if values[i] != value {
                        counts.append(run)
                        run = 0
                        value = values[i]
                    }
                    run += 1
                    i += mask.width
                }
            }
        }
        counts.append(run)
        self.init(unchecked: counts, size: mask.size)
    }

    /// The mask's pixels.
    public var mask: Mask {
        var mask = Mask(size: size)
        var position = 0
        for (index, count) in counts.enumerated() {
            if index % 2 == 1 {
                for i in position..<(position + count) { mask.values[i % size.height * size.width + i / size.height] = 1 }
            }
            position += count
        }
        return mask
    }

    /// The number of pixels inside.
    public var area: Int {
        counts.enumerated().reduce(0) { $0 + ($1.offset % 2 == 1 ? $1.element : 0) }
    }

    /// COCO's `[x, y, width, height]`; zeros for an empty mask.
    public var boundingBox: (x: Int, y: Int, width: Int, height: Int) {
        var (left, right, top, bottom) = (size.width, -1, size.height, -1)
        var position = 0
        for (index, count) in counts.enumerated() {
            if index % 2 == 1, count > 0 {
                let (first, last) = (position, position + count - 1)
                left = min(left, first / size.height)
                right = max(right, last / size.height)
                let spansColumns = first / size.height != last / size.height
                top = min(top, spansColumns ? 0 : first % size.height)
                bottom = max(bottom, spansColumns ? size.height - 1 : last % size.height)
            }
            position += count
        }
        return right < 0 ? (0, 0, 0, 0) : (left, top, right - left + 1, bottom - top + 1)
    }

    // MARK: Combining

    public func union(_ other: RunLengthMask) throws -> RunLengthMask { try combined(other) { $0 || $1 } }
    public func intersection(_ other: RunLengthMask) throws -> RunLengthMask { try combined(other) { $0 && $1 } }

    private func combined(_ other: RunLengthMask, _ rule: (Bool, Bool) -> Bool) throws -> RunLengthMask {
        guard size == other.size else { throw RunLengthError.sizesDiffer(size, other.size) }
        var result: [Int] = []
        var (run, value) = (0, false)
        walk(other) { length, a, b in
            if rule(a, b) != value {
                result.append(run)
                (run, value) = (0, !value)
            }
            run += length
        }
        result.append(run)
        return RunLengthMask(unchecked: result, size: size)
    }

    /// Visits the pieces on which both masks are constant.
    private func walk(_ other: RunLengthMask, _ visit: (Int, Bool, Bool) -> Void) {
        var (i, j) = (0, 0)
        var (a, b) = (counts.first ?? 0, other.counts.first ?? 0)
        while i < counts.count, j < other.counts.count {
            let length = min(a, b)
            if length > 0 { visit(length, i % 2 == 1, j % 2 == 1) }
            a -= length
            b -= length
            if a == 0 {
                i += 1
                if i < counts.count { a = counts[i] }
            }
            if b == 0 {
                j += 1
                if j < other.counts.count { b = other.counts[j] }
            }
        }
    }

    /// Pixels inside both, and pixels inside either.
    /// - Throws: `RunLengthError.sizesDiffer`.
    public func overlap(_ other: RunLengthMask) throws -> (intersection: Int, union: Int) {
        guard size == other.size else { throw RunLengthError.sizesDiffer(size, other.size) }
        var (both, either) = (0, 0)
        walk(other) { length, a, b in
            if a && b { both += length }
            if a || b { either += length }
        }
        return (both, either)
    }

    /// Intersection over union, 0 for 0/0; with a crowd as `truth`, intersection over this mask's area.
    public func intersectionOverUnion(_ truth: RunLengthMask, truthIsCrowd: Bool = false) throws -> Double {
        let (both, either) = try overlap(truth)
        let whole = truthIsCrowd ? area : either
        return whole == 0 ? 0 : Double(both) / Double(whole)
    }

    // MARK: Compressed string

    /// COCO's compressed counts: five bits a character, lowest first; from the fourth count on, the difference to the count two before.
    public var compressed: String {
        var characters: [UInt8] = []
        for (index, count) in counts.enumerated() {
            var rest = index > 2 ? count - counts[index - 2] : count
            var more = true
            while more {
                var bits = rest & 31
                rest >>= 5
                more = bits & 16 != 0 ? rest != -1 : rest != 0
                if more { bits |= 32 }
                characters.append(UInt8(bits + 48))
            }
        }
        return String(decoding: characters, as: UTF8.self)
    }

    /// - Throws: `RunLengthError` for characters outside the code, cut numbers, and counts that do not fit the size.
    public init(size: ImageSize, compressed: String) throws {
        var counts: [Int] = []
        var (value, shift) = (0, 0)
        for character in compressed.utf8 {
            guard (48...111).contains(character) else { throw RunLengthError.character(character) }
            guard shift < 60 else { throw RunLengthError.negativeOrHuge(.max) }
            let bits = Int(character) - 48
            value |= (bits & 31) << shift
            shift += 5
            guard bits & 32 == 0 else { continue }
            if bits & 16 != 0 { value |= -1 << shift }
            if counts.count > 2 { value += counts[counts.count - 2] }
            guard value >= 0, value <= 1 << 40 else { throw RunLengthError.negativeOrHuge(value) }
            counts.append(value)
            (value, shift) = (0, 0)
        }
        guard shift == 0 else { throw RunLengthError.cut }
        try self.init(size: size, counts: counts)
    }
}

extension RunLengthMask: Codable {
    private enum CodingKeys: String, CodingKey {
        case size, counts
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let size = try container.decode([Int].self, forKey: .size)
        guard size.count == 2 else { throw RunLengthError.cut }
        let imageSize = ImageSize(width: size[1], height: size[0])
        if let plain = try? container.decode([Int].self, forKey: .counts) {
            try self.init(size: imageSize, counts: plain)
        } else {
            try self.init(size: imageSize, compressed: container.decode(String.self, forKey: .counts))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode([size.height, size.width], forKey: .size)
        try container.encode(compressed, forKey: .counts)
    }
}

/// Why run lengths are refused.
public enum RunLengthError: Error, Sendable, Equatable {
    case size(ImageSize)
    case negativeOrHuge(Int)
    case sum(found: Int, expected: Int)
    case character(UInt8)
    case cut
    case sizesDiffer(ImageSize, ImageSize)
}

extension RunLengthError: DescribedError {
    public var description: String {
        switch self {
        case .size(let size): "A run-length mask of \(size) pixels is not possible."
        case .negativeOrHuge(let count): "A run of \(count) pixels is not possible."
        case .sum(let found, let expected): "The runs cover \(found) pixels, the mask has \(expected)."
        case .character(let code): "The character \(code) does not occur in compressed run lengths."
        case .cut: "The run lengths are cut short."
        case .sizesDiffer(let a, let b): "Masks of \(a) and \(b) cannot be combined."
        }
    }
}
