extension Mask {
    /// Pixels inside both.
    public func intersectionCount(_ other: Mask) -> Int { count(other, &) }

    /// Pixels inside either.
    public func unionCount(_ other: Mask) -> Int { count(other, |) }

    /// Intersection over union; 1 when both are empty.
    public func intersectionOverUnion(_ other: Mask) -> Double {
        let union = unionCount(other)
        return union == 0 ? 1 : Double(intersectionCount(other)) / Double(union)
    }

    @inline(__always)
    private func count(_ other: Mask, _ combine: (UInt8, UInt8) -> UInt8) -> Int {
        precondition(size == other.size, "masks of \(size) and \(other.size)")
        return values.withUnsafeBufferPointer { a in
            other.values.withUnsafeBufferPointer { b in
                var sum = 0
                for i in 0..<a.count { sum &+= Int(combine(a[i], b[i])) }
                return sum
            }
        }
    }

    /// Every pixel that is not inside.
    public var inverted: Mask { Mask(width: width, height: height, values: values.map { 1 - $0 }) }

    /// The columns and rows of the pixels inside, inclusive; nil for an empty mask.
    public var bounds: (columns: ClosedRange<Int>, rows: ClosedRange<Int>)? {
        var (left, right, top, bottom) = (width, -1, height, -1)
        values.withUnsafeBufferPointer { values in
            for y in 0..<height {
                let row = values[(y * width)..<((y + 1) * width)]
                guard let first = row.firstIndex(of: 1), let last = row.lastIndex(of: 1) else { continue }
                left = min(left, first - y * width)
                right = max(right, last - y * width)
                if top == height { top = y }
                bottom = y
            }
        }
        return right < 0 ? nil : (left...right, top...bottom)
    }

    /// The length of the diagonal from the bounding box's first to its last pixel; 0 for an empty mask.
    public var diameter: Double {
        guard let bounds else { return 0 }
        let (dx, dy) = (Double(bounds.columns.count - 1), Double(bounds.rows.count - 1))
        return (dx * dx + dy * dy).squareRoot()
    }

    /// Erosion by a square of `side` pixels whose anchor is at `side / 2`; outside the picture counts as inside (OpenCV's default).
    public func eroded(side: Int) -> Mask {
        guard side > 1 else { return self }
        return inverted.dilated(before: side - 1 - side / 2, after: side / 2, mirrored: true).inverted
    }

    /// Dilation by a square of `2 * radius + 1` pixels.
    public func dilated(radius: Int) -> Mask {
        radius > 0 ? dilated(before: radius, after: radius, mirrored: false) : self
    }

    /// A pixel is inside when one from `after` left and above to `before` right and below of it is, or the other way round.
    private func dilated(before: Int, after: Int, mirrored: Bool) -> Mask {
        // A pixel at p covers targets p - lead ... p + trail.
        let (lead, trail) = mirrored ? (before, after) : (after, before)
        var rows = [UInt8](repeating: 0, count: values.count)
        for y in 0..<height { Self.spread(values, y * width, 1, width, lead, trail, &rows) }
        var result = [UInt8](repeating: 0, count: values.count)
        for x in 0..<width { Self.spread(rows, x, width, height, lead, trail, &result) }
        return Mask(width: width, height: height, values: result)
    }

    private static func spread(
        _ source: [UInt8], _ start: Int, _ step: Int, _ count: Int, _ lead: Int, _ trail: Int, _ target: inout [UInt8]
    ) {
        source.withUnsafeBufferPointer { source in
            target.withUnsafeMutableBufferPointer { target in
                var filled = 0
                for i in 0..<count where source[start + i * step] != 0 {
                    let from = max(filled, i - lead)
                    let to = min(count - 1, i + trail)
                    guard from <= to else { continue }
                    for j in from...to { target[start + j * step] = 1 }
                    filled = to + 1
                }
            }
        }
    }

    /// Squared Euclidean distance from each pixel inside to the nearest pixel outside; 0 outside. The picture's border does not count
    /// as outside (Felzenszwalb and Huttenlocher, 2012).
    public func squaredDistances() -> [Float] {
        let far: Float = 1e12
        var field = values.map { $0 == 0 ? Float(0) : far }
        var line = [Float](repeating: 0, count: max(width, height))
        var hull = [Int](repeating: 0, count: line.count)
        var limits = [Float](repeating: 0, count: line.count + 1)
        for x in 0..<width { Self.transform(&field, x, width, height, &line, &hull, &limits) }
        for y in 0..<height { Self.transform(&field, y * width, 1, width, &line, &hull, &limits) }
        return field
    }

