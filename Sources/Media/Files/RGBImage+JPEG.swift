import CJPEG

extension RGBImage {
    /// The picture as a JPEG file, for looking at.
    /// - Parameter quality: 1 to 100; at 85 losses are hard to see.
    /// - Returns: nil for sides that the format does not have (0, or above 65500), and where memory ends.
    public func jpeg(quality: Int = 85) -> [UInt8]? {
        guard (1...65500).contains(width), (1...65500).contains(height) else { return nil }
        return pixels.withUnsafeBufferPointer { pixels in
            guard let writer = CJPEGWrite(pixels.baseAddress, Int32(width), Int32(height), Int32(max(1, min(100, quality)))) else {
                return nil
            }
            defer { CJPEGDrop(writer) }
            return Array(UnsafeBufferPointer(start: writer.pointee.bytes, count: Int(writer.pointee.count)))
        }
    }
}
