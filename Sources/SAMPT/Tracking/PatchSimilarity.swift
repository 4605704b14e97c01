import Foundation
import Media

extension PatchFilter {
    /// Colours around a point, as the filter compares them.
    struct Patch: Sendable, Equatable {
        fileprivate var values: [SIMD3<Float>]
    }

    /// The patch around a point: CIELAB, interpolated between pixel centres; black (0, 0, 0) outside the frame.
    /// - Parameter swapsRedAndBlue: as the reference does by mistake.
    func patch(around position: SIMD2<Float>, in image: RGBImage, swapsRedAndBlue: Bool = false) -> Patch {
        let reach = size / 2
        // Whole numbers are pixel centres here.
        let center = position - 0.5
        guard center.x.isFinite, center.y.isFinite, abs(center.x) < 1e6, abs(center.y) < 1e6 else { return Patch(values: []) }
        let corner = SIMD2(center.x.rounded(.down), center.y.rounded(.down))
        let (fx, fy) = (center.x - corner.x, center.y - corner.y)
        let side = 2 * reach + 2
        // The patch's points are whole pixels apart, so neighbours share the pixels they are interpolated between.
        let cells = (0..<(side * side)).map { i in
            Self.lab(image, x: Int(corner.x) - reach + i % side, y: Int(corner.y) - reach + i / side, swapped: swapsRedAndBlue)
        }
        var values: [SIMD3<Float>] = []
        for y in 0..<(side - 1) {
            for x in 0..<(side - 1) {
                let i = y * side + x
                let top = cells[i] * (1 - fx) + cells[i + 1] * fx
                let bottom = cells[i + side] * (1 - fx) + cells[i + side + 1] * fx
                values.append(top * (1 - fy) + bottom * fy)
            }
        }
        return Patch(values: values)
    }

    /// 1 for equal patches, less the more they differ.
    func similarity(_ a: Patch, _ b: Patch) -> Float {
        guard a.values.count == b.values.count, !a.values.isEmpty else { return 0 }
        var sum: Float = 0
        for (p, q) in zip(a.values, b.values) {
            let d = p - q
            sum += (d * d).sum()
        }
        return exp(-sum.squareRoot() / Float(2 * size * size))
    }

    /// A pixel's colour (sRGB, D65, 2 degrees).
    private static func lab(_ image: RGBImage, x: Int, y: Int, swapped: Bool) -> SIMD3<Float> {
        guard x >= 0, y >= 0, x < image.width, y < image.height else { return .zero }
        let i = 3 * (y * image.width + x)
        let rgb = SIMD3(linear[Int(image.pixels[i])], linear[Int(image.pixels[i + 1])], linear[Int(image.pixels[i + 2])])
        let (r, g, b) = swapped ? (rgb.z, rgb.y, rgb.x) : (rgb.x, rgb.y, rgb.z)
        let fx = cubeRoot((0.412453 * r + 0.357580 * g + 0.180423 * b) / 0.95047)
        let fy = cubeRoot(0.212671 * r + 0.715160 * g + 0.072169 * b)
        let fz = cubeRoot((0.019334 * r + 0.119193 * g + 0.950227 * b) / 1.08883)
        return SIMD3<Float>(SIMD3(116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)))
    }

    private static func cubeRoot(_ t: Double) -> Double { t > 0.008856 ? cbrt(t) : 7.787 * t + 16.0 / 116 }

    /// Of 8-bit sRGB values.
    private static let linear: [Double] = (0...255).map {
        let value = Double($0) / 255
        return value > 0.04045 ? pow((value + 0.055) / 1.055, 2.4) : value / 12.92
    }
}
