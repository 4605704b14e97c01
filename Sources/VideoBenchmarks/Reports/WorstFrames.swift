import Foundation
import Media

/// Frames in which results are farthest from the truth, as pictures: the result, the truth, and where they differ.
struct WorstFrames {
    struct Picture {
        var caption: String
        var image: RGBImage
    }

    /// The longest side of a panel.
    private static let side = 320
    private static let hit: (UInt8, UInt8, UInt8) = (60, 190, 90)
    private static let missed: (UInt8, UInt8, UInt8) = (60, 120, 255)
    private static let wrong: (UInt8, UInt8, UInt8) = (255, 70, 50)

    /// - Parameters:
    ///   - count: at most so many, one an object.
    ///   - frame: the picture of a frame; nil: there is none, and the masks stand on grey.
    static func pictures(_ score: ScoreReport, count: Int, frame: (_ sequence: String, _ name: String) -> RGBImage?) -> [Picture] {
        guard let truth = try? MaskFolder(score.truth), let results = try? MaskFolder(score.results) else { return [] }
        let worst = score.objects.compactMap { object -> (object: ObjectScore, place: Int, value: Double)? in
            let values = zip(object.jValues, object.fValues).map { ($0 + $1) / 2 }
            guard let least = values.min(), let place = values.firstIndex(of: least), least < 1 else { return nil }
            return (object, place, least)
        }.sorted { ($0.value, $0.object.sequence, $0.object.object) < ($1.value, $1.object.sequence, $1.object.object) }
        return worst.prefix(count).compactMap { entry in
            let (object, name) = (entry.object, entry.object.frames[entry.place])
            guard let wanted = truth.sequences[object.sequence].flatMap({ try? $0.planes(name) }) else { return nil }
            let found = truth.sequences[object.sequence].flatMap { truth in
                results.sequences[object.sequence].flatMap { try? $0.aligned(with: truth).planes(name) }
            }
            let isOne = score.protocolName == .davis2016 || wanted.masks.keys.allSatisfy { $0 == SequenceComparison.void }
            let size = wanted.size
            let a = mask(of: object.proposal ?? object.object, in: found, isOne: isOne, size)
            let b = mask(of: object.object, in: wanted, isOne: isOne, size)
            let background = frame(object.sequence, name).flatMap { $0.size == size ? $0 : nil }
            let numbers = String(format: "J %.3f, F %.3f", object.jValues[entry.place], object.fValues[entry.place])
            let caption = "\(object.sequence), object \(object.label), frame \(name): \(numbers)"
            return Picture(caption: caption, image: panels(result: a, truth: b, on: background))
        }
    }

    private static func mask(of id: Int, in planes: ObjectPlanes?, isOne: Bool, _ size: ImageSize) -> Mask {
        guard var planes, planes.size == size else { return Mask(size: size) }
        if isOne { planes.merge(as: id) }
        return planes.masks[id]?.mask ?? Mask(size: size)
    }

    /// Result, truth and differences side by side: green where both are, blue what was missed, red what is too much.
    private static func panels(result: Mask, truth: Mask, on background: RGBImage?) -> RGBImage {
        let size = result.size
        let step = max(1, (size.longestSide + side - 1) / side)
        let (width, height) = (max(1, size.width / step), max(1, size.height / step))
        let gap = 4
        var pixels = [UInt8](repeating: 255, count: (3 * width + 2 * gap) * height * 3)
        for y in 0..<height {
            for x in 0..<width {
                let (sx, sy) = (x * step, y * step)
                let source = (sy * size.width + sx) * 3
                let ground = background.map { ($0.pixels[source], $0.pixels[source + 1], $0.pixels[source + 2]) } ?? (128, 128, 128)
                let (isFound, isWanted) = (result[sx, sy], truth[sx, sy])
                let colours = [
                    isFound ? blend(ground, hit) : ground, isWanted ? blend(ground, hit) : ground,
                    isFound || isWanted ? blend(ground, isFound ? isWanted ? hit : wrong : missed) : dimmed(ground),
                ]
                for (panel, colour) in colours.enumerated() {
                    let target = (y * (3 * width + 2 * gap) + panel * (width + gap) + x) * 3
                    (pixels[target], pixels[target + 1], pixels[target + 2]) = colour
                }
            }
        }
        return RGBImage(width: 3 * width + 2 * gap, height: height, pixels: pixels)
    }

    private static func blend(_ a: (UInt8, UInt8, UInt8), _ b: (UInt8, UInt8, UInt8)) -> (UInt8, UInt8, UInt8) {
        func mix(_ x: UInt8, _ y: UInt8) -> UInt8 { UInt8((2 * Int(x) + 3 * Int(y)) / 5) }
        return (mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2))
    }

    private static func dimmed(_ a: (UInt8, UInt8, UInt8)) -> (UInt8, UInt8, UInt8) { (a.0 / 3, a.1 / 3, a.2 / 3) }
}
