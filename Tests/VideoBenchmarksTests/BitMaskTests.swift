import Media
import Support
import Testing

@testable import VideoBenchmarks

@Suite("Masks as bits")
struct BitMaskTests {
    private func random(_ width: Int, _ height: Int, seed: UInt64, share: Double = 0.02) -> Mask {
        var generator = SeededGenerator(seed: seed)
        return Mask(
            width: width, height: height,
            values: (0..<(width * height)).map { _ in Double.random(in: 0..<1, using: &generator) < share ? 1 : 0 })
    }

    private func near(_ mask: Mask, _ other: Mask, _ radius: Int) -> Int {
        let others = other.pixelPositions
        return mask.pixelPositions.count { pixel in
            others.contains { other in
                let (dx, dy) = (Int(pixel.x - other.x), Int(pixel.y - other.y))
                return dx * dx + dy * dy <= radius * radius
            }
        }
    }

    @Test("Widths that fill words, and that do not", arguments: [1, 2, 63, 64, 65, 127, 128, 130, 200])
    func roundTrip(width: Int) {
        let mask = random(width, 9, seed: UInt64(width), share: 0.4)
        let bits = BitMask(mask)
        #expect(bits.mask == mask && bits.area == mask.area && bits.isEmpty == mask.isEmpty)
        let other = random(width, 9, seed: UInt64(width) + 1000, share: 0.4)
        let overlap = bits.overlap(BitMask(other))
        #expect(overlap.intersection == mask.intersectionCount(other) && overlap.union == mask.unionCount(other))
    }

    @Test("Boundaries as DAVIS defines them, pixel by pixel", arguments: [1, 5, 63, 64, 65, 129])
    func boundaries(width: Int) {
        let mask = random(width, 7, seed: UInt64(width), share: 0.5)
        var expected = Mask(width: width, height: 7)
        for y in 0..<7 {
            for x in 0..<width {
                let (hasRight, hasBelow) = (x + 1 < width, y + 1 < 7)
                let value = mask[x, y]
                let right = hasRight && mask[x + 1, y] != value
                let below = hasBelow && mask[x, y + 1] != value
                let corner = hasRight && hasBelow && mask[x + 1, y + 1] != value
                expected[x, y] = hasRight && hasBelow ? right || below || corner : hasRight ? right : below
            }
        }
        #expect(boundary(of: mask) == expected)
    }

    @Test("Pixels near others, within a word's reach and beyond", arguments: [0, 1, 3, 8, 18, 63, 64, 71, 130])
    func neighbours(radius: Int) {
        let (a, b) = (random(210, 30, seed: 1), random(210, 30, seed: 2, share: 0.002))
        #expect(BitMask(a).count(near: BitMask(b), radius: radius) == near(a, b, radius))
        #expect(BitMask(b).count(near: BitMask(a), radius: radius) == near(b, a, radius))
    }

    @Test("Every id of a picture becomes a mask", arguments: [7, 64, 100, 854])
    func planes(width: Int) {
        var generator = SeededGenerator(seed: UInt64(width))
        let ids: [UInt16] = [0, 0, 0, 1, 2, 200]
        let height = 11
        var labels: [UInt16] = []
        while labels.count < width * height {
            let id = ids.randomElement(using: &generator) ?? 0
            labels += Array(repeating: id, count: Int.random(in: 1...90, using: &generator))
        }
        labels = Array(labels.prefix(width * height))
        let size = ImageSize(width: width, height: height)
        let mask = IndexMask(width: width, height: height, values: labels)
        for planes in [ObjectPlanes(.bytes(size, labels.map { UInt8($0) })), ObjectPlanes(.words(mask))] {
            #expect(planes.masks.keys.sorted() == mask.ids)
            for id in mask.ids { #expect(planes.masks[id]?.mask == mask.mask(of: id)) }
        }
        var large = mask
        large.values[0] = 40_000
        #expect(ObjectPlanes(.words(large)).masks[40_000]?.area == 1)
    }
}
