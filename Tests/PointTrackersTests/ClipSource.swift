import Media
import TensorFiles

/// A video from a reference case's clip (1 x frames x height x width x 3, 0 to 255), or from pictures.
struct ClipSource: FrameSource {
    let images: [RGBImage]
    /// A frame that cannot be decoded.
    var damaged: Int?
    /// The number of frames, where the clip is to be repeated.
    var count: Int?

    var frameCount: Int { count ?? images.count }
    var size: ImageSize { images[0].size }
    var name: String { "clip" }
    var timing: VideoTiming { VideoTiming(constantRate: 10, count: frameCount) }

    init(_ images: [RGBImage], damaged: Int? = nil, count: Int? = nil) {
        (self.images, self.damaged, self.count) = (images, damaged, count)
    }

    init(_ clip: Tensor) {
        let (height, width) = (clip.shape[2], clip.shape[3])
        let values = clip.values
        images = (0..<clip.shape[1]).map { frame in
            RGBImage(
                width: width, height: height,
                pixels: values[(frame * height * width * 3)..<((frame + 1) * height * width * 3)].map { UInt8($0) })
        }
    }

    func frame(at index: Int) throws -> RGBImage {
        guard (0..<frameCount).contains(index) else { throw MediaError.frameOutOfRange(index: index, count: frameCount) }
        if index == damaged { throw MediaError.undecodable(path: name, frame: index, reason: "for a test") }
        return images[index % images.count]
    }
}

/// Tensors under each other, along the first axis.
func stacked(_ tensors: [Tensor]) -> Tensor {
    Tensor(shape: [tensors.reduce(0) { $0 + $1.shape[0] }] + tensors[0].shape.dropFirst(), tensors.flatMap(\.values))
}
