import Media

extension Mask {
    /// Sets or clears the pixels that belong to a stroke.
    mutating func paint(_ stroke: BrushStroke) {
        let value: UInt8 = stroke.erases ? 0 : 1
        if stroke.isLasso { fill(stroke.path, value) } else { brush(stroke.path, radius: stroke.radius, value) }
    }

    /// Pixels whose centre is within a radius of a path.
    private mutating func brush(_ path: [SIMD2<Float>], radius: Float, _ value: UInt8) {
        guard var from = path.first else { return }
        for to in path {
            let (low, high) = (pointwiseMin(from, to) - radius, pointwiseMax(from, to) + radius)
            let columns = max(0, Int(low.x - 0.5))..<max(0, min(width, Int((high.x + 0.5).rounded(.up))))
            let rows = max(0, Int(low.y - 0.5))..<max(0, min(height, Int((high.y + 0.5).rounded(.up))))
            let step = to - from
            let length = (step * step).sum()
            if !columns.isEmpty {
                for y in rows {
                    for x in columns {
                        let center = SIMD2(Float(x) + 0.5, Float(y) + 0.5)
                        let along = length > 0 ? min(1, max(0, ((center - from) * step).sum() / length)) : 0
                        let gap = center - (from + along * step)
                        if (gap * gap).sum() <= radius * radius { values[y * width + x] = value }
                    }
                }
            }
            from = to
        }
    }

    /// Pixels whose centre a closed line encloses: those between an odd and an even crossing of their row.
    private mutating func fill(_ path: [SIMD2<Float>], _ value: UInt8) {
        guard var from = path.last else { return }
        var crossings = [[Float]](repeating: [], count: height)
        for to in path {
            // Rows whose middle lies between the two ends, the upper one counted in.
            let (low, high) = (min(from.y, to.y), max(from.y, to.y))
            for y in row(low)..<max(row(low), row(high)) {
                crossings[y].append(from.x + (Float(y) + 0.5 - from.y) / (to.y - from.y) * (to.x - from.x))
            }
            from = to
        }
        for (y, unsorted) in crossings.enumerated() {
            let row = unsorted.sorted()
            for place in stride(from: 0, to: row.count - 1, by: 2) {
                let (first, end) = (column(row[place]), column(row[place + 1]))
                for x in first..<max(first, end) { values[y * width + x] = value }
            }
        }
    }

    /// The first row whose middle is not above a height, and the first column whose middle is not left of a place; the mask's own alone.
    private func row(_ y: Float) -> Int { Int(max(0, min(Float(height), (y - 0.5).rounded(.up)))) }
    private func column(_ x: Float) -> Int { Int(max(0, min(Float(width), (x - 0.5).rounded(.up)))) }
}
