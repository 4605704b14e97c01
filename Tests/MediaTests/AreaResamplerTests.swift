import Media
import Support
import Testing

struct AreaResamplerTests {
    private func resized(_ image: RGBImage, to target: ImageSize) -> [Float] {
        var planes = [Float](repeating: -1, count: 3 * target.pixelCount)
        planes.withUnsafeMutableBufferPointer {
            AreaResampler(from: image.size, to: target).write(
                image, to: $0, rowStride: target.width, planeHeight: target.height, mean: 0, deviation: 1)
        }
        return planes
    }

    private func noise(_ size: ImageSize) -> RGBImage {
        var generator = SeededGenerator(seed: 1)
        return RGBImage(
            width: size.width, height: size.height,
            pixels: (0..<(3 * size.pixelCount)).map { _ in UInt8.random(in: 0...255, using: &generator) })
    }

    @Test(arguments: [
        (ImageSize(width: 7, height: 5), ImageSize(width: 3, height: 2)),
        (ImageSize(width: 854, height: 480), ImageSize(width: 640, height: 360)),
        (ImageSize(width: 3, height: 2), ImageSize(width: 7, height: 5)), (ImageSize(width: 1, height: 1), ImageSize(width: 4, height: 4)),
        (ImageSize(width: 100, height: 3), ImageSize(width: 1, height: 1)),
        (ImageSize(width: 2, height: 100), ImageSize(width: 2, height: 33)),
    ]) func oneColourStays(from source: ImageSize, to target: ImageSize) {
        let image = RGBImage(
            width: source.width, height: source.height, pixels: (0..<source.pixelCount).flatMap { _ in [201, 7, 255] as [UInt8] })
        let planes = resized(image, to: target)
        for (channel, value) in [201, 7, 255].enumerated() {
            #expect(planes[(channel * target.pixelCount)..<((channel + 1) * target.pixelCount)].allSatisfy { $0 == Float(value) })
        }
    }

    @Test func theSameSizeIsTheSamePicture() {
        let image = noise(ImageSize(width: 13, height: 9))
        let planes = resized(image, to: image.size)
        let pixels = (0..<3).flatMap { channel in (0..<image.size.pixelCount).map { Float(image.pixels[3 * $0 + channel]) } }
        #expect(planes == pixels)
    }

    /// Against sums over the overlaps of pixels.
    @Test func shrinkingAveragesAreas() {
        let image = noise(ImageSize(width: 47, height: 31))
        let target = ImageSize(width: 19, height: 23)
        let planes = resized(image, to: target)
        func overlaps(_ i: Int, _ source: Int, _ target: Int) -> [(Int, Double)] {
            let scale = Double(source) / Double(target)
            let (low, high) = (Double(i) * scale, Double(i + 1) * scale)
            return (0..<source).map { ($0, max(0, min(high, Double($0 + 1)) - max(low, Double($0))) / scale) }.filter { $0.1 > 0 }
        }
        for y in 0..<target.height {
            for x in 0..<target.width {
                for channel in 0..<3 {
                    var sum = 0.0
                    for (row, weight) in overlaps(y, 31, target.height) {
                        for (column, share) in overlaps(x, 47, target.width) {
                            sum += weight * share * Double(image.pixels[3 * (row * 47 + column) + channel])
                        }
                    }
                    let value = planes[channel * target.pixelCount + y * target.width + x]
                    #expect(value == value.rounded() && abs(Double(value) - sum) < 0.502)
                }
            }
        }
    }
}