    /// The lower envelope of parabolas along one line.
    private static func transform(
        _ field: inout [Float], _ start: Int, _ step: Int, _ count: Int, _ line: inout [Float], _ hull: inout [Int], _ limits: inout [Float]
    ) {
        for i in 0..<count { line[i] = field[start + i * step] }
        var k = 0
        hull[0] = 0
        limits[0] = -.infinity
        limits[1] = .infinity
        for q in 1..<max(1, count) {
            var crossing: Float
            repeat {
                let p = hull[k]
                crossing = ((line[q] + Float(q * q)) - (line[p] + Float(p * p))) / Float(2 * (q - p))
                if crossing > limits[k] { break }
                k -= 1
            } while k >= 0
            k += 1
            hull[k] = q
            limits[k] = crossing
            limits[k + 1] = .infinity
        }
        k = 0
        for q in 0..<count {
            while limits[k + 1] < Float(q) { k += 1 }
            let distance = Float(q - hull[k])
            field[start + q * step] = distance * distance + line[hull[k]]
        }
    }

    /// 8-connected parts: a label from 1 for each pixel inside (0 outside) and each part's pixel count, in order of labels.
    public func connectedComponents() -> (labels: [Int32], areas: [Int]) {
        var labels = [Int32](repeating: 0, count: values.count)
        var areas: [Int] = []
        var stack: [Int] = []
        for start in values.indices where values[start] != 0 && labels[start] == 0 {
            let label = Int32(areas.count + 1)
            var area = 0
            labels[start] = label
            stack.append(start)
            while let position = stack.popLast() {
                area += 1
                let (x, y) = (position % width, position / width)
                for ny in max(0, y - 1)...min(height - 1, y + 1) {
                    for nx in max(0, x - 1)...min(width - 1, x + 1) {
                        let next = ny * width + nx
                        if values[next] != 0, labels[next] == 0 {
                            labels[next] = label
                            stack.append(next)
                        }
                    }
                }
            }
            areas.append(area)
        }
        return (labels, areas)
    }

    /// The connected parts that hold one of `points`; everything when none does.
    /// - Parameter points: in pixels, centres at +0.5.
    public func keepingParts(touching points: [SIMD2<Float>]) -> Mask {
        let (labels, areas) = connectedComponents()
        guard areas.count > 1 else { return self }
        let kept = Set(points.filter(size.contains).map { labels[Int($0.y) * width + Int($0.x)] }).subtracting([0])
        guard !kept.isEmpty else { return self }
        return Mask(width: width, height: height, values: labels.map { kept.contains($0) ? 1 : 0 })
    }

    /// Without connected parts smaller than `share` of the largest, save those that hold one of `points`.
    public func withoutSpecks(smallerThan share: Double = 0.05, sparing points: [SIMD2<Float>] = []) -> Mask {
        let (labels, areas) = connectedComponents()
        guard areas.count > 1, let largest = areas.max() else { return self }
        var isKept = [true] + areas.map { Double($0) >= share * Double(largest) }
        guard isKept.contains(false) else { return self }
        for point in points where size.contains(point) { isKept[Int(labels[Int(point.y) * width + Int(point.x)])] = true }
        return Mask(width: width, height: height, values: zip(values, labels).map { $0 != 0 && isKept[Int($1)] ? 1 : 0 })
    }

    /// The positions of the pixels inside, row by row.
    public var pixelPositions: [(x: Int32, y: Int32)] {
        var positions: [(x: Int32, y: Int32)] = []
        for (i, value) in values.enumerated() where value != 0 { positions.append((Int32(i % width), Int32(i / width))) }
        return positions
    }

    /// The centres of at most `count` pixels inside, evenly spaced in the order of reading.
    public func evenPixels(_ count: Int) -> [SIMD2<Float>] {
        let pixels = pixelPositions
        let count = min(max(0, count), pixels.count)
        return (0..<count).map { i in
            let pixel = pixels[(2 * i + 1) * pixels.count / (2 * count)]
            return SIMD2(Float(pixel.x) + 0.5, Float(pixel.y) + 0.5)
        }
    }
}
