import Media
import TensorFiles

/// How a tracker's network sees a frame: its size, and how pictures of another size are brought to it.
struct TrackerFrameInput: Sendable, Hashable {
    /// nil: frames as they are.
    var size: ImageSize?
    var resampling: LinearResampler.Method

    init(size: ImageSize?, resampling: LinearResampler.Method = .halfPixel) {
        (self.size, self.resampling) = (size, resampling)
    }

    /// Tells inputs apart in keys of caches.
    var key: String { size.map { "\($0)-\(resampling.rawValue)" } ?? "own-size" }

    func size(of frame: ImageSize) -> ImageSize { size ?? frame }

    /// 1 x 3 x height x width, from -1 (black) to 1.
    func tensor(_ image: RGBImage) -> Tensor {
        let target = size(of: image.size)
        let area = target.pixelCount
        return Tensor(shape: [1, 3, target.height, target.width]) { planes in
            if target == image.size {
                image.pixels.withUnsafeBufferPointer { pixels in
                    for i in 0..<area {
                        for channel in 0..<3 { planes[channel * area + i] = Self.scaled(Float(pixels[3 * i + channel])) }
                    }
                }
                return
            }
            LinearResampler(from: image.size, to: target, method: resampling).resample(image, into: planes)
            for i in 0..<planes.count { planes[i] = Self.scaled(planes[i]) }
        }
    }

    @inline(__always)
    private static func scaled(_ value: Float) -> Float { 2 * (value / 255) - 1 }
}
