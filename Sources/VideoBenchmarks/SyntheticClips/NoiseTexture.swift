import Foundation
import SAMPT
import Support

/// A seamless coloured texture without fine structure that a camera could not resolve: noise of several wavelengths, mixed from a few
/// colours.
struct NoiseTexture: Sendable {
    /// Texels along each side; the texture repeats after them.
    let side: Int
    /// Red, green, blue and nothing, 0 to 255.
    private let texels: [SIMD4<Float>]

    /// - Parameter side: a power of two, at least 64.
    init(side: Int, using generator: inout SeededGenerator) {
        precondition(side >= 64 && side & (side - 1) == 0)
        self.side = side
        let colors = (0..<4).map { _ in
            SIMD4<Float>(
                Float(generator.number(in: 20...235)), Float(generator.number(in: 20...235)), Float(generator.number(in: 20...235)), 0)
        }
        // Large areas of two colours, patches of a third, small marks of a fourth, and shades.
        let areas = Self.noise(side, wavelengths: [64, 32, 16, 8], using: &generator)
        let patches = Self.noise(side, wavelengths: [32, 16, 8], using: &generator)
        let marks = Self.noise(side, wavelengths: [16, 8], using: &generator)
        let shades = Self.noise(side, wavelengths: [16, 8, 4], using: &generator)
        func step(_ value: Float, _ edge: Float, _ width: Float) -> Float {
            let t = max(0, min(1, (value - edge) / width + 0.5))
            return t * t * (3 - 2 * t)
        }
        texels = (0..<(side * side)).map { i in
            var color = colors[0] + (colors[1] - colors[0]) * step(areas[i], 0, 0.5)
            color += (colors[2] - color) * step(patches[i], 0.2, 0.25)
            color += (colors[3] - color) * step(marks[i], 0.45, 0.3)
            color *= 1 + 0.35 * shades[i]
            return color.clamped(lowerBound: SIMD4(repeating: 0), upperBound: SIMD4(repeating: 255))
        }
    }

    /// Noise between about -1 and 1 on a torus: random values on a lattice for each wavelength (in texels), smoothly interpolated, weaker
    /// for shorter ones.
    private static func noise(_ side: Int, wavelengths: [Int], using generator: inout SeededGenerator) -> [Float] {
        var sum = [Float](repeating: 0, count: side * side)
        for wavelength in wavelengths {
            let cells = side / wavelength
            let lattice = (0..<(cells * cells)).map { _ in Float(generator.number(in: -1...1)) }
            let amplitude = pow(Float(wavelength) / Float(wavelengths[0]), 0.6)
            let fade = (0..<wavelength).map { i -> Float in
                let t = Float(i) / Float(wavelength)
                return t * t * t * (t * (t * 6 - 15) + 10)
            }
            sum.withUnsafeMutableBufferPointer { sum in
                lattice.withUnsafeBufferPointer { lattice in
                    for y in 0..<side {
                        let (top, bottom) = (y / wavelength * cells, (y / wavelength + 1) % cells * cells)
                        let v = fade[y % wavelength]
                        for x in 0..<side {
                            let (left, right) = (x / wavelength, (x / wavelength + 1) % cells)
                            let u = fade[x % wavelength]
                            let above = lattice[top + left] + (lattice[top + right] - lattice[top + left]) * u
                            let below = lattice[bottom + left] + (lattice[bottom + right] - lattice[bottom + left]) * u
                            sum[y * side + x] += amplitude * (above + (below - above) * v)
                        }
                    }
                }
            }
        }
        return sum
    }

    /// The colour at a place, in texels with centres at whole numbers, bilinear.
    @inline(__always)
    func color(at place: SIMD2<Double>) -> SIMD4<Float> {
        let floor = place.rounded(.down)
        let fraction = SIMD2<Float>(place - floor)
        let mask = side - 1
        let (x, y) = (Int(floor.x) & mask, Int(floor.y) & mask)
        let (right, below) = ((x + 1) & mask, (y + 1) & mask)
        return texels.withUnsafeBufferPointer { texels in
            let top = texels[y * side + x] + (texels[y * side + right] - texels[y * side + x]) * fraction.x
            let bottom = texels[below * side + x] + (texels[below * side + right] - texels[below * side + x]) * fraction.x
            return top + (bottom - top) * fraction.y
        }
    }
}

extension SeededGenerator {
    /// An evenly distributed number; the same on every platform.
    mutating func number(in range: ClosedRange<Double>) -> Double {
        range.lowerBound + (range.upperBound - range.lowerBound) * Double(next() >> 11) * 0x1p-53
    }

    /// An angle in radians, a full turn.
    mutating func angle() -> Double { number(in: 0...(2 * .pi)) }

    /// An index below `count`.
    mutating func index(below count: Int) -> Int { min(count - 1, Int(number(in: 0...1) * Double(count))) }
}
