import Media

/// Synthetic clips as a dataset: as many as wanted, all from one seed.
public struct SyntheticClips: PointDataset {
    public let videoNames: [String]
    public let seed: UInt64
    public let size: ImageSize
    public let frameCount: Int
    public let pointCount: Int

    /// - Parameters:
    ///   - count: how many clips; the first ones are the same for every count.
    ///   - pointCount: tracks in each clip.
    public init(count: Int, seed: UInt64, size: ImageSize, frameCount: Int, pointCount: Int) {
        (self.seed, self.size, self.frameCount, self.pointCount) = (seed, size, frameCount, pointCount)
        videoNames = (0..<max(0, count)).map { index in
            let digits = String(index)
            return "clip-" + String(repeating: "0", count: max(0, 3 - digits.count)) + digits
        }
    }

    public var name: String { "synthetic-\(videoNames.count)-seed\(seed)-\(size)-\(frameCount)frames-\(pointCount)points" }

    public func clip(at index: Int) throws -> SyntheticClip {
        try SyntheticClip(name: videoNames[index], seed: seed &* 1_000_003 &+ UInt64(index), size: size, frameCount: frameCount)
    }

    public func video(at index: Int) throws -> PointVideo {
        let clip = try clip(at: index)
        return try PointVideo(name: clip.name, frames: clip, truth: clip.truth(pointCount: pointCount))
    }
}
