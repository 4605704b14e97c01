extension RGBImage {
    /// The picture with its last column and row repeated up to `size`, at least its own.
    func extended(to size: ImageSize) -> RGBImage {
        let (width, height) = (self.width, self.height)
        let count = 3 * size.pixelCount
        let extended = [UInt8](unsafeUninitializedCapacity: count) { target, initialized in
            pixels.withUnsafeBufferPointer { source in
                for y in 0..<size.height {
                    let (read, write) = (3 * width * min(y, height - 1), 3 * size.width * y)
                    for i in 0..<(3 * width) { target[write + i] = source[read + i] }
                    for i in (3 * width)..<(3 * size.width) { target[write + i] = target[write + i - 3] }
                }
            }
            initialized = count
        }
        return RGBImage(width: size.width, height: size.height, pixels: extended)
    }
}
