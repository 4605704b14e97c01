import Media
import TestSupport
import Testing

@testable import MaskFormats

@Suite("Outlines along pixels' edges")
struct OutlineTests {
    /// Fills with the rule that polygons are filled by: a pixel is inside where a line from its centre crosses an odd number of edges.
    private func filled(_ polygons: [[PixelOutlines.Corner]], _ size: ImageSize) -> Mask {
        var mask = Mask(size: size)
        for polygon in polygons {
            for y in 0..<size.height {
                for x in 0..<size.width {
                    var isInside = false
                    for (index, a) in polygon.enumerated() {
                        let b = polygon[(index + 1) % polygon.count]
                        if a.x == b.x, Int(a.x) <= x, (Int(min(a.y, b.y))..<Int(max(a.y, b.y))).contains(y) { isInside.toggle() }
                    }
                    if isInside { mask[x, y] = true }
                }
            }
        }
        return mask
    }

    @Test("Filled again they are the mask, with holes, by the plain rule and by COCO's")
    func exact() throws {
        let made = MadeMasks(width: 40, height: 33)
        for frame in 0..<4 {
            for object in made.objects {
                guard let values = made.values(of: object, in: frame) else { continue }
                let mask = Mask(width: 40, height: 33, values: values)
                let polygons = PixelOutlines.polygons(of: mask)
                #expect(filled(polygons, mask.size) == mask, "object \(object), frame \(frame)")
                let parts = try polygons.map { try RunLengthMask(size: mask.size, polygon: $0.flatMap { [Double($0.x), Double($0.y)] }) }
                #expect(try parts.reduce(.empty(mask.size)) { try $0.union($1) } == RunLengthMask(mask))
            }
        }
    }

    @Test("Random noise, where holes lie in holes")
    func noise() {
        var generator = SplitMix64(seed: 11)
        for density in 2..<7 as Range<UInt64> {
            let values = (0..<(24 * 19)).map { _ in UInt8(generator.next() % 8 < density ? 1 : 0) }
            let mask = Mask(width: 24, height: 19, values: values)
            #expect(filled(PixelOutlines.polygons(of: mask), mask.size) == mask)
            let parts = PixelOutlines.polygons(of: mask, keepsHoles: false)
            #expect(filled(parts, mask.size).intersectionCount(mask) == mask.area)
        }
    }

    @Test("A rectangle has four corners, and the largest part comes first")
    func corners() {
        var mask = Mask(width: 20, height: 10)
        mask[1, 1] = true
        for y in 3..<8 { for x in 5..<15 { mask[x, y] = true } }
        let polygons = PixelOutlines.polygons(of: mask)
        #expect(polygons.map(\.count) == [4, 4])
        #expect(polygons[0].map { [$0.x, $0.y] } == [[5, 3], [15, 3], [15, 8], [5, 8]])
        #expect(PixelOutlines.polygons(of: Mask(width: 3, height: 3)) == [])
    }

    @Test("Polygons that are none")
    func refused() {
        let size = ImageSize(width: 10, height: 10)
        for points in [[], [1, 1, 2, 2], [1, 1, 2, 2, 3], [0, 0, .nan, 1, 2, 2], [0, 0, 1e300, 1, 2, 2], [0, 0, -1e6, 1, 2, 2]]
            as [[Double]]
        {
            #expect(throws: PolygonError.self) { try RunLengthMask(size: size, polygon: points) }
        }
    }
}
