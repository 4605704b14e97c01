import Foundation
import Media
import SAMPT
import Segmenters

/// The part of a video that a command works on, at the size it works at, and the way back to the original.
struct Clip: Sendable {
    /// The frames that are processed: the chosen range, made smaller if asked for.
    let frames: any FrameSource
    /// The same frames at their original size; another reader than `frames` where sizes differ, so that neither makes the other seek.
    let originals: any FrameSource
    let numbering: FrameNumbering
    /// What the file promises but does not hold; nil for a whole one.
    let damage: String?
    /// File names of a folder's pictures, without extension, by original number; nil for videos.
    private let stems: [String]?
    private let originalSeconds: [Double]

    /// - Parameter maxSide: larger frames are made smaller so that their longer side has this many pixels.
    init(path: String, start: Int? = nil, end: Int? = nil, stride: Int = 1, maxSide: Int? = nil) throws {
        let original = try openFrames(path)
        let (first, count) = (start ?? 0, original.frameCount)
        let range = try SubrangeSource(original, start: first, end: end, stride: stride)
        numbering = FrameNumbering(first: first, stride: stride, count: range.frameCount, originalCount: count)
        damage = (original as? VideoReader)?.damage
        stems = (original as? FrameFolder)?.paths.map { URL(fileURLWithPath: $0).deletingPathExtension().lastPathComponent }
        originalSeconds = range.indices.map { original.timing.seconds($0) }
        if let maxSide, original.size.longestSide > maxSide {
            frames = ScaledSource(range, longestSide: maxSide)
            originals = try SubrangeSource(openFrames(path), start: first, end: end, stride: stride)
        } else {
            frames = range
            originals = range
        }
    }

    /// When a frame of the clip is shown, from the start of the original video.
    func seconds(_ position: Int) -> Double { originalSeconds[position] }

    /// From the first frame to the last, in seconds.
    var duration: Double { (originalSeconds.last ?? 0) - (originalSeconds.first ?? 0) }

    /// The name for files of a frame of the clip, without extension.
    func stem(_ position: Int) -> String {
        let number = numbering.original(position)
        return stems?[number] ?? String(format: "%05d", number)
    }

    var isScaled: Bool { frames.size != originals.size }

    /// From original pixels to those worked with.
    private var scale: SIMD2<Float> {
        SIMD2(Float(frames.size.width) / Float(originals.size.width), Float(frames.size.height) / Float(originals.size.height))
    }

    /// The objects as queries on `frames`, checked against the original size, in whose pixels they are given.
    func queries(_ objects: [MarkedObject]) throws -> [ObjectQuery] {
        guard !objects.isEmpty else { throw QueryError.noObjects }
        return try objects.map { object in
            var query = try object.query(numbering: numbering)
            try query.checkPrompt(size: originals.size)
            if isScaled { query.prompt = query.prompt.scaled(by: scale, to: frames.size) }
            return query
        }
    }

    /// What outputs need to know of it.
    func outputClip(_ queries: [ObjectQuery]) -> OutputClip {
        OutputClip(
            name: originals.name, size: originals.size, timeBase: originals.timing.timeBase, frameCount: frames.frameCount,
            objects: queries.map { OutputObject(id: $0.id, name: $0.name, queryFrame: numbering.original($0.frame)) },
            duration: duration)
    }

    /// A result at the original size and with the original frame number.
    func report(_ result: FrameResult) throws -> ReportedFrame {
        let position = result.frameIndex
        let number = numbering.original(position)
        var result = result
        if isScaled { try enlarge(&result) }
        return ReportedFrame(
            position: position, number: number, timestamp: originals.timing.timestamps[position], seconds: originalSeconds[position],
            stem: stem(position), result: result)
    }

    private func enlarge(_ result: inout FrameResult) throws {
        result.image = try originals.frame(at: result.frameIndex)
        let size = originals.size
        var index = IndexMask(width: size.width, height: size.height)
        for i in result.objects.indices {
            var mask = result.objects[i].mask.enlarged(to: size)
            let id = UInt16(clamping: result.objects[i].id)
            for pixel in mask.values.indices where mask.values[pixel] != 0 {
                if index.values[pixel] == 0 { index.values[pixel] = id } else { mask.values[pixel] = 0 }
            }
            result.objects[i].mask = mask
            for point in result.objects[i].points.indices { result.objects[i].points[point].position /= scale }
        }
        result.indexMask = index
    }
}

/// Another source's frames made smaller.
struct ScaledSource: FrameSource {
    private let base: any FrameSource
    let size: ImageSize

    init(_ base: any FrameSource, longestSide: Int) {
        self.base = base
        let factor = Double(longestSide) / Double(max(1, base.size.longestSide))
        func side(_ pixels: Int) -> Int { max(1, Int((Double(pixels) * factor).rounded())) }
        size = ImageSize(width: side(base.size.width), height: side(base.size.height))
    }

    var frameCount: Int { base.frameCount }
    var timing: VideoTiming { base.timing }
    var name: String { base.name }

    func frame(at index: Int) throws -> RGBImage { try base.frame(at: index).scaled(to: size) }
}

extension ObjectQuery {
    /// Checks the prompt against a frame size; the library checks again, but in the pixels it works with.
    func checkPrompt(size: ImageSize) throws {
        switch prompt {
        case .points(let points):
            if let outside = points.first(where: { !size.contains($0.position) }) {
                throw QueryError.pointOutside(object: name, x: outside.position.x, y: outside.position.y, size: size)
            }
            guard points.contains(where: \.isPositive) else { throw QueryError.noPositivePoint(object: name) }
        case .box(let box):
            let inside = box.x0 >= 0 && box.y0 >= 0 && box.x1 <= Float(size.width) && box.y1 <= Float(size.height)
            guard inside, box.width >= 1, box.height >= 1 else { throw QueryError.boxOutside(object: name, size: size) }
        case .mask(let mask):
            guard mask.size == size else { throw QueryError.maskSizeDiffers(object: name, mask: mask.size, frame: size) }
            guard !mask.isEmpty else { throw QueryError.emptyMask(object: name) }
        }
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
