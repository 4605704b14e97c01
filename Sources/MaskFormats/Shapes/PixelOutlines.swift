import Media

/// The outlines of a mask along its pixels' edges: corners are whole numbers, so that whoever fills them gets the mask again.
///
/// Each polygon is a part of the mask whose pixels touch by their sides. A hole is part of its polygon's line: a vertical cut leads to it
/// and back, which fills nothing. So one line says it all, also where formats have no holes.
enum PixelOutlines {
    struct Corner: Equatable {
        var x: Int32
        var y: Int32
    }

    /// - Parameter keepsHoles: false: holes are filled.
    /// - Returns: closed lines without a repeated last corner, the largest part first, equal ones from top to bottom.
    static func polygons(of mask: Mask, keepsHoles: Bool = true) -> [[Corner]] {
        guard let bounds = mask.bounds else { return [] }
        var tracing = Tracing(mask, bounds.columns, bounds.rows)
        tracing.run(keepsHoles: keepsHoles)
        return tracing.outlines.sorted { $0.area == $1.area ? $0.order < $1.order : $0.area > $1.area }.map(\.corners)
    }

    fileprivate struct Outline {
        var corners: [Corner]
        var area: Int
        var order: Int
    }
}

/// Follows the edges between pixels inside and outside, with the inside to the right.
private struct Tracing {
    typealias Corner = PixelOutlines.Corner

    /// The mask's part that holds it, with a pixel of margin.
    private let width: Int
    private let height: Int
    private let left: Int
    private let top: Int
    private var inside: [UInt8]
    /// For each edge above a pixel that is inside, below one that is not: the node at its left end; 0: not followed yet.
    private var nodes: [Int32]
    private var corners: [Corner] = [Corner(x: 0, y: 0)]
    private var next: [Int32] = [0]
    private(set) var outlines: [PixelOutlines.Outline] = []

    init(_ mask: Mask, _ columns: ClosedRange<Int>, _ rows: ClosedRange<Int>) {
        (width, height) = (columns.count + 2, rows.count + 2)
        (left, top) = (columns.lowerBound - 1, rows.lowerBound - 1)
        inside = [UInt8](repeating: 0, count: width * height)
        for y in rows {
            let from = (y - top) * width + 1
            let source = y * mask.width + columns.lowerBound
            inside.replaceSubrange(from..<(from + columns.count), with: mask.values[source..<(source + columns.count)])
        }
        nodes = [Int32](repeating: 0, count: width * height)
    }

    /// Rows from top to bottom: the first untouched upper edge of a part is its outer line's; holes are found from the part's pixels above
    /// them, when those are passed.
    mutating func run(keepsHoles: Bool) {
        var outer: [(node: Int32, area: Int)] = []
        var holeSeen = [Bool](repeating: false, count: width * height)
        for y in 1..<height {
            for x in 1..<(width - 1) {
                let i = y * width + x
                if inside[i] != 0, inside[i - width] == 0, nodes[i] == 0 {
                    let start = Int32(corners.count)
                    let area = follow(x, y, heading: 0, &holeSeen)
                    if area > 0 { outer.append((start, area)) }
                } else if keepsHoles, inside[i] == 0, inside[i - width] != 0, !holeSeen[i] {
                    // The lower edge of a pixel inside that no line has yet: the top of a hole.
                    let start = Int32(corners.count)
                    _ = follow(x + 1, y, heading: 2, &holeSeen)
                    cut(from: start, x: x + 1, y: y)
                }
            }
        }
        for (order, part) in outer.enumerated() {
            outlines.append(.init(corners: line(from: part.node), area: part.area, order: order))
        }
    }

    /// Follows a line once around.
    /// - Parameter heading: 0 right, 1 down, 2 left, 3 up.
    /// - Returns: the area to its right, holes in it included; negative around a hole.
    private mutating func follow(_ startX: Int, _ startY: Int, heading startHeading: Int, _ holeSeen: inout [Bool]) -> Int {
        var (x, y, heading, area) = (startX, startY, startHeading, 0)
        let first = Int32(corners.count)
        repeat {
            let node = Int32(corners.count)
            corners.append(Corner(x: Int32(x + left), y: Int32(y + top)))
            next.append(node + 1)
            switch heading {
            case 0:
                nodes[y * width + x] = node
                x += 1
            case 1:
                y += 1
                area += x
            case 2:
                x -= 1
                holeSeen[y * width + x] = true
            default:
                y -= 1
                area -= x
            }
            heading = turn(x, y, heading)
        } while x != startX || y != startY || heading != startHeading
        next[corners.count - 1] = first
        return area
    }

    /// The way on from a corner: to the right where that keeps to the same pixel (pixels that touch by a corner alone are apart), else
    /// straight on, else to the left.
    private func turn(_ x: Int, _ y: Int, _ heading: Int) -> Int {
        // The two pixels ahead, to the right and to the left of the way.
        let (right, leftward): (Int, Int) =
            switch heading {
            case 0: (y * width + x, (y - 1) * width + x)
            case 1: (y * width + x - 1, y * width + x)
            case 2: ((y - 1) * width + x - 1, y * width + x - 1)
            default: ((y - 1) * width + x, (y - 1) * width + x - 1)
            }
        if inside[right] == 0 { return (heading + 1) & 3 }
        return inside[leftward] == 0 ? heading : (heading + 3) & 3
    }

    /// Joins a hole's line to the line above it. `x` and `y` are the right end of the hole's first upper edge, where its line begins.
    private mutating func cut(from hole: Int32, x: Int, y: Int) {
        // Up from the hole's corner through pixels inside, to the edge of another line; that one is complete, since it begins higher up.
        let column = x - 1
        var row = y - 1
        while inside[(row - 1) * width + column] != 0 { row -= 1 }
        let upper = nodes[row * width + column]
        guard upper > 0 else { return }
        // The edge's left end is above the left end of the hole's edge, which is the second corner of its line.
        let second = next[Int(hole)]
        let (copyOfSecond, copyOfUpper) = (Int32(corners.count), Int32(corners.count + 1))
        corners.append(corners[Int(second)])
        corners.append(corners[Int(upper)])
        next.append(copyOfUpper)
        next.append(next[Int(upper)])
        next[Int(upper)] = second
        next[Int(hole)] = copyOfSecond
        // Who cuts through the same edge later does so behind this cut.
        nodes[row * width + column] = copyOfUpper
    }

    /// A line's corners without those in the middle of a straight piece.
    private func line(from start: Int32) -> [Corner] {
        var all: [Corner] = []
        var node = start
        repeat {
            all.append(corners[Int(node)])
            node = next[Int(node)]
        } while node != start
        return all.indices.compactMap { i in
            let (before, here, after) = (all[(i + all.count - 1) % all.count], all[i], all[(i + 1) % all.count])
            let goesOn = (before.x == here.x && here.x == after.x) || (before.y == here.y && here.y == after.y)
            // Where the line turns back upon itself, at the end of a cut, is a corner.
            return goesOn && isBetween(before, here, after) ? nil : here
        }
    }

    private func isBetween(_ a: Corner, _ b: Corner, _ c: Corner) -> Bool {
        (min(a.x, c.x)...max(a.x, c.x)).contains(b.x) && (min(a.y, c.y)...max(a.y, c.y)).contains(b.y)
    }
}
