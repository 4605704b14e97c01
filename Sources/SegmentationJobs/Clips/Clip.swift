import Foundation
import Media
import SAMPT
import Segmenters
import Support

/// The part of a video that a command works on, at the size it works at, and the way back to the original.
package struct Clip: Sendable {
    /// The frames that are processed: the chosen range, made smaller if asked for.
    package let frames: any FrameSource
    /// The same frames at their original size; another reader than `frames` where sizes differ, so that neither makes the other seek.
    package let originals: any FrameSource
    package let numbering: FrameNumbering
    /// What the file promises but does not hold; nil for a whole one.
    package let damage: String?
    /// The files that are read, and the folder they are in, if they are in one.
    package let inputs: [String]
    /// File names of a folder's pictures by original number; nil for videos.
    private let pictureNames: [String]?
    private let sound: SoundSource?
    private let originalSeconds: [Double]

    /// - Parameter maxSide: larger frames are made smaller so that their longer side has this many pixels.
    package init(path: String, start: Int? = nil, end: Int? = nil, stride: Int = 1, maxSide: Int? = nil) throws {
        let original = try openFrames(path)
        let (first, count) = (start ?? 0, original.frameCount)
        let range = try SubrangeSource(original, start: first, end: end, stride: stride)
        numbering = FrameNumbering(first: first, stride: stride, count: range.frameCount, originalCount: count)
        damage = (original as? VideoReader)?.damage
        sound = (original as? VideoReader)?.sound(from: first)
        let pictures = (original as? FrameFolder)?.paths
        inputs = [path] + (pictures ?? [])
        pictureNames = pictures?.map { PathParts($0).name }
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
    package func seconds(_ position: Int) -> Double { originalSeconds[position] }

    /// From the first frame to the last, in seconds.
    package var duration: Double { (originalSeconds.last ?? 0) - (originalSeconds.first ?? 0) }

    /// The name for files of a frame of the clip, without extension.
    package func stem(_ position: Int) -> String {
        let number = numbering.original(position)
        return pictureNames.map { Self.stem(of: $0[number]) } ?? String(format: "%05d", number)
    }

    private static func stem(of name: String) -> String { (name as NSString).deletingPathExtension }

    /// The names for PNGs of all frames, in order.
    /// - Throws: `CommandError.invalidInput` when two frames would have one: "a.jpg" and "a.png".
    package func pictureFileNames() throws -> [String] {
        var taken: [FileIdentity.Name: Int] = [:]
        return try (0..<numbering.count).map { position in
            let name = stem(position) + ".png"
            if let other = taken.updateValue(position, forKey: FileIdentity.Name(name)) {
                let frames = [other, position].compactMap { pictureNames?[numbering.original($0)] }.joined(separator: " and ")
                throw CommandError.invalidInput(
                    "\(originals.name): \(frames) differ in their extension alone, and the outputs of both would be \(name). "
                        + "Move the pictures that are no frames elsewhere, or rename them.")
            }
            return name
        }
    }

    private var scale: FrameScale { FrameScale(original: originals.size, working: frames.size) }
    package var isScaled: Bool { scale.isScaled }

    /// The objects as queries on `frames`, checked against the original size, in whose pixels they are given.
    package func queries(_ objects: [MarkedObject]) throws -> [ObjectQuery] {
        guard !objects.isEmpty else { throw QueryError.noObjects }
        return try objects.map { try scale.query($0.query(numbering: numbering)) }
    }

    /// What outputs need to know of it.
    package func outputClip(_ queries: [ObjectQuery]) -> OutputClip {
        OutputClip(
            name: originals.name, size: originals.size, pixelAspect: originals.pixelAspect, timeBase: originals.timing.timeBase,
            frameCount: frames.frameCount,
            objects: queries.map { OutputObject(id: $0.id, name: $0.name, queryFrame: numbering.original($0.frame)) },
            duration: duration, sound: sound)
    }

    /// A result at the original size and with the original frame number.
    package func report(_ result: FrameResult) throws -> ReportedFrame {
        let position = result.frameIndex
        let number = numbering.original(position)
        var result = result
        if isScaled { scale.enlarge(&result, picture: try originals.frame(at: position)) }
        return ReportedFrame(
            position: position, number: number, timestamp: originals.timing.timestamps[position], seconds: originalSeconds[position],
            stem: stem(position), result: result)
    }
}

/// Another source's frames made smaller.
package struct ScaledSource: FrameSource {
    private let base: any FrameSource
    package let size: ImageSize

    package init(_ base: any FrameSource, longestSide: Int) {
        self.base = base
        size = base.size.limited(longestSide: longestSide)
    }

    package var frameCount: Int { base.frameCount }
    package var timing: VideoTiming { base.timing }
    package var pixelAspect: PixelAspect { base.pixelAspect }
    package var name: String { base.name }

    package func frame(at index: Int) throws -> RGBImage { try base.frame(at: index).scaled(to: size) }
}
