import Media

extension IndexMask {
    /// The objects' pixels with their ids; where objects overlap, the later lies on top.
    /// - Parameter value: the id to write for an object, at most 65535.
    init(_ frame: MaskFrame, size: ImageSize, value: (AnnotatedObject) throws -> UInt16) rethrows {
        self.init(width: size.width, height: size.height)
        for entry in frame.objects {
            let id = try value(entry.object)
            values.withUnsafeMutableBufferPointer { values in
                entry.mask.forEachPixel { values[$0] = id }
            }
        }
    }

    /// The mask of every id but 0, with the ids ascending: one pass over the pixels for all of them.
    func runLengths() -> [(id: Int, mask: RunLengthMask)] {
        var slots = [Int32](repeating: -1, count: 1 << 16)
        var runs: [ObjectRuns] = []
        values.withUnsafeBufferPointer { values in
            for x in 0..<width {
                var i = x
                var (start, current) = (0, UInt16(0))
                for y in 0..<height {
                    let value = values[i]
                    if value != current {
                        if current != 0 { Self.add(current, x * height + start, x * height + y, &slots, &runs) }
                        (start, current) = (y, value)
                    }
                    i += width
                }
                if current != 0 { Self.add(current, x * height + start, x * height + height, &slots, &runs) }
            }
        }
        return runs.sorted { $0.id < $1.id }.compactMap { object in
            // The counts are made of the pixels, so they fit.
            (try? RunLengthMask(size: size, counts: object.finished(size.pixelCount))).map { (object.id, $0) }
        }
    }

    private struct ObjectRuns {
        var id: Int
        var counts: [Int] = []
        var end = 0

        mutating func add(_ from: Int, _ to: Int) {
            if from == end, !counts.isEmpty {
                counts[counts.count - 1] += to - from
            } else {
                counts.append(from - end)
                counts.append(to - from)
            }
            end = to
        }

        func finished(_ total: Int) -> [Int] { end < total ? counts + [total - end] : counts }
    }

    private static func add(_ value: UInt16, _ from: Int, _ to: Int, _ slots: inout [Int32], _ runs: inout [ObjectRuns]) {
        if slots[Int(value)] < 0 {
            slots[Int(value)] = Int32(runs.count)
            runs.append(ObjectRuns(id: Int(value)))
        }
        runs[Int(slots[Int(value)])].add(from, to)
    }
}

extension RunLengthMask {
    /// Visits the row-major place of every pixel inside, column by column.
    @inline(__always)
    func forEachPixel(_ visit: (Int) -> Void) {
        let (width, height) = (size.width, size.height)
        var position = 0
        var isInside = false
        for count in counts {
            if isInside, count > 0 {
                var (x, y) = (position / height, position % height)
                for _ in 0..<count {
                    visit(y * width + x)
                    y += 1
                    if y == height { (x, y) = (x + 1, 0) }
                }
            }
            position += count
            isInside.toggle()
        }
    }

    /// Whether no pixel is inside.
    var isEmpty: Bool { area == 0 }

    /// A mask without pixels.
    static func empty(_ size: ImageSize) -> RunLengthMask { RunLengthMask(Mask(size: size)) }
}

extension Mask {
    /// Every pixel that is inside any of a frame's masks.
    static func union(of frame: MaskFrame, size: ImageSize) -> Mask {
        var mask = Mask(size: size)
        mask.values.withUnsafeMutableBufferPointer { values in
            for entry in frame.objects { entry.mask.forEachPixel { values[$0] = 1 } }
        }
        return mask
    }
}
