import Media

/// The objects of one annotated frame, a mask of bits each.
struct ObjectPlanes: Sendable {
    let size: ImageSize
    /// By id, background left out.
    var masks: [Int: BitMask]

    init(size: ImageSize, masks: [Int: BitMask] = [:]) { (self.size, self.masks) = (size, masks) }

    init(_ picture: LabelPicture) {
        switch picture {
        case .bytes(let size, let values): self.init(size: size, masks: Self.planes(values, size))
        case .words(let mask): self.init(size: mask.size, masks: Self.planes(mask.values, mask.size))
        }
    }

    /// All ids as one object.
    mutating func merge(as id: Int) {
        guard var whole = masks.popFirst()?.value else { return }
        for mask in masks.values { whole.formUnion(mask) }
        masks = [id: whole]
    }

    private static func ids<Label: FixedWidthInteger & UnsignedInteger>(_ values: UnsafeBufferPointer<Label>) -> [Int] {
        var isSeen = [Bool](repeating: false, count: Int(Label.max) + 1)
        // Eight bytes at once: most are as those before.
        let perWord = 8 / MemoryLayout<Label>.size
        let unit = UInt64.max / UInt64(Label.max)
        var (i, pattern) = (0, UInt64(0))
        let bytes = UnsafeRawBufferPointer(values)
        while i + perWord <= values.count {
            if bytes.loadUnaligned(fromByteOffset: i * MemoryLayout<Label>.size, as: UInt64.self) != pattern {
                for j in i..<(i + perWord) { isSeen[Int(values[j])] = true }
                pattern = UInt64(values[i + perWord - 1]) &* unit
            }
            i += perWord
        }
        while i < values.count {
            isSeen[Int(values[i])] = true
            i += 1
        }
        return isSeen.indices.dropFirst().filter { isSeen[$0] }
    }

    private static func planes<Label: FixedWidthInteger & UnsignedInteger>(_ values: [Label], _ size: ImageSize) -> [Int: BitMask] {
        values.withUnsafeBufferPointer { values in
            let ids = ids(values)
            guard !ids.isEmpty else { return [:] }
            var places = [Int](repeating: -1, count: Int(Label.max) + 1)
            for (place, id) in ids.enumerated() { places[id] = place }
            let perRow = (size.width + 63) / 64
            let planeWords = perRow * size.height
            var words = [UInt64](repeating: 0, count: planeWords * ids.count)
            words.withUnsafeMutableBufferPointer { words in
                fill(words, from: values, size, perRow: perRow) { places[$0] < 0 ? nil : places[$0] * planeWords }
            }
            return Dictionary(
                uniqueKeysWithValues: ids.enumerated().map { place, id in
                    (id, BitMask(size: size, words: Array(words[(place * planeWords)..<((place + 1) * planeWords)])))
                })
        }
    }

    @inline(__always)
    private static func fill<Label: FixedWidthInteger & UnsignedInteger>(
        _ words: UnsafeMutableBufferPointer<UInt64>, from values: UnsafeBufferPointer<Label>, _ size: ImageSize, perRow: Int,
        plane: (Int) -> Int?
    ) {
        for y in 0..<size.height {
            for w in 0..<perRow {
                let start = y * size.width + w * 64
                let end = min(start + 64, (y + 1) * size.width)
                if values[start] == 0, isFlat(values, start, end) { continue }
                var x = start
                while x < end {
                    let label = values[x]
                    var next = x + 1
                    while next < end, values[next] == label { next += 1 }
                    if label != 0, let plane = plane(Int(label)) {
                        words[plane + y * perRow + w] |= (~0 >> UInt64(64 - (next - x))) << UInt64(x - start)
                    }
                    x = next
                }
            }
        }
    }

    /// Whether all labels from `start` to before `end` are equal, as far as whole words of memory tell.
    @inline(__always)
    private static func isFlat<Label: FixedWidthInteger & UnsignedInteger>(
        _ values: UnsafeBufferPointer<Label>, _ start: Int, _ end: Int
    ) -> Bool {
        let width = MemoryLayout<Label>.size
        guard (end - start) * width % 8 == 0 else { return values[start..<end].allSatisfy { $0 == values[start] } }
        let bytes = UnsafeRawBufferPointer(values)
        let pattern = UInt64(values[start]) &* (UInt64.max / UInt64(Label.max))
        var difference: UInt64 = 0
        for offset in stride(from: start * width, to: end * width, by: 8) {
            difference |= bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self) ^ pattern
        }
        return difference == 0
    }
}
