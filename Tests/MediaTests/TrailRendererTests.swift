import Foundation
import Media
import TestSupport
import Testing

@Suite("Points with trails")
struct TrailRendererTests {
    private let gray = RGBImage(width: 480, height: 60, red: 100, green: 100, blue: 100)

    private func same(_ a: (red: UInt8, green: UInt8, blue: UInt8), _ b: Color) -> Bool {
        (a.red, a.green, a.blue) == (b.red, b.green, b.blue)
    }

    private func isGray(_ image: RGBImage, _ x: Int, _ y: Int) -> Bool { same(image[x, y], Color(100, 100, 100)) }

    @Test("A visible point is a filled dot, a hidden one a ring through which the frame is seen")
    func dotAndRing() {
        var renderer = TrailRenderer()
        let image = renderer.draw(
            [
                TrailPoint(id: 0, position: SIMD2(100.5, 30.5), isVisible: true),
                TrailPoint(id: 1, position: SIMD2(200.5, 30.5), isVisible: false),
            ], on: gray)
        #expect(same(image[100, 30], .point(0)) && same(image[101, 30], .point(0)))
        #expect(isGray(image, 200, 30))
        #expect(isGray(image, 200, 31))
        // The ring's colour lies around the hole on all four sides.
        let radius = Int(TrailRenderer.radius(gray.size).rounded())
        for (x, y) in [(200 + radius, 30), (200 - radius, 30), (200, 30 + radius), (200, 30 - radius)] { #expect(!isGray(image, x, y)) }
        #expect(isGray(image, 200 + radius + 4, 30))
    }

    @Test("A trail fades with age, ends after its length and leaves out the time a point was hidden")
    func trails() {
        var renderer = TrailRenderer(length: 10)
        var image = gray
        for frame in 0...20 {
            image = renderer.draw([TrailPoint(id: 0, position: SIMD2(20.5 + 10 * Float(frame), 30.5), isVisible: frame != 15)], on: gray)
        }
        // Now at x = 220; the trail reaches back to x = 120 and misses 160 to 180.
        func strength(_ x: Int) -> Int {
            let pixel = image[x, 30]
            return abs(Int(pixel.red) - 100) + abs(Int(pixel.green) - 100) + abs(Int(pixel.blue) - 100)
        }
        #expect(strength(210) > strength(190))
        #expect(strength(190) > strength(145))
        #expect(strength(145) > strength(125))
        #expect(strength(125) > 0)
        #expect(strength(110) == 0)
        #expect(strength(165) == 0 && strength(175) == 0)
    }

    @Test("Points far outside, without a place, and on the border do no harm")
    func extremes() {
        var renderer = TrailRenderer(length: 0)
        let places: [SIMD2<Float>] = [SIMD2(.nan, 3), SIMD2(.infinity, 1), SIMD2(-1e30, 4), SIMD2(1e5, 1e5), SIMD2(0, 0), SIMD2(480, 60)]
        for _ in 0..<2 {
            let points = places.enumerated().map { TrailPoint(id: $0 - 3, position: $1, isVisible: $0 % 2 == 0) }
            let image = renderer.draw(points, on: gray)
            #expect(same(image[0, 0], .point(1)))
            #expect(isGray(image, 240, 30))
        }
    }

    @Test("The colours of many points differ")
    func colors() {
        #expect(Set((0..<64).map(Color.point)).count == 64)
        #expect(Color.point(3) == Color.point(3))
    }
}

@Suite("Pillow's Lanczos filter")
struct LanczosTests {
    private struct Cases: Decodable {
        struct Case: Decodable { var width: Int, height: Int, toWidth: Int, toHeight: Int, sha256: String }
        var cases: [Case]
    }

    @Test("Reduced and enlarged pictures equal Pillow's to the bit")
    func equal() throws {
        let file = Fixtures.packageRoot.appendingPathComponent("Tests/Data/lanczos.json")
        let cases = try JSONDecoder().decode(Cases.self, from: Data(contentsOf: file)).cases
        #expect(cases.count == 4)
        for item in cases {
            let pixels = (0..<(3 * item.width * item.height)).map { UInt8(truncatingIfNeeded: $0 &* $0 &* 7 &+ $0 &* 13 &+ ($0 >> 4)) }
            let image = RGBImage(width: item.width, height: item.height, pixels: pixels)
            let target = ImageSize(width: item.toWidth, height: item.toHeight)
            let resized = PillowResampler(from: image.size, to: target, filter: .lanczos).resized(image)
            #expect(SHA256.hex(Data(resized.pixels)) == item.sha256, "\(image.size) to \(target)")
        }
    }
}
