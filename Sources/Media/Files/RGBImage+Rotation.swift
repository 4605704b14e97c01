extension RGBImage {
    /// The picture turned by multiples of 90 degrees.
    public func rotated(quarterTurnsClockwise turns: Int) -> RGBImage {
        let turns = ((turns % 4) + 4) % 4
        guard turns != 0 else { return self }
        let (width, height) = (self.width, self.height)
        let (newWidth, newHeight) = turns == 2 ? (width, height) : (height, width)
        // Where the new picture's first pixel comes from, and how far its source moves per new column and row, in pixels.
        let (start, column, row) =
            switch turns {
            case 1: ((height - 1) * width, -width, 1)
            case 2: (height * width - 1, -1, -width)
            default: (width - 1, width, -1)
            }
        let turned = [UInt8](unsafeUninitializedCapacity: pixels.count) { target, count in
            pixels.withUnsafeBufferPointer { source in
                var write = 0
                for y in 0..<newHeight {
                    var read = 3 * (start + y * row)
                    for _ in 0..<newWidth {
                        target[write] = source[read]
                        target[write + 1] = source[read + 1]
                        target[write + 2] = source[read + 2]
                        write += 3
                        read += 3 * column
                    }
                }
            }
            count = pixels.count
        }
        return RGBImage(width: newWidth, height: newHeight, pixels: turned)
    }
}
