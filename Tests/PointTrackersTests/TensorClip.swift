import Media
import TensorFiles

/// A clip of the reference data, 1 x frames x 3 x height x width, 0 to 255, as a video.
struct TensorClip: FrameSource {
    let size: ImageSize
    let frameCount: Int
    let name = "clip"
    private let pixels: [Float]

    init(_ tensor: Tensor) {
        frameCount = tensor.shape[1]
        size = ImageSize(width: tensor.shape[4], height: tensor.shape[3])
        pixels = tensor.values
    }

    /// A clip of smooth moving patterns.
    init(frames: Int, size: ImageSize) {
        (frameCount, self.size) = (frames, size)
        pixels = []
    }

    var timing: VideoTiming { VideoTiming(constantRate: 25, count: frameCount) }

    func frame(at index: Int) throws -> RGBImage {
        guard (0..<frameCount).contains(index) else { throw MediaError.frameOutOfRange(index: index, count: frameCount) }
        let area = size.pixelCount
        var bytes = [UInt8](repeating: 0, count: 3 * area)
        for channel in 0..<3 {
            for i in 0..<area {
                if pixels.isEmpty {
                    let (x, y) = (i % size.width + 2 * index, i / size.width + index)
                    bytes[3 * i + channel] = UInt8(truncatingIfNeeded: (x * (5 + channel)) ^ (y * 7) &+ (x * y) / 31)
                } else {
                    bytes[3 * i + channel] = UInt8(pixels[(index * 3 + channel) * area + i])
                }
            }
        }
        return RGBImage(width: size.width, height: size.height, pixels: bytes)
    }
}
