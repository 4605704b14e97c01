/// A window of one frame, its gradients, and how it differs from windows of another frame: what one Lucas-Kanade level computes with.
///
/// Works in memory that its creator lends, so that thousands of windows cost no allocation.
struct FlowWindow {
    static let side = 21
    /// Rows are padded to whole vectors; the padding has no gradient and so no weight.
    private static let rowLength = 24
    private static let patchStride = 32
    private static let patchRows = side + 3
    /// Floats that a window needs.
    static let scratchCount = 3 * side * rowLength + patchRows * patchStride + 2 * patchStride

    private let template: UnsafeMutablePointer<Float>
    private let gradientX: UnsafeMutablePointer<Float>
    private let gradientY: UnsafeMutablePointer<Float>
    private let patch: UnsafeMutablePointer<Float>
    private let gradientRows: UnsafeMutablePointer<Float>
    /// Where the second frame's patch was read, to read it anew only when the window moves on by a pixel.
    private var patchOrigin: (x: Int, y: Int)?

    init(_ scratch: UnsafeMutablePointer<Float>) {
        template = scratch
        gradientX = template + Self.side * Self.rowLength
        gradientY = gradientX + Self.side * Self.rowLength
        patch = gradientY + Self.side * Self.rowLength
        gradientRows = patch + Self.patchRows * Self.patchStride
    }

    /// Reads the window whose top-left corner is given, with its gradients.
    /// - Returns: the sums of gx gx, gx gy and gy gy.
    mutating func read(_ level: GrayPyramid.Level, _ corner: SIMD2<Float>) -> SIMD3<Float> {
        let (left, top) = (Int(corner.x.rounded(.down)), Int(corner.y.rounded(.down)))
        let (fx, fy) = (corner.x - Float(left), corner.y - Float(top))
        let stride = Self.patchStride
        readPatch(level, left - 1, top - 1, rows: Self.patchRows)
        patchOrigin = nil

        var (xx, xy, yy) = (SIMD8<Float>.zero, SIMD8<Float>.zero, SIMD8<Float>.zero)
        var (upper, upperX, upperY) = (Row(), Row(), Row())
        for y in 0...Self.side {
            let center = patch + (y + 1) * stride + 1
            let lower = Row(blending: center, fx)
            readGradients(level, center, left, top + y)
            let lowerX = Row(blending: gradientRows, fx)
            let lowerY = Row(blending: gradientRows + stride, fx)
            if y > 0 {
                let target = (y - 1) * Self.rowLength
                upper.blended(with: lower, fy).store(template + target)
                let gx = upperX.blended(with: lowerX, fy).cut()
                let gy = upperY.blended(with: lowerY, fy).cut()
                gx.store(gradientX + target)
                gy.store(gradientY + target)
                xx += gx.dot(gx)
                xy += gx.dot(gy)
                yy += gy.dot(gy)
            }
            (upper, upperX, upperY) = (lower, lowerX, lowerY)
        }
        return SIMD3(xx.sum(), xy.sum(), yy.sum())
    }

    /// The sums of gradient times difference between the window in `level` at `corner` and the one read last.
    mutating func mismatch(_ level: GrayPyramid.Level, _ corner: SIMD2<Float>) -> SIMD2<Float> {
        let (left, top) = (Int(corner.x.rounded(.down)), Int(corner.y.rounded(.down)))
        let (fx, fy) = (corner.x - Float(left), corner.y - Float(top))
        if patchOrigin?.x != left || patchOrigin?.y != top {
            readPatch(level, left, top, rows: Self.side + 1)
            patchOrigin = (left, top)
        }
        var (bx, by) = (SIMD8<Float>.zero, SIMD8<Float>.zero)
        var upper = Row(blending: patch, fx)
        for y in 0..<Self.side {
            let lower = Row(blending: patch + (y + 1) * Self.patchStride, fx)
            let target = y * Self.rowLength
            let difference = upper.blended(with: lower, fy).minus(Row(template + target))
            bx += difference.dot(Row(gradientX + target))
            by += difference.dot(Row(gradientY + target))
            upper = lower
        }
        return SIMD2(bx.sum(), by.sum())
    }

