import CFFmpeg
import Foundation
import Testing

@testable import Media

struct PictureOrientationTests {
    /// Each against its definition: where the stored picture's corners go, as Exif names them.
    @Test(arguments: PictureOrientation.allCases)
    func corners(orientation: PictureOrientation) {
        var stored = RGBImage(width: 3, height: 2)
        let corners = [(0, 0), (2, 0), (2, 1), (0, 1)]
        for (number, corner) in corners.enumerated() { stored[corner.0, corner.1] = (UInt8(10 * number + 10), 0, 0) }
        let shown = stored.oriented(orientation)
        #expect(shown.size == orientation.shown(stored.size))
        let (right, bottom) = (shown.width - 1, shown.height - 1)
        let found = [shown[0, 0], shown[right, 0], shown[right, bottom], shown[0, bottom]].map { Int($0.red) / 10 - 1 }
        // The stored corners that are shown at the top left, top right, bottom right, bottom left.
        let expected: [PictureOrientation: [Int]] = [
            .upright: [0, 1, 2, 3], .mirrored: [1, 0, 3, 2], .upsideDown: [2, 3, 0, 1], .flipped: [3, 2, 1, 0],
            .transposed: [0, 3, 2, 1], .clockwise: [3, 0, 1, 2], .transversed: [2, 1, 0, 3], .counterclockwise: [1, 2, 3, 0],
        ]
        #expect(found == expected[orientation])
        let gray = GrayImage(width: 3, height: 2, pixels: (0..<6).map { UInt8($0) })
        let coloured = RGBImage(width: 3, height: 2, pixels: gray.pixels.flatMap { [$0, $0, $0] })
        #expect(gray.oriented(orientation) == coloured.oriented(orientation).gray())
    }

    struct Matrix: Sendable {
        var numbers: [Int32]
        /// The stored corners that FFmpeg's program shows at the top left, top right, bottom right, bottom left.
        var corners: [Int]
    }

    /// All eight, as FFmpeg's program (5.1) shows them.
    @Test(
        .enabled(if: ClipMaker.hasX264, Comment(rawValue: ClipMaker.needsX264)),
        arguments: [
            Matrix(numbers: [1, 0, 0, 1], corners: [0, 1, 2, 3]), Matrix(numbers: [-1, 0, 0, 1], corners: [1, 0, 3, 2]),
            Matrix(numbers: [-1, 0, 0, -1], corners: [2, 3, 0, 1]), Matrix(numbers: [1, 0, 0, -1], corners: [3, 2, 1, 0]),
            Matrix(numbers: [0, 1, 1, 0], corners: [0, 3, 2, 1]), Matrix(numbers: [0, 1, -1, 0], corners: [3, 0, 1, 2]),
            Matrix(numbers: [0, -1, -1, 0], corners: [2, 1, 0, 3]), Matrix(numbers: [0, -1, 1, 0], corners: [1, 2, 3, 0]),
        ])
    func displayMatrices(matrix: Matrix) throws {
        let folder = try TestFolder()
        var maker = ClipMaker()
        maker.times = [0, 40, 80]
        maker.displayMatrix = matrix.numbers.map { $0 << 16 }
        maker.pixelAspect = (3, 2)
        let colours: [(UInt8, UInt8, UInt8)] = [(250, 250, 250), (250, 0, 0), (0, 0, 250), (0, 0, 0)]
        maker.picture = { _, size in
            var image = RGBImage(width: size.width, height: size.height)
            for y in 0..<size.height {
                for x in 0..<size.width {
                    let (isTop, isLeft) = (y < size.height / 2, x < size.width / 2)
                    image[x, y] = isTop ? (isLeft ? colours[0] : colours[1]) : (isLeft ? colours[3] : colours[2])
                }
            }
            return image
        }
        try maker.write(to: folder.path("clip.mp4"))
        let reader = try VideoReader(path: folder.path("clip.mp4"))
        let isTurned = matrix.numbers[0] == 0
        #expect(reader.size == (isTurned ? ImageSize(width: 96, height: 160) : ImageSize(width: 160, height: 96)))
        #expect(reader.pixelAspect == (isTurned ? PixelAspect(plausible: 2, 3) : PixelAspect(plausible: 3, 2)))
        let image = try reader.frame(at: 1)
        let (right, bottom) = (image.width - 5, image.height - 5)
        func corner(_ x: Int, _ y: Int) -> Int? {
            let pixel = image[x, y]
            return colours.firstIndex { colour in
                let red = abs(Int(colour.0) - Int(pixel.red))
                let green = abs(Int(colour.1) - Int(pixel.green))
                let blue = abs(Int(colour.2) - Int(pixel.blue))
                return red + green + blue < 40
            }
        }
        let found: [Int?] = [corner(4, 4), corner(right, 4), corner(right, bottom), corner(4, bottom)]
        #expect(found == matrix.corners.map { Optional($0) })
    }

    /// What is no orientation, or a picture turned by a little.
    @Test func oddMatrices() {
        #expect(PictureOrientation(a: 0, b: 0, c: 0, d: 0) == .upright)
        #expect(PictureOrientation(a: .min, b: .min, c: .min, d: .min) == .upsideDown)
        #expect(PictureOrientation(a: 60000, b: 20000, c: -20000, d: 60000) == .upright)
        #expect(PictureOrientation(a: 1000, b: 65000, c: -65000, d: 1000) == .clockwise)
    }
}
