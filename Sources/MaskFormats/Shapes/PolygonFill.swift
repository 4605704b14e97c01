import Media

extension RunLengthMask {
    /// The pixels inside a polygon, as COCO's own library fills it (`rleFrPoly` of its API): the line is drawn on a grid five times as
    /// fine, and a pixel counts by where the line crosses its column's middle. Parts covered twice are outside again.
    /// - Parameter points: x and y in turn, in pixels.
    /// - Throws: `RunLengthError` for impossible sizes, `PolygonError` for lines that are none.
    init(size: ImageSize, polygon points: [Double]) throws {
        guard points.count >= 6, points.count % 2 == 0 else { throw PolygonError.tooFewPoints(points.count) }
        let reach = Double(4 * max(1, size.longestSide) + 64)
        guard points.allSatisfy({ $0.isFinite && abs($0) <= reach }) else { throw PolygonError.farOutside }
        let fine = points.map { Int((5 * $0 + 0.5).rounded(.towardZero)) }
        let steps = stride(from: 0, to: fine.count, by: 2).reduce(0) { sum, i in
            let j = (i + 2) % fine.count
            return sum + max(abs(fine[i] - fine[j]), abs(fine[i + 1] - fine[j + 1])) + 1
        }
        guard steps <= 1 << 26 else { throw PolygonError.tooLong }
        var crossings = ColumnCrossings(size)
        for i in stride(from: 0, to: fine.count, by: 2) {
            let j = (i + 2) % fine.count
            crossings.follow(from: (fine[i], fine[i + 1]), to: (fine[j], fine[j + 1]))
        }
        try self.init(size: size, counts: crossings.counts())
    }
}

/// Why a polygon is refused.
enum PolygonError: Error {
    case tooFewPoints(Int)
    case farOutside
    case tooLong

    var reason: String {
        switch self {
        case .tooFewPoints(let count): "a polygon has at least three points of two numbers each, this has \(count) numbers"
        case .farOutside: "a polygon's point lies far outside the picture"
        case .tooLong: "a polygon's line is longer than any outline"
        }
    }
}

/// Where a line crosses the middles of pixels' columns.
private struct ColumnCrossings {
    private let size: ImageSize
    /// Column-major places of the first pixel below each crossing.
    private var places: [Int] = []
    private var last: (x: Int, y: Int)?

    init(_ size: ImageSize) { self.size = size }

    /// Visits the points of an edge, in steps of one along its longer axis.
    mutating func follow(from a: (x: Int, y: Int), to b: (x: Int, y: Int)) {
        let (dx, dy) = (abs(b.x - a.x), abs(b.y - a.y))
        let isFlat = dx >= dy
        let isReversed = isFlat ? a.x > b.x : a.y > b.y
        // Slopes are taken from the lower end on, whichever way the edge goes: rounding depends on it.
        let (low, high) = isReversed ? (b, a) : (a, b)
        let length = isFlat ? dx : dy
        let slope = length == 0 ? .nan : Double(isFlat ? high.y - low.y : high.x - low.x) / Double(length)
        for step in 0...length {
            let t = isReversed ? length - step : step
            let across = length == 0 ? 0.5 : slope * Double(t) + 0.5
            if isFlat {
                visit(low.x + t, Int((Double(low.y) + across).rounded(.towardZero)))
            } else {
                visit(Int((Double(low.x) + across).rounded(.towardZero)), low.y + t)
            }
        }
    }

    private mutating func visit(_ x: Int, _ y: Int) {
        defer { last = (x, y) }
        guard let last, last.x != x else { return }
        let column = (Double(x < last.x ? x : x - 1) + 0.5) / 5 - 0.5
        guard column == column.rounded(.down), column >= 0, column <= Double(size.width - 1) else { return }
        let row = (Double(min(y, last.y)) + 0.5) / 5 - 0.5
        places.append(Int(column) * size.height + Int(max(0, min(Double(size.height), row)).rounded(.up)))
    }

    /// The runs between the crossings; two at one place cancel each other out.
    mutating func counts() -> [Int] {
        places.append(size.pixelCount)
        places.sort()
        var counts: [Int] = []
        var position = 0
        var isCancelling = false
        for place in places {
            let run = place - position
            position = place
            if isCancelling {
                counts[counts.count - 1] += run
                isCancelling = false
            } else if run == 0, !counts.isEmpty {
                isCancelling = true
            } else {
                counts.append(run)
            }
        }
        return counts
    }
}
