/// Masks that have what formats stumble over: holes, parts that touch by a corner, single pixels, the picture's borders, overlaps, objects
/// that come and go.
public struct MadeMasks: Sendable {
    public let width: Int
    public let height: Int

    public init(width: Int = 61, height: Int = 47) { (self.width, self.height) = (width, height) }

    /// The objects there are.
    public let objects = [1, 2, 3, 7]

    /// An object's pixels in a frame, row by row, 0 or 1; nil where it is not there.
    public func values(of object: Int, in frame: Int) -> [UInt8]? {
        switch object {
        case 1: return fill { x, y in ring(x, y, frame) }
        // Overlaps the ring; two parts.
        case 2: return frame % 3 == 2 ? nil : fill { x, y in (x / 6 + frame) % 7 == 0 && y > 5 && y % 13 != 0 }
        // A chequered corner, single pixels, the whole right border.
        case 3: return frame == 0 ? nil : fill { x, y in (x < 8 && y < 8 && (x + y + frame) % 2 == 0) || x == width - 1 }
        default:
            var generator = SplitMix64(seed: UInt64(frame) &* 977 &+ 5)
            return fill { _, y in y > height / 2 && generator.next() % 3 != 0 }
        }
    }

    private func ring(_ x: Int, _ y: Int, _ frame: Int) -> Bool {
        let (dx, dy) = (x - width / 2 - frame, y - height / 2)
        let distance = dx * dx + dy * dy
        return distance < height * height / 8 && distance > height * height / 40
    }

    private func fill(_ isInside: (Int, Int) -> Bool) -> [UInt8] {
        var values = [UInt8](repeating: 0, count: width * height)
        for y in 0..<height { for x in 0..<width where isInside(x, y) { values[y * width + x] = 1 } }
        return values
    }
}
