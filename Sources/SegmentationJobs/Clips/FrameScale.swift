import Media
import SAMPT
import Segmenters

/// The way between a video's original pixels, in which people mark objects and get results, and the pixels of the frames that are worked
/// on.
package struct FrameScale: Sendable {
    package let original: ImageSize
    package let working: ImageSize

    package var isScaled: Bool { original != working }

    private var factor: SIMD2<Float> {
        SIMD2(Float(working.width) / Float(original.width), Float(working.height) / Float(original.height))
    }

    /// A query in original pixels, checked against them, as one on the frames that are worked on.
    package func query(_ query: ObjectQuery) throws -> ObjectQuery {
        try query.checkPrompt(size: original)
        guard isScaled else { return query }
        var query = query
        query.prompt = query.prompt.scaled(by: factor, to: working)
        return query
    }

    /// Brings a result to the original size.
    /// - Parameter picture: the frame at that size.
    package func enlarge(_ result: inout FrameResult, picture: RGBImage) {
        result.image = picture
        var index = IndexMask(width: original.width, height: original.height)
        for i in result.objects.indices {
            result.objects[i].mask = index.add(result.objects[i].mask.enlarged(to: original), id: result.objects[i].id)
            for point in result.objects[i].points.indices { result.objects[i].points[point].position /= factor }
        }
        result.indexMask = index
    }
}

extension ObjectQuery.Prompt {
    fileprivate func scaled(by scale: SIMD2<Float>, to size: ImageSize) -> Self {
        switch self {
        case .points(let points):
            return .points(points.map { PointPrompt($0.position * scale, isPositive: $0.isPositive) })
        case .box(let box):
            return .box(Box(x0: box.x0 * scale.x, y0: box.y0 * scale.y, x1: box.x1 * scale.x, y1: box.y1 * scale.y))
        case .mask(let mask):
            // A pixel inside the object stays inside: small objects must not vanish between samples.
            var small = Mask(size: size)
            for y in 0..<mask.height {
                for x in 0..<mask.width where mask[x, y] {
                    small[min(size.width - 1, x * size.width / mask.width), min(size.height - 1, y * size.height / mask.height)] = true
                }
            }
            return .mask(small)
        }
    }
}

extension Mask {
    /// The mask on a finer grid, its edge interpolated.
    fileprivate func enlarged(to target: ImageSize) -> Mask {
        guard let bounds else { return Mask(size: target) }
        var result = Mask(size: target)
        let (stepX, stepY) = (Float(width) / Float(target.width), Float(height) / Float(target.height))
        func range(_ part: ClosedRange<Int>, _ step: Float, _ limit: Int) -> Range<Int> {
            max(0, Int(Float(part.lowerBound - 1) / step))..<min(limit, Int(Float(part.upperBound + 2) / step) + 1)
        }
        values.withUnsafeBufferPointer { source in
            result.values.withUnsafeMutableBufferPointer { output in
                for y in range(bounds.rows, stepY, target.height) {
                    let v = max(0, min(Float(height - 1), (Float(y) + 0.5) * stepY - 0.5))
                    let (y0, fy) = (Int(v), v - Float(Int(v)))
                    let y1 = min(height - 1, y0 + 1)
                    for x in range(bounds.columns, stepX, target.width) {
                        let u = max(0, min(Float(width - 1), (Float(x) + 0.5) * stepX - 0.5))
                        let (x0, fx) = (Int(u), u - Float(Int(u)))
                        let x1 = min(width - 1, x0 + 1)
                        let top = Float(source[y0 * width + x0]) * (1 - fx) + Float(source[y0 * width + x1]) * fx
                        let bottom = Float(source[y1 * width + x0]) * (1 - fx) + Float(source[y1 * width + x1]) * fx
                        output[y * target.width + x] = top * (1 - fy) + bottom * fy >= 0.5 ? 1 : 0
                    }
                }
            }
        }
        return result
    }
}
