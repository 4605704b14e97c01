import Media

extension BitMask {
    /// Pixels that differ from their right, lower or lower-right neighbour; in the last row only the right one counts, in the last column
    /// only the lower one (DAVIS).
    var boundary: BitMask {
        var result = BitMask(size: size)
        let rows = rows
        guard !rows.isEmpty else { return result }
        let (perRow, height) = (wordsPerRow, size.height)
        let lastColumn = UInt64(1) << UInt64((size.width - 1) % 64)
        words.withUnsafeBufferPointer { words in
            result.words.withUnsafeMutableBufferPointer { edges in
                for y in max(0, rows.lowerBound - 1)..<rows.upperBound {
                    let hasBelow = y + 1 < height
                    for w in 0..<perRow {
                        let i = y * perRow + w
                        let isLast = w + 1 == perRow
                        let value = words[i]
                        let right = value >> 1 | (isLast ? 0 : words[i + 1] << 63)
                        let inner = isLast ? ~lastColumn : ~0
                        guard hasBelow else {
                            edges[i] = (value ^ right) & inner
                            continue
                        }
                        let below = words[i + perRow]
                        let corner = below >> 1 | (isLast ? 0 : words[i + perRow + 1] << 63)
                        edges[i] = ((value ^ right) | (value ^ corner)) & inner | (value ^ below)
                    }
                }
            }
        }
        return result
    }

    /// How many pixels of this mask lie within a distance of a pixel of `other`.
    /// - Precondition: equal sizes.
    func count(near other: BitMask, radius: Int) -> Int {
        precondition(size == other.size, "masks of \(size) and \(other.size)")
        // How far a disk reaches to the sides, by rows from its centre.
        let reaches = (0...radius).map { Int(Double(radius * radius - $0 * $0).squareRoot()) }
        let (perRow, height) = (wordsPerRow, size.height)
        var count = 0
        words.withUnsafeBufferPointer { words in
            other.words.withUnsafeBufferPointer { others in
                for y in rows {
                    for w in 0..<perRow where words[y * perRow + w] != 0 {
                        let word = words[y * perRow + w]
                        // What no pixel has been found near of yet.
                        var open = word
                        for distance in 0...radius where open != 0 {
                            if y >= distance {
                                open &= ~Self.spread(others, row: (y - distance) * perRow, w, perRow, by: reaches[distance], wanted: open)
                            }
                            if distance > 0, y + distance < height {
                                open &= ~Self.spread(others, row: (y + distance) * perRow, w, perRow, by: reaches[distance], wanted: open)
                            }
                        }
                        count += (word & ~open).nonzeroBitCount
                    }
                }
            }
        }
        return count
    }

    /// One word of a row after every pixel in it has been spread to both sides.
    /// - Parameters:
    ///   - row: the row's first word.
    ///   - wanted: the pixels that are asked for.
    @inline(__always)
    private static func spread(
        _ words: UnsafeBufferPointer<UInt64>, row: Int, _ w: Int, _ perRow: Int, by reach: Int, wanted: UInt64
    ) -> UInt64 {
        guard reach < 64 else { return farSpread(words, row: row, w, perRow, by: reach, wanted: wanted) }
        let middle = words[row + w]
        var before = w > 0 ? words[row + w - 1] : 0
        var after = w + 1 < perRow ? words[row + w + 1] : 0
        guard before | middle | after != 0 else { return 0 }
        var (up, down) = (middle, middle)
        var covered = 1
        while covered <= reach {
            let step = UInt64(min(covered, reach + 1 - covered))
            up |= up << step | before >> (64 - step)
            before |= before << step
            down |= down >> step | after << (64 - step)
            after |= after >> step
            covered += Int(step)
        }
        return up | down
    }

    /// As `spread`, for disks wider than a word on each side (pictures of more than 8000 pixels).
    private static func farSpread(
        _ words: UnsafeBufferPointer<UInt64>, row: Int, _ w: Int, _ perRow: Int, by reach: Int, wanted: UInt64
    ) -> UInt64 {
        var (result, rest) = (UInt64(0), wanted)
        while rest != 0 {
            let bit = rest.trailingZeroBitCount
            rest &= rest - 1
            let x = w * 64 + bit
            let (first, last) = (max(0, x - reach), min(perRow * 64 - 1, x + reach))
            for i in (first / 64)...(last / 64) {
                var word = words[row + i]
                if i == first / 64 { word &= ~0 << UInt64(first % 64) }
                if i == last / 64 { word &= ~0 >> UInt64(63 - last % 64) }
                if word != 0 {
                    result |= 1 << UInt64(bit)
                    break
                }
            }
        }
        return result
    }
}
