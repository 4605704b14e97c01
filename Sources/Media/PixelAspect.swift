/// The shape of a stored pixel when it is shown: width to height. Old television formats and some cameras store pixels that are not square.
public struct PixelAspect: Sendable, Hashable {
    public let width: Int
    public let height: Int

    public static let square = PixelAspect(width: 1, height: 1)

    private init(width: Int, height: Int) { (self.width, self.height) = (width, height) }

    /// - Parameters: what a file says; what is no ratio, or one beyond 16 to 1, counts as square.
    public init(plausible width: Int, _ height: Int) {
        guard (1...(1 << 40)).contains(width), (1...(1 << 40)).contains(height), width <= 16 * height, height <= 16 * width else {
            self = .square
            return
        }
        var (a, b) = (width, height)
        while b != 0 { (a, b) = (b, a % b) }
        self.init(width: width / a, height: height / a)
    }

    /// That of the picture turned by 90 degrees.
    var transposed: PixelAspect { PixelAspect(width: height, height: width) }

    func oriented(_ orientation: PictureOrientation) -> PixelAspect { orientation.swapsAxes ? transposed : self }

    /// The size in square pixels at which a picture of `stored` pixels has its right shape; no side becomes smaller.
    public func shown(_ stored: ImageSize) -> ImageSize {
        func stretched(_ side: Int, by a: Int, _ b: Int) -> Int {
            Int(max(1, min(Double(largestSide), (Double(side) * Double(a) / Double(b)).rounded())))
        }
        if width > height { return ImageSize(width: stretched(stored.width, by: width, height), height: stored.height) }
        if height > width { return ImageSize(width: stored.width, height: stretched(stored.height, by: height, width)) }
        return stored
    }
}

extension RGBImage {
    /// The picture in square pixels, for looking at.
    public func shown(_ aspect: PixelAspect) -> RGBImage {
        let target = aspect.shown(size)
        return target == size ? self : scaled(to: target)
    }
}
