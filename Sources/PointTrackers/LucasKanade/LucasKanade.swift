import Dispatch

/// Pyramidal Lucas-Kanade optical flow of points (Bouguet, 2000), equal to OpenCV's `calcOpticalFlowPyrLK` up to rounding: windows of
/// 21 pixels, four levels, at most 30 iterations or a step below 0.01 pixels.
enum LucasKanade {
    static let window = 21
    static let maximumLevels = 4
    private static let iterations = 30
    private static let smallestStep: Float = 0.01
    private static let smallestEigenvalue: Float = 1e-4
    /// Rows are padded to whole vectors; the padding has no gradient and so no weight.
    private static let rowLength = 24

    /// A point's new position, and whether it was found. Coordinates have pixel centres at whole numbers.
    struct Result: Sendable {
        var position: SIMD2<Float>
        var isFound: Bool
    }

    /// Finds where points of one frame are in another.
    static func track(_ points: [SIMD2<Float>], from first: GrayPyramid, to second: GrayPyramid) -> [Result] {
        let initial = Result(position: .zero, isFound: false)
        return [Result](unsafeUninitializedCapacity: points.count) { results, count in
            let target = SendableBuffer(results)
            results.initialize(repeating: initial)
            let chunk = 8
            DispatchQueue.concurrentPerform(iterations: (points.count + chunk - 1) / chunk) { part in
                withUnsafeTemporaryAllocation(of: Float.self, capacity: 3 * window * rowLength) { scratch in
                    for i in (part * chunk)..<min(points.count, (part + 1) * chunk) {
                        target.buffer[i] = track(points[i], from: first, to: second, scratch: scratch)
                    }
                }
            }
            count = points.count
        }
    }

    /// Parts of the buffer are written by one thread each.
    private struct SendableBuffer: @unchecked Sendable {
        let buffer: UnsafeMutableBufferPointer<Result>
        init(_ buffer: UnsafeMutableBufferPointer<Result>) { self.buffer = buffer }
    }

    private static func track(
        _ point: SIMD2<Float>, from first: GrayPyramid, to second: GrayPyramid, scratch: UnsafeMutableBufferPointer<Float>
    ) -> Result {
        guard point.x.isFinite, point.y.isFinite, abs(point.x) < 1e6, abs(point.y) < 1e6 else { return Result(position: point, isFound: false) }
        let top = min(first.levels.count, second.levels.count) - 1
        var estimate = point / Float(1 << top)
        var isFound = true
        for level in stride(from: top, through: 0, by: -1) {
            if level < top { estimate *= 2 }
            let outcome = refine(
                point / Float(1 << level), estimate, first.levels[level], second.levels[level], scratch)
            estimate = outcome.position
            // Only the finest level decides.
            if level == 0 { isFound = outcome.isFound }
        }
        return Result(position: estimate, isFound: isFound)
    }

    private static func isReachable(_ corner: SIMD2<Float>, _ level: GrayPyramid.Level) -> Bool {
        let (x, y) = (corner.x.rounded(.down), corner.y.rounded(.down))
        return x >= Float(-window) && y >= Float(-window) && x < Float(level.width) && y < Float(level.height)
    }

    /// One level: `point` in the first frame, `start` its estimate in the second.
    private static func refine(
        _ point: SIMD2<Float>, _ start: SIMD2<Float>, _ first: GrayPyramid.Level, _ second: GrayPyramid.Level,
        _ scratch: UnsafeMutableBufferPointer<Float>
    ) -> Result {
        let half = Float(window - 1) / 2
        let corner = point - half
        guard isReachable(corner, first), let memory = scratch.baseAddress else { return Result(position: start, isFound: false) }
        let (template, gradientX, gradientY) = (memory, memory + window * rowLength, memory + 2 * window * rowLength)
        let tensor = readTemplate(first, corner, template, gradientX, gradientY)
        let (a, b, c) = (tensor.x / 1024, tensor.y / 1024, tensor.z / 1024)
        let determinant = a * c - b * b
        let eigenvalue = (a + c - ((a - c) * (a - c) + 4 * b * b).squareRoot()) / Float(2 * window * window)
        guard eigenvalue >= smallestEigenvalue, determinant >= .ulpOfOne else { return Result(position: start, isFound: false) }

        var position = start - half
        var previous = SIMD2<Float>.zero
        for iteration in 0..<iterations {
            guard isReachable(position, second) else { return Result(position: position + half, isFound: false) }
            let mismatch = compare(second, position, template, gradientX, gradientY) / 1024
            let step = SIMD2(b * mismatch.y - c * mismatch.x, b * mismatch.x - a * mismatch.y) / determinant
            position += step
            if step.x * step.x + step.y * step.y <= smallestStep * smallestStep { break }
            if iteration > 0, abs(step.x + previous.x) < smallestStep, abs(step.y + previous.y) < smallestStep {
                position -= step / 2
                break
            }
            previous = step
        }
        return Result(position: position + half, isFound: isReachable(position, second))
    }

    // MARK: Windows

    @inline(__always)
    private static func load(_ p: UnsafePointer<Float>) -> SIMD8<Float> { UnsafeRawPointer(p).loadUnaligned(as: SIMD8<Float>.self) }

