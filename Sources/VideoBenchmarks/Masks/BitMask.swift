import Media

/// A binary mask with a bit a pixel, 64 pixels a word: overlaps, boundaries and disks around them cost microseconds.
public struct BitMask: Sendable, Equatable {
    public let size: ImageSize
    /// Words in a row; pixel x is bit `x % 64` of word `x / 64`, and bits beyond the width are 0.
    let wordsPerRow: Int
    var words: [UInt64]

    /// An empty mask.
    public init(size: ImageSize) {
        self.size = size
        wordsPerRow = (size.width + 63) / 64
        words = [UInt64](repeating: 0, count: wordsPerRow * size.height)
    }

    public init(_ mask: Mask) {
        self.init(size: mask.size)
        let (width, perRow) = (size.width, wordsPerRow)
        mask.values.withUnsafeBufferPointer { values in
            words.withUnsafeMutableBufferPointer { words in
                for y in 0..<mask.height {
                    for x in 0..<width where values[y * width + x] != 0 { words[y * perRow + x / 64] |= 1 << UInt64(x % 64) }
                }
            }
        }
    }

    init(size: ImageSize, words: [UInt64]) {
        self.size = size
        wordsPerRow = (size.width + 63) / 64
        self.words = words
    }

    /// The mask with a byte a pixel.
    public var mask: Mask {
        var mask = Mask(size: size)
        for y in rows {
            for x in 0..<size.width where words[y * wordsPerRow + x / 64] >> UInt64(x % 64) & 1 != 0 { mask.values[y * size.width + x] = 1 }
        }
        return mask
    }

    /// The number of pixels inside.
    public var area: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

    public var isEmpty: Bool { !words.contains { $0 != 0 } }

    /// From the first to the last row with a pixel inside.
    var rows: Range<Int> {
        words.withUnsafeBufferPointer { words in
            guard let first = words.firstIndex(where: { $0 != 0 }), let last = words.lastIndex(where: { $0 != 0 }) else { return 0..<0 }
            return first / wordsPerRow..<last / wordsPerRow + 1
        }
    }

    /// From the first to the last column with a pixel inside; nil for an empty mask.
    var columns: Range<Int>? {
        var all = [UInt64](repeating: 0, count: wordsPerRow)
        for (place, word) in words.enumerated() where word != 0 { all[place % wordsPerRow] |= word }
        guard let first = all.firstIndex(where: { $0 != 0 }), let last = all.lastIndex(where: { $0 != 0 }) else { return nil }
        return 64 * first + all[first].trailingZeroBitCount..<64 * last + 64 - all[last].leadingZeroBitCount
    }

    /// - Precondition: the pixel lies in the picture.
    subscript(x: Int, y: Int) -> Bool { words[y * wordsPerRow + x / 64] >> UInt64(x % 64) & 1 != 0 }

    /// The pixels inside, row by row.
    var pixels: [(x: Int, y: Int)] {
        var pixels: [(x: Int, y: Int)] = []
        for (place, word) in words.enumerated() {
            var rest = word
            while rest != 0 {
                pixels.append((place % wordsPerRow * 64 + rest.trailingZeroBitCount, place / wordsPerRow))
                rest &= rest - 1
            }
        }
        return pixels
    }

    /// Pixels inside both, and pixels inside either.
    /// - Precondition: equal sizes.
    func overlap(_ other: BitMask) -> (intersection: Int, union: Int) {
        precondition(size == other.size, "masks of \(size) and \(other.size)")
        return words.withUnsafeBufferPointer { a in
            other.words.withUnsafeBufferPointer { b in
                var (both, either) = (0, 0)
                for i in 0..<a.count where a[i] | b[i] != 0 {
                    both &+= (a[i] & b[i]).nonzeroBitCount
                    either &+= (a[i] | b[i]).nonzeroBitCount
                }
                return (both, either)
            }
        }
    }

    mutating func subtract(_ other: BitMask) {
        precondition(size == other.size, "masks of \(size) and \(other.size)")
        for i in words.indices { words[i] &= ~other.words[i] }
    }

    mutating func formUnion(_ other: BitMask) {
        precondition(size == other.size, "masks of \(size) and \(other.size)")
        for i in words.indices { words[i] |= other.words[i] }
    }
}
