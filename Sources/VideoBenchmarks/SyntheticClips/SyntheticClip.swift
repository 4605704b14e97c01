import Foundation
import Media
import SAMPT
import Support

/// A made-up video whose points' ways are known exactly: textured things that move, bend and hide each other over moving ground.
///
/// Everything follows from the seed. Colours are averaged over four places in a pixel; tracks are computed from the motion itself, hidden
/// where a nearer layer covers the place or it is outside the frame.
public struct SyntheticClip: FrameSource {
    public let name: String
    public let size: ImageSize
    public let frameCount: Int
    /// Frames are this far apart in time.
    static let secondsPerFrame = 1.0 / 24
    /// The ground first, what hides others last.
    private let layers: [ClipLayer]
    private let seed: UInt64

    /// - Parameters:
    ///   - size: each side at least 16 pixels.
    ///   - frameCount: at least 1.
    /// - Throws: `MediaError.invalidArgument`.
    public init(name: String, seed: UInt64, size: ImageSize, frameCount: Int) throws {
        guard (16...8192).contains(size.width), (16...8192).contains(size.height), (1...100_000).contains(frameCount) else {
            throw MediaError.invalidArgument(
                "A synthetic clip needs sides of 16 to 8192 pixels and 1 to 100000 frames, not \(size) and \(frameCount) frames.")
        }
        (self.name, self.size, self.frameCount, self.seed) = (name, size, frameCount, seed)
        var generator = SeededGenerator(seed: seed)
        let extent = SIMD2(Double(size.width), Double(size.height)) / Self.unit(size)
        let things = 5 + generator.index(below: 5)
        layers = [.ground(extent, using: &generator)] + (0..<things).map { _ in .thing(extent, using: &generator) }
    }

    public var timing: VideoTiming { VideoTiming(constantRate: 24, count: frameCount) }

    /// Pixels in a unit of length.
    private static func unit(_ size: ImageSize) -> Double { Double(min(size.width, size.height)) / 256 }

    private func poses(_ frame: Int) -> [ClipLayer.Pose] { layers.map { .init($0, time: Double(frame) * Self.secondsPerFrame) } }

    /// What is seen at a place of the frame, in units of length: the layer and the place on it.
    @inline(__always)
    private func top(_ point: SIMD2<Double>, _ poses: [ClipLayer.Pose]) -> (layer: Int, place: SIMD2<Double>) {
        for layer in layers.indices.reversed() {
            if let place = layers[layer].place(under: point, poses[layer]) { return (layer, place) }
        }
        return (0, poses[0].toSheet(point))
    }

    public func frame(at index: Int) throws -> RGBImage {
        guard (0..<frameCount).contains(index) else { throw MediaError.frameOutOfRange(index: index, count: frameCount) }
        let poses = poses(index)
        let pixel = 1 / Self.unit(size)
        let samples = [SIMD2(0.25, 0.25), SIMD2(0.75, 0.25), SIMD2(0.25, 0.75), SIMD2(0.75, 0.75)]
        let pixels = [UInt8](unsafeUninitializedCapacity: 3 * size.pixelCount) { target, count in
            for y in 0..<size.height {
                for x in 0..<size.width {
                    var sum = SIMD4<Float>(repeating: 0)
                    for sample in samples {
                        let (layer, place) = top((SIMD2(Double(x), Double(y)) + sample) * pixel, poses)
                        sum += layers[layer].texture.color(at: place) * poses[layer].gain
                    }
                    let color = (sum * 0.25).clamped(lowerBound: SIMD4(repeating: 0), upperBound: SIMD4(repeating: 255)).rounded(
                        .toNearestOrEven)
                    let position = 3 * (y * size.width + x)
                    target[position] = UInt8(color.x)
                    target[position + 1] = UInt8(color.y)
                    target[position + 2] = UInt8(color.z)
                }
            }
            count = 3 * size.pixelCount
        }
        return RGBImage(width: size.width, height: size.height, pixels: pixels)
    }

    /// What is seen at every pixel's centre: the number of the nearest layer, 0 for the ground, higher ones in front.
    public func layers(at index: Int) throws -> IndexMask {
        guard (0..<frameCount).contains(index) else { throw MediaError.frameOutOfRange(index: index, count: frameCount) }
        let poses = poses(index)
        let pixel = 1 / Self.unit(size)
        var map = IndexMask(width: size.width, height: size.height)
        for y in 0..<size.height {
            for x in 0..<size.width {
                map.values[y * size.width + x] = UInt16(top((SIMD2(Double(x), Double(y)) + 0.5) * pixel, poses).layer)
            }
        }
        return map
    }

    /// The exact tracks of points that are chosen at random among all visible places of all frames, at least half of them on things where
    /// there are any in sight, none within 1.5 units of an edge when it is chosen.
    public func truth(pointCount: Int) throws -> PointTruth {
        guard (0...1_000_000).contains(pointCount) else {
            throw MediaError.invalidArgument("\(pointCount) points are too many, or less than none.")
        }
        var generator = SeededGenerator(seed: ~seed)
        let all = (0..<frameCount).map(poses)
        let unit = Self.unit(size)
        let extent = SIMD2(Double(size.width), Double(size.height))
        var positions: [SIMD2<Double>] = []
        var occluded: [Bool] = []
        for index in 0..<pointCount {
            let (layer, place) = choose(all, wantsThing: index % 2 == 0, extent / unit, &generator)
            for poses in all {
                let point = poses[layer].toFrame(place)
                let pixel = point * unit
                let isInside = pixel.x >= 0 && pixel.y >= 0 && pixel.x < extent.x && pixel.y < extent.y
                let isCovered = layers.indices.contains { $0 > layer && layers[$0].place(under: point, poses[$0]) != nil }
                positions.append(pixel / extent)
                occluded.append(!isInside || isCovered)
            }
        }
        return try PointTruth(pointCount: pointCount, frameCount: frameCount, positions: positions, occluded: occluded, name: name)
    }

    private func choose(
        _ poses: [[ClipLayer.Pose]], wantsThing: Bool, _ extent: SIMD2<Double>, _ generator: inout SeededGenerator
    ) -> (layer: Int, place: SIMD2<Double>) {
        var last: (layer: Int, place: SIMD2<Double>) = (0, .zero)
        for attempt in 0..<200 {
            let poses = poses[generator.index(below: frameCount)]
            let point = SIMD2(generator.number(in: 0...1), generator.number(in: 0...1)) * extent
            last = top(point, poses)
            if wantsThing, last.layer == 0, attempt < 100 { continue }
            let near = [SIMD2(1.5, 0), SIMD2(-1.5, 0), SIMD2(0, 1.5), SIMD2(0, -1.5)]
            if near.allSatisfy({ top(point + $0, poses).layer == last.layer }) { break }
        }
        return last
    }
}