    /// Reads the template and its gradients at the window whose top-left corner is given.
    /// - Returns: the sums of gx gx, gx gy and gy gy.
    private static func readTemplate(
        _ level: GrayPyramid.Level, _ corner: SIMD2<Float>, _ template: UnsafeMutablePointer<Float>,
        _ gradientX: UnsafeMutablePointer<Float>, _ gradientY: UnsafeMutablePointer<Float>
    ) -> SIMD3<Float> {
        let (left, top) = (Int(corner.x.rounded(.down)), Int(corner.y.rounded(.down)))
        let (fx, fy) = (corner.x - Float(left), corner.y - Float(top))
        let border = GrayPyramid.Level.border
        let side = window + 1
        let length = rowLength + 8
        var sums = SIMD3<Float>.zero
        level.pixels.withUnsafeBufferPointer { pixels in
            withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * side * length) { gradients in
                guard let source = pixels.baseAddress, let gx = gradients.baseAddress else { return }
                let gy = gx + side * length
                for y in 0..<side {
                    let row = top + y
                    let outside = row < 0 || row >= level.height
                    for x in stride(from: 0, to: rowLength, by: 8) {
                        let target = y * length + x
                        guard !outside else {
                            store(.zero, gx + target)
                            store(.zero, gy + target)
                            continue
                        }
                        // Scharr's kernel, divided by its sum over two pixels.
                        let center = source + (row + border) * level.stride + left + x + border
                        let (up, down) = (center - level.stride, center + level.stride)
                        let (ul, um, ur) = (load(up - 1), load(up), load(up + 1))
                        let (ml, mr) = (load(center - 1), load(center + 1))
                        let (dl, dm, dr) = (load(down - 1), load(down), load(down + 1))
                        store((3 * (ur - ul + dr - dl) + 10 * (mr - ml)) * (1 / 32), gx + target)
                        store((3 * (dl - ul + dr - ur) + 10 * (dm - um)) * (1 / 32), gy + target)
                    }
                    // Outside the picture there is no gradient.
                    if left < 0 { for x in 0..<min(rowLength, -left) { gx[y * length + x] = 0; gy[y * length + x] = 0 } }
                    let end = level.width - left
                    if end < rowLength { for x in max(0, end)..<rowLength { gx[y * length + x] = 0; gy[y * length + x] = 0 } }
                    for x in rowLength..<length { gx[y * length + x] = 0; gy[y * length + x] = 0 }
                }
                for y in 0..<window {
                    let base = source + (top + y + border) * level.stride + left + border
                    for x in stride(from: 0, to: rowLength, by: 8) {
                        let target = y * rowLength + x
                        store(blend(base + x, level.stride, fx, fy), template + target)
                        store(blend(gx + y * length + x, length, fx, fy), gradientX + target)
                        store(blend(gy + y * length + x, length, fx, fy), gradientY + target)
                    }
                    for x in window..<rowLength { gradientX[y * rowLength + x] = 0; gradientY[y * rowLength + x] = 0 }
                }
            }
        }
        var (xx, xy, yy) = (SIMD8<Float>.zero, SIMD8<Float>.zero, SIMD8<Float>.zero)
        for i in stride(from: 0, to: window * rowLength, by: 8) {
            let (gx, gy) = (fetch(gradientX + i), fetch(gradientY + i))
            xx += gx * gx
            xy += gx * gy
            yy += gy * gy
        }
        sums = SIMD3(xx.sum(), xy.sum(), yy.sum())
        return sums
    }

    /// The sums of gradient times difference between the window in `level` at `corner` and the template.
    private static func compare(
        _ level: GrayPyramid.Level, _ corner: SIMD2<Float>, _ template: UnsafeMutablePointer<Float>,
        _ gradientX: UnsafeMutablePointer<Float>, _ gradientY: UnsafeMutablePointer<Float>
    ) -> SIMD2<Float> {
        let (left, top) = (Int(corner.x.rounded(.down)), Int(corner.y.rounded(.down)))
        let (fx, fy) = (corner.x - Float(left), corner.y - Float(top))
        let border = GrayPyramid.Level.border
        var (bx, by) = (SIMD8<Float>.zero, SIMD8<Float>.zero)
        level.pixels.withUnsafeBufferPointer { pixels in
            guard let source = pixels.baseAddress else { return }
            for y in 0..<window {
                let base = source + (top + y + border) * level.stride + left + border
                for x in stride(from: 0, to: rowLength, by: 8) {
                    let i = y * rowLength + x
                    let difference = blend(base + x, level.stride, fx, fy) - fetch(template + i)
                    bx += difference * fetch(gradientX + i)
                    by += difference * fetch(gradientY + i)
                }
            }
        }
        return SIMD2(bx.sum(), by.sum())
    }

    @inline(__always)
    private static func blend(_ p: UnsafePointer<Float>, _ stride: Int, _ fx: Float, _ fy: Float) -> SIMD8<Float> {
        let (a, b) = (load(p), load(p + 1))
        let (c, d) = (load(p + stride), load(p + stride + 1))
        let upper = a + fx * (b - a)
        return upper + fy * (c + fx * (d - c) - upper)
    }

    @inline(__always)
    private static func fetch(_ p: UnsafeMutablePointer<Float>) -> SIMD8<Float> { UnsafeRawPointer(p).loadUnaligned(as: SIMD8<Float>.self) }

    @inline(__always)
    private static func store(_ v: SIMD8<Float>, _ p: UnsafeMutablePointer<Float>) {
        UnsafeMutableRawPointer(p).storeBytes(of: v, as: SIMD8<Float>.self)
    }
}
