import Foundation
import Media
import Support

/// The video with masks drawn in.
final class OverlayTarget: MaskTarget {
    private let writer: VideoWriter
    private let clip: MaskClip
    private let renderer: OverlayRenderer
    /// Every object that came so far, so that an object keeps its colour in frames where others are missing.
    private var objects: [AnnotatedObject]

    var notes: [String] { writer.soundProblem.map { ["\(writer.path): \($0)"] } ?? [] }

    init(path: String, clip: MaskClip, renderer: OverlayRenderer) throws {
        writer = try VideoWriter(path: path, size: clip.size, timeBase: clip.timeBase, pixelAspect: clip.pixelAspect, sound: clip.sound)
        (self.clip, self.renderer, objects) = (clip, renderer, clip.objects)
    }

    func append(_ frame: MaskFrame) throws {
        guard let picture = frame.picture else { return }
        let entries = Dictionary(frame.objects.map { ($0.object.id, $0) }) { first, _ in first }
        for entry in frame.objects where !objects.contains(where: { $0.id == entry.object.id }) { objects.append(entry.object) }
        let drawn = objects.map { object in
            let entry = entries[object.id]
            return OverlayObject(
                name: object.name, mask: entry?.mask.mask ?? Mask(size: clip.size),
                points: (entry?.points ?? []).map {
                    OverlayPoint(position: $0.position, isPositive: $0.isPositive, isVisible: $0.isVisible)
                })
        }
        try writer.append(renderer.draw(drawn, on: picture, frameIndex: frame.number), timestamp: clip.ticks(frame))
    }

    func finish(isComplete: Bool) throws { try writer.finish() }
    func abandon() { writer.cancel() }
}

/// The objects' pixels on one colour, as a video.
final class CutoutTarget: MaskTarget {
    private let writer: VideoWriter
    private let clip: MaskClip
    private let background: Color

    var notes: [String] { writer.soundProblem.map { ["\(writer.path): \($0)"] } ?? [] }

    init(path: String, clip: MaskClip, background: Color) throws {
        writer = try VideoWriter(path: path, size: clip.size, timeBase: clip.timeBase, pixelAspect: clip.pixelAspect, sound: clip.sound)
        (self.clip, self.background) = (clip, background)
    }

    func append(_ frame: MaskFrame) throws {
        guard var picture = frame.picture else { return }
        picture.blend(Mask.union(of: frame, size: clip.size).inverted, background, opacity: 1)
        try writer.append(picture, timestamp: clip.ticks(frame))
    }

    func finish(isComplete: Bool) throws { try writer.finish() }
    func abandon() { writer.cancel() }
}

/// PNGs of pictures with the union of masks as straight alpha.
final class RGBATarget: MaskTarget {
    private let folder: PartFolder
    private let size: ImageSize

    init(path: String, clip: MaskClip) throws {
        folder = try PartFolder(for: path)
        size = clip.size
    }

    func append(_ frame: MaskFrame) throws {
        guard let picture = frame.picture else { return }
        let file = try folder.newFile(FileNames.stem(of: frame) + ".png")
        try folder.write { try ImageFile.writeRGBA(picture, alpha: Mask.union(of: frame, size: size), to: file) }
    }

    func finish(isComplete: Bool) throws { try folder.commit() }
    func abandon() { folder.discard() }
}

/// A video with the union of masks as straight alpha.
final class AlphaVideoTarget: MaskTarget {
    private let writer: AlphaVideoWriter
    private let clip: MaskClip

    var notes: [String] { writer.notes }

    init(path: String, clip: MaskClip, codec: AlphaVideoWriter.Codec) throws {
        writer = try AlphaVideoWriter(path: path, codec: codec, size: clip.size, timeBase: clip.timeBase, pixelAspect: clip.pixelAspect)
        self.clip = clip
    }

    func append(_ frame: MaskFrame) throws {
        guard let picture = frame.picture else { return }
        try writer.append(picture, alpha: Mask.union(of: frame, size: clip.size), timestamp: clip.ticks(frame))
    }

    func finish(isComplete: Bool) throws { try writer.finish() }
    func abandon() { writer.cancel() }
}
