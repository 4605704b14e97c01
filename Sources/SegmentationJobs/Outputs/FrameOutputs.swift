import Foundation
import Media
import SAMPT
import Support

/// Masks as COCO run lengths in one JSON file (docs/cli.md, "Masks as JSON").
final class RunLengthOutput: FrameOutput {
    var path: String { stream.path }
    private let stream: JSONFrameStream

    private struct Object: Encodable {
        var id: Int
        var score: Float?
        var confidence: Float?
        var area: Int
        var bbox: [Int]
        var segmentation: RunLengthMask
    }

    init(path: String, clip: OutputClip) throws {
        stream = try JSONFrameStream(path: path, header: OutputHeader(clip))
    }

    func append(_ frame: ReportedFrame) throws {
        let objects = frame.result.objects.map { object in
            let runs = RunLengthMask(object.mask)
            let box = runs.boundingBox
            return Object(
                id: object.id, score: object.predictedIoU.flatMap { $0.isFinite ? $0.rounded(decimals: 4) : nil },
                confidence: object.confidence.map { $0.rounded(decimals: 4) }, area: runs.area,
                bbox: [box.x, box.y, box.width, box.height],
                segmentation: runs)
        }
        try stream.append(frame.number, seconds: frame.seconds, objects)
    }

    func finish(isComplete: Bool) throws { try stream.finish(isComplete: isComplete) }
    func abandon() { stream.abandon() }
}

/// Tracked points in one JSON file (docs/cli.md, "Tracks").
final class TracksOutput: FrameOutput {
    var path: String { stream.path }
    private let stream: JSONFrameStream

    private struct Object: Encodable {
        var id: Int
        var points: [Point]
    }

    private struct Point: Encodable {
        var id: Int
        var x: Float
        var y: Float
        var label: Int
        var visible: Bool
        var confidence: Float

        /// Nil for a point without a place, which JSON has no numbers for.
        init?(_ point: PromptPoint) {
            guard point.position.x.isFinite, point.position.y.isFinite else { return nil }
            (id, x, y) = (point.id, point.position.x.rounded(decimals: 3), point.position.y.rounded(decimals: 3))
            (label, visible) = (point.isPositive ? 1 : 0, point.isVisible)
            confidence = point.confidence.isFinite ? point.confidence.rounded(decimals: 4) : 0
        }
    }

    init(path: String, clip: OutputClip) throws {
        stream = try JSONFrameStream(path: path, header: OutputHeader(clip))
    }

    func append(_ frame: ReportedFrame) throws {
        try append(number: frame.number, seconds: frame.seconds, objects: frame.result.objects.map { ($0.id, $0.points) })
    }

    func append(number: Int, seconds: Double, objects: [(id: Int, points: [PromptPoint])]) throws {
        let entries = objects.map { Object(id: $0.id, points: $0.points.compactMap(Point.init)) }
        try stream.append(number, seconds: seconds, entries)
    }

    func finish(isComplete: Bool) throws { try stream.finish(isComplete: isComplete) }
    func abandon() { stream.abandon() }
}

/// A frame of the JSON outputs.
private struct ObjectsFrame<Object: Encodable>: Encodable {
    var frame: Int
    var time: Double
    var objects: [Object]
}

extension JSONFrameStream {
    fileprivate func append(_ number: Int, seconds: Double, _ objects: [some Encodable]) throws {
        try append(ObjectsFrame(frame: number, time: seconds.rounded(decimals: 6), objects: objects))
    }

    fileprivate func finish(isComplete: Bool) throws {
        try finish(trailer: OutputTrailer(frameCount: framesWritten, complete: isComplete))
    }
}

/// Index masks as palette PNGs in a folder, one file a frame.
final class MaskFolderOutput: FrameOutput {
    var path: String { folder.path }
    private let folder: OutputFolder
    /// Files that were not there before.
    private var made: [String] = []
    private var isFull = false

    init(path: String) throws {
        folder = try OutputFolder(checked: path)
    }

    func append(_ frame: ReportedFrame) throws {
        let file = folder.file(frame.stem + ".png")
        if !FileManager.default.fileExists(atPath: file) { made.append(file) }
        do {
            try ImageFile.writeIndexMask(frame.result.indexMask, to: file)
        } catch {
            isFull = true
            throw error
        }
    }

    func finish(isComplete: Bool) {}

    /// What was not there before goes, unless it is all that there is room for: masks are whole, one by one.
    func abandon() {
        if !isFull { for file in made { unlink(file) } }
        folder.removeIfEmpty()
    }
}

/// The video with masks and points drawn into it.
final class OverlayOutput: FrameOutput {
    var path: String { writer.path }
    var note: String? { writer.soundProblem.map { "\(path): \($0)" } }
    private let writer: VideoWriter
    private let names: [Int: String]

    init(path: String, clip: OutputClip) throws {
        names = clip.names
        try OutputFile.check(path)
        writer = try VideoWriter(path: path, size: clip.size, timeBase: clip.timeBase, pixelAspect: clip.pixelAspect, sound: clip.sound)
    }

    func append(_ frame: ReportedFrame) throws {
        try writer.append(frame.drawn(names: names), timestamp: frame.timestamp)
    }

    func finish(isComplete: Bool) throws { try writer.finish() }
    func abandon() { writer.cancel() }
}

extension ReportedFrame {
    /// The picture with masks, points and legend.
    package func drawn(names: [Int: String]) -> RGBImage {
        let objects = result.objects.map { object in
            OverlayObject(
                name: names[object.id] ?? "object \(object.id)", mask: object.mask,
                points: object.points.map { OverlayPoint(position: $0.position, isPositive: $0.isPositive, isVisible: $0.isVisible) })
        }
        return OverlayRenderer().draw(objects, on: result.image, frameIndex: number)
    }
}

extension Float {
    /// To so many decimals, so that files are no longer than they need to be.
    package func rounded(decimals: Int) -> Float { Float(Double(self).rounded(decimals: decimals)) }
}

extension Double {
    package func rounded(decimals: Int) -> Double {
        var scale = 1.0
        for _ in 0..<decimals { scale *= 10 }
        return (self * scale).rounded() / scale
    }
}
