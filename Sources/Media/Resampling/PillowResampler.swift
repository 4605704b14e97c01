import Foundation

/// Resizes 8-bit pictures as Pillow does, to the bit: a filter as wide as the reduction, in fixed point, with rounding to 8 bits between
/// the two axes. SAM's published networks see pictures resized with the bilinear filter, point tracking benchmarks use the Lanczos filter.
///
/// Weights are computed once; one resampler serves all frames of a video. Follows `Resample.c` of
/// <https://github.com/python-pillow/Pillow>.
public struct PillowResampler: Sendable {
    /// Which source positions one output position adds up, and with what weights (in units of 2^-22).
    private struct Taps: Sendable {
        var start: [Int] = []
        var weights: [[Int32]] = []
    }

    public enum Filter: Sendable {
        /// A triangle.
        case bilinear
        /// A windowed sinc, three lobes wide on each side.
        case lanczos

        fileprivate var support: Double { self == .bilinear ? 1 : 3 }

        fileprivate func weight(_ x: Double) -> Double {
            switch self {
            case .bilinear: max(0, 1 - abs(x))
            case .lanczos: abs(x) < 3 ? Self.sinc(x) * Self.sinc(x / 3) : 0
            }
        }

        private static func sinc(_ x: Double) -> Double { x == 0 ? 1 : sin(x * .pi) / (x * .pi) }
    }

    private static let precision: Int32 = 22

    public let source: ImageSize
    public let target: ImageSize
    private let columns: Taps
    private let rows: Taps

    public init(from source: ImageSize, to target: ImageSize, filter: Filter = .bilinear) {
        self.source = source
        self.target = target
        columns = Self.taps(source.width, target.width, filter)
        rows = Self.taps(source.height, target.height, filter)
    }

    private static func taps(_ source: Int, _ target: Int, _ filter: Filter) -> Taps {
        let scale = Double(source) / Double(target)
        let support = filter.support * max(1, scale)
        // Divisions by way of reciprocals, as there: another rounding could turn a pixel.
        let inverse = 1 / max(1, scale)
        var taps = Taps()
        for i in 0..<target {
            let center = (Double(i) + 0.5) * scale
            let first = max(0, Int(center - support + 0.5))
            let end = min(source, Int(center + support + 0.5))
            var weights = (first..<end).map { filter.weight((Double($0) - center + 0.5) * inverse) }
            let sum = weights.reduce(0, +)
            if sum != 0 { weights = weights.map { $0 * (1 / sum) } }
            taps.start.append(first)
            taps.weights.append(weights.map { Int32(($0 < 0 ? -0.5 : 0.5) + $0 * Double(1 << precision)) })
        }
        return taps
    }

    /// - Precondition: `image.size == source`.
    public func resized(_ image: RGBImage) -> RGBImage {
        precondition(image.size == source)
        if source == target { return image }
        let pixels =
            startsWithRows
            ? resizedColumns(resizedRows(image.pixels, width: source.width), height: target.height)
            : resizedRows(resizedColumns(image.pixels, height: source.height), width: target.width)
        return RGBImage(width: target.width, height: target.height, pixels: pixels)
    }

    /// Pillow resizes columns first; since version 13, rows first where a tall picture is reduced. What "tall" means was found by trial,
    /// for the same reduction of both axes; the order can change results by 1.
    private var startsWithRows: Bool { target.height < source.height && source.height > 2 * source.width }

    private func resizedColumns(_ pixels: [UInt8], height: Int) -> [UInt8] {
        if source.width == target.width { return pixels }
        return [UInt8](unsafeUninitializedCapacity: 3 * target.width * height) { result, count in
            count = 3 * target.width * height
            pixels.withUnsafeBufferPointer { pixels in
                for x in 0..<target.width {
                    columns.weights[x].withUnsafeBufferPointer { weights in
                        for y in 0..<height {
                            var i = 3 * (y * source.width + columns.start[x])
                            var sum = SIMD4<Int32>(repeating: 1 << (Self.precision - 1))
                            for weight in weights {
                                sum &+= weight &* SIMD4(Int32(pixels[i]), Int32(pixels[i + 1]), Int32(pixels[i + 2]), 0)
                                i += 3
                            }
                            sum = (sum &>> Self.precision).clamped(lowerBound: SIMD4(repeating: 0), upperBound: SIMD4(repeating: 255))
                            let position = 3 * (y * target.width + x)
                            result[position] = UInt8(truncatingIfNeeded: sum.x)
                            result[position + 1] = UInt8(truncatingIfNeeded: sum.y)
                            result[position + 2] = UInt8(truncatingIfNeeded: sum.z)
                        }
                    }
                }
            }
        }
    }

    private func resizedRows(_ pixels: [UInt8], width: Int) -> [UInt8] {
        if source.height == target.height { return pixels }
        let length = 3 * width
        return [UInt8](unsafeUninitializedCapacity: length * target.height) { result, count in
            count = length * target.height
            pixels.withUnsafeBufferPointer { pixels in
                withUnsafeTemporaryAllocation(of: Int32.self, capacity: length) { sums in
                    for y in 0..<target.height {
                        for i in 0..<length { sums[i] = 1 << (Self.precision - 1) }
                        for (offset, weight) in rows.weights[y].enumerated() {
                            let line = UnsafeBufferPointer(rebasing: pixels[((rows.start[y] + offset) * length)...].prefix(length))
                            for i in 0..<length { sums[i] &+= weight &* Int32(line[i]) }
                        }
                        for i in 0..<length {
                            result[y * length + i] = UInt8(truncatingIfNeeded: max(0, min(255, sums[i] >> Self.precision)))
                        }
                    }
                }
            }
        }
    }
}
