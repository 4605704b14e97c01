import Media

/// Which areas of a mask are believed: points are sampled anew, and a mask stands for the next frame's first pass, only where its area is.
public struct PlausibleArea: Sendable, Equatable {
    /// In multiples of the running mean of recent areas; both ends excluded.
    public var recent: ClosedRange<Float> = 0.4...2.5
    /// In multiples of the area in the query frame; both ends excluded.
    public var initial: ClosedRange<Float> = 0.1...10
    /// Masks of no more pixels are too small to sample points on, in frames whose longest side is 1024 (the reference's 25); fewer by the
    /// area's scale in smaller frames, and never more than a tenth of the object's area in its query frame: small objects are followed as
    /// well.
    public var smallest: Float = 25

    public init() {}

    /// Masks of no more pixels are too small, for an object in a frame.
    /// - Parameter initialArea: the object's area in its query frame in pixels; nil: only the frame counts, as in the reference.
    func smallestArea(in frame: ImageSize, initialArea: Float?) -> Float {
        let scale = Float(frame.longestSide) / 1024
        return min(smallest * scale * scale, (initialArea ?? .infinity) / 10)
    }

    func contains(_ area: Float, recentArea: Float, initialArea: Float, frame: ImageSize) -> Bool {
        func isInside(_ range: ClosedRange<Float>, _ of: Float) -> Bool { area > range.lowerBound * of && area < range.upperBound * of }
        return area > smallestArea(in: frame, initialArea: initialArea) && isInside(recent, recentArea) && isInside(initial, initialArea)
    }
}
