import Media
import TensorFiles

/// The input of DeepMind's trackers: the frame squeezed into a square, whatever its aspect.
enum SquarePicture {
    /// 1 x 3 x side x side, -1 to 1; resized bilinearly with smoothing (antialiased), in steps of 8 bits.
    static func input(_ image: RGBImage, side: Int) -> Tensor {
        let resized = PillowResampler(from: image.size, to: ImageSize(width: side, height: side)).resized(image)
        return Tensor(shape: [1, 3, side, side]) { planes in
            resized.pixels.withUnsafeBufferPointer { pixels in
                for channel in 0..<3 {
                    for i in 0..<(side * side) { planes[channel * side * side + i] = Float(pixels[3 * i + channel]) / 255 * 2 - 1 }
                }
            }
        }
    }
}
