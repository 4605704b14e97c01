/// Shapes with smooth edges; whatever lies outside the picture is left out.
extension RGBImage {
    /// A disk, or a ring where `hole` is above 0: pixels nearer to the centre than `hole` stay as they are.
    public mutating func disk(at center: SIMD2<Float>, radius: Float, hole: Float = 0, _ color: Color, opacity: Float = 1) {
        capsule(from: center, to: center, radius: radius, hole: hole, color, opacity: opacity)
    }

    /// A straight line with round ends.
    public mutating func segment(from a: SIMD2<Float>, to b: SIMD2<Float>, width: Float, _ color: Color, opacity: Float = 1) {
        capsule(from: a, to: b, radius: width / 2, hole: 0, color, opacity: opacity)
    }

    /// Mixes `color` into the pixels within `radius` of a segment and beyond `hole` of it.
    private mutating func capsule(
        from a: SIMD2<Float>, to b: SIMD2<Float>, radius: Float, hole: Float, _ color: Color, opacity: Float
    ) {
        let limit: Float = 1e6
        guard abs(a.x) < limit, abs(a.y) < limit, abs(b.x) < limit, abs(b.y) < limit, radius < limit else { return }
        let reach = max(0, radius) + 1
        let (left, right) = (max(0, Int(min(a.x, b.x) - reach)), min(width - 1, Int(max(a.x, b.x) + reach)))
        let (top, bottom) = (max(0, Int(min(a.y, b.y) - reach)), min(height - 1, Int(max(a.y, b.y) + reach)))
        guard left <= right, top <= bottom else { return }
        let span = b - a
        let lengthSquared = span.x * span.x + span.y * span.y
        let (width, weight) = (width, max(0, min(1, opacity)))
        let target = SIMD3(Float(color.red), Float(color.green), Float(color.blue))
        pixels.withUnsafeMutableBufferPointer { pixels in
            for y in top...bottom {
                for x in left...right {
                    var d = SIMD2(Float(x) + 0.5, Float(y) + 0.5) - a
                    if lengthSquared > 0 { d -= span * max(0, min(1, (d.x * span.x + d.y * span.y) / lengthSquared)) }
                    let distance = (d.x * d.x + d.y * d.y).squareRoot()
                    var coverage = max(0, min(1, radius + 0.5 - distance))
                    if hole > 0 { coverage *= max(0, min(1, distance - hole + 0.5)) }
                    guard coverage > 0 else { continue }
                    let i = 3 * (y * width + x)
                    let old = SIMD3(Float(pixels[i]), Float(pixels[i + 1]), Float(pixels[i + 2]))
                    let new = (old + (target - old) * (coverage * weight)).rounded(.toNearestOrEven)
                    (pixels[i], pixels[i + 1], pixels[i + 2]) = (UInt8(new.x), UInt8(new.y), UInt8(new.z))
                }
            }
        }
    }
}