    private func readPatch(_ level: GrayPyramid.Level, _ left: Int, _ top: Int, rows: Int) {
        let border = GrayPyramid.Level.border
        level.pixels.withUnsafeBufferPointer { pixels in
            guard let source = pixels.baseAddress else { return }
            for y in 0..<rows {
                let from = source + (top + y + border) * level.stride + left + border
                let to = patch + y * Self.patchStride
                for x in 0..<Self.patchStride { to[x] = Float(from[x]) }
            }
        }
    }

    /// Scharr's gradients along a row of the patch, divided by the kernel's sum over two pixels; none outside the picture.
    private func readGradients(_ level: GrayPyramid.Level, _ center: UnsafeMutablePointer<Float>, _ left: Int, _ row: Int) {
        let (gx, gy) = (gradientRows, gradientRows + Self.patchStride)
        let isOutside = row < 0 || row >= level.height
        let (up, down) = (center - Self.patchStride, center + Self.patchStride)
        for x in stride(from: 0, to: Self.rowLength, by: 8) {
            guard !isOutside else {
                storeVector(.zero, gx + x)
                storeVector(.zero, gy + x)
                continue
            }
            let (ul, um, ur) = (loadVector(up + x - 1), loadVector(up + x), loadVector(up + x + 1))
            let (ml, mr) = (loadVector(center + x - 1), loadVector(center + x + 1))
            let (dl, dm, dr) = (loadVector(down + x - 1), loadVector(down + x), loadVector(down + x + 1))
            storeVector((3 * (ur - ul + dr - dl) + 10 * (mr - ml)) * (1 / 32), gx + x)
            storeVector((3 * (dl - ul + dr - ur) + 10 * (dm - um)) * (1 / 32), gy + x)
        }
        func clear(_ columns: Range<Int>) { for x in columns { (gx[x], gy[x]) = (0, 0) } }
        if left < 0 { clear(0..<min(Self.rowLength, -left)) }
        if level.width - left < Self.rowLength { clear(max(0, level.width - left)..<Self.rowLength) }
        clear(Self.rowLength..<(Self.rowLength + 8))
    }

    /// One row of a window, with its padding.
    private struct Row {
        var a = SIMD8<Float>.zero
        var b = SIMD8<Float>.zero
        var c = SIMD8<Float>.zero

        init() {}

        @inline(__always) init(_ a: SIMD8<Float>, _ b: SIMD8<Float>, _ c: SIMD8<Float>) { (self.a, self.b, self.c) = (a, b, c) }

        @inline(__always) init(_ p: UnsafeMutablePointer<Float>) {
            self.init(loadVector(p), loadVector(p + 8), loadVector(p + 16))
        }

        /// Interpolated between neighbouring columns.
        @inline(__always) init(blending p: UnsafeMutablePointer<Float>, _ fx: Float) {
            let (here, next) = (Row(p), Row(p + 1))
            self = here.blended(with: next, fx)
        }

        @inline(__always) func blended(with other: Row, _ f: Float) -> Row {
            Row(a + f * (other.a - a), b + f * (other.b - b), c + f * (other.c - c))
        }

        @inline(__always) func minus(_ other: Row) -> Row { Row(a - other.a, b - other.b, c - other.c) }

        @inline(__always) func dot(_ other: Row) -> SIMD8<Float> { a * other.a + b * other.b + c * other.c }

        /// Without what lies in the padding.
        @inline(__always) func cut() -> Row { Row(a, b, c * SIMD8(1, 1, 1, 1, 1, 0, 0, 0)) }

        @inline(__always) func store(_ p: UnsafeMutablePointer<Float>) {
            storeVector(a, p)
            storeVector(b, p + 8)
            storeVector(c, p + 16)
        }
    }
}

@inline(__always)
private func loadVector(_ p: UnsafeMutablePointer<Float>) -> SIMD8<Float> { UnsafeRawPointer(p).loadUnaligned(as: SIMD8<Float>.self) }

@inline(__always)
private func storeVector(_ v: SIMD8<Float>, _ p: UnsafeMutablePointer<Float>) {
    UnsafeMutableRawPointer(p).storeBytes(of: v, as: SIMD8<Float>.self)
}
