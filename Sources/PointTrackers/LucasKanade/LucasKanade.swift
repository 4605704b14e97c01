import Dispatch

/// Pyramidal Lucas-Kanade optical flow of points (Bouguet, 2000), equal to OpenCV's `calcOpticalFlowPyrLK` up to rounding: windows of
/// 21 pixels, four levels, at most 30 iterations or a step below 0.01 pixels.
enum LucasKanade {
    static let window = FlowWindow.side
    static let maximumLevels = 4
    private static let iterations = 30
    private static let smallestStep: Float = 0.01
    private static let smallestEigenvalue: Float = 1e-4

    /// A point's new position, and whether it was found. Coordinates have pixel centres at whole numbers.
    struct Result: Sendable {
        var position: SIMD2<Float>
        var isFound: Bool
    }

    /// Finds where points of one frame are in another.
    static func track(_ points: [SIMD2<Float>], from first: GrayPyramid, to second: GrayPyramid) -> [Result] {
        concurrentMap(points) { point, window in track(point, from: first, to: second, &window) }
    }

    /// Finds where points of one frame are in another, and where tracking them back from there leads.
    static func trackThereAndBack(
        _ points: [SIMD2<Float>], from first: GrayPyramid, to second: GrayPyramid
    ) -> [(found: Result, returned: Result)] {
        concurrentMap(points) { point, window in
            let found = track(point, from: first, to: second, &window)
            return (found, track(found.position, from: second, to: first, &window))
        }
    }

    /// Maps points on all cores; `body` gets a window to work with.
    private static func concurrentMap<R>(
        _ points: [SIMD2<Float>], _ body: @Sendable (SIMD2<Float>, inout FlowWindow) -> R
    ) -> [R] {
        [R](unsafeUninitializedCapacity: points.count) { results, count in
            let target = SendableBuffer(results)
            let chunk = 8
            DispatchQueue.concurrentPerform(iterations: (points.count + chunk - 1) / chunk) { part in
                withUnsafeTemporaryAllocation(of: Float.self, capacity: FlowWindow.scratchCount) { scratch in
                    guard let memory = scratch.baseAddress else { return }
                    var window = FlowWindow(memory)
                    for i in (part * chunk)..<min(points.count, (part + 1) * chunk) {
                        target.buffer.initializeElement(at: i, to: body(points[i], &window))
                    }
                }
            }
            count = points.count
        }
    }

    /// Parts of the buffer are written by one thread each.
    private struct SendableBuffer<R>: @unchecked Sendable {
        let buffer: UnsafeMutableBufferPointer<R>
        init(_ buffer: UnsafeMutableBufferPointer<R>) { self.buffer = buffer }
    }

    private static func track(
        _ point: SIMD2<Float>, from first: GrayPyramid, to second: GrayPyramid, _ window: inout FlowWindow
    ) -> Result {
        guard point.x.isFinite, point.y.isFinite, abs(point.x) < 1e6, abs(point.y) < 1e6 else {
            return Result(position: point, isFound: false)
        }
        let top = min(first.levels.count, second.levels.count) - 1
        var estimate = point / Float(1 << top)
        var isFound = true
        for level in stride(from: top, through: 0, by: -1) {
            if level < top { estimate *= 2 }
            let outcome = refine(
                point / Float(1 << level), estimate, first.levels[level], second.levels[level], &window)
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
        _ window: inout FlowWindow
    ) -> Result {
        let half = Float(FlowWindow.side - 1) / 2
        let corner = point - half
        guard isReachable(corner, first) else { return Result(position: start, isFound: false) }
        let tensor = window.read(first, corner)
        let (a, b, c) = (tensor.x / 1024, tensor.y / 1024, tensor.z / 1024)
        let determinant = a * c - b * b
        let eigenvalue = (a + c - ((a - c) * (a - c) + 4 * b * b).squareRoot()) / Float(2 * FlowWindow.side * FlowWindow.side)
        guard eigenvalue >= smallestEigenvalue, determinant >= .ulpOfOne else { return Result(position: start, isFound: false) }

        var position = start - half
        var previous = SIMD2<Float>.zero
        for iteration in 0..<iterations {
            guard isReachable(position, second) else { return Result(position: position + half, isFound: false) }
            let mismatch = window.mismatch(second, position) / 1024
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
}
