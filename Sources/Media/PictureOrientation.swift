/// How a stored picture must be turned and mirrored to be shown: the eight ways there are. The numbers are Exif's.
public enum PictureOrientation: Int, Sendable, CaseIterable {
    case upright = 1, mirrored, upsideDown, flipped, transposed, clockwise, transversed, counterclockwise

    /// Whether width and height change places.
    public var swapsAxes: Bool { rawValue > 4 }
    /// Whether the stored columns are shown from the last to the first.
    var reversesColumns: Bool { [.mirrored, .upsideDown, .transversed, .counterclockwise].contains(self) }
    /// Whether the stored rows are shown from the last to the first.
    var reversesRows: Bool { [.upsideDown, .flipped, .clockwise, .transversed].contains(self) }

    /// What a display matrix of QuickTime's form asks for: a stored point (p, q) is shown at (a p + c q, b p + d q), y down. Other angles
    /// than multiples of 90 degrees become the nearest one; a matrix of zeros is none.
    init(a: Int32, b: Int32, c: Int32, d: Int32) {
        let (straight, crossed) = (Int64(a).magnitude + Int64(d).magnitude, Int64(b).magnitude + Int64(c).magnitude)
        let swaps = crossed > straight
        let (columns, rows) = swaps ? (b < 0, c < 0) : (a < 0, d < 0)
        self =
            switch (swaps, columns, rows) {
            case (false, false, false): .upright
            case (false, true, false): .mirrored
            case (false, true, true): .upsideDown
            case (false, false, true): .flipped
            case (true, false, false): .transposed
            case (true, false, true): .clockwise
            case (true, true, true): .transversed
            case (true, true, false): .counterclockwise
            }
    }

    /// The size at which a picture stored at `size` is shown.
    public func shown(_ size: ImageSize) -> ImageSize {
        swapsAxes ? ImageSize(width: size.height, height: size.width) : size
    }
}

extension RGBImage {
    /// The stored picture as it is to be shown.
    public func oriented(_ orientation: PictureOrientation) -> RGBImage {
        guard orientation != .upright else { return self }
        let shown = orientation.shown(size)
        let turned = [UInt8](unsafeUninitializedCapacity: pixels.count) { target, count in
            pixels.withUnsafeBufferPointer { orientation.copy($0, size, bytesPerPixel: 3, to: target) }
            count = pixels.count
        }
        return RGBImage(width: shown.width, height: shown.height, pixels: turned)
    }
}

extension GrayImage {
    /// The stored picture as it is to be shown.
    func oriented(_ orientation: PictureOrientation) -> GrayImage {
        guard orientation != .upright else { return self }
        let stored = ImageSize(width: width, height: height)
        let shown = orientation.shown(stored)
        let turned = [UInt8](unsafeUninitializedCapacity: pixels.count) { target, count in
            pixels.withUnsafeBufferPointer { orientation.copy($0, stored, bytesPerPixel: 1, to: target) }
            count = pixels.count
        }
        return GrayImage(width: shown.width, height: shown.height, pixels: turned)
    }
}

extension PictureOrientation {
    /// Copies the pixels of a stored picture of `size` in the order in which they are shown.
    fileprivate func copy(
        _ source: UnsafeBufferPointer<UInt8>, _ size: ImageSize, bytesPerPixel: Int, to target: UnsafeMutableBufferPointer<UInt8>
    ) {
        let (width, height) = (size.width, size.height)
        let start = (reversesRows ? height - 1 : 0) * width + (reversesColumns ? width - 1 : 0)
        let (alongColumns, alongRows) = (reversesColumns ? -1 : 1, reversesRows ? -width : width)
        // How far the stored pixel moves per shown column and row.
        let (column, row) = swapsAxes ? (alongRows, alongColumns) : (alongColumns, alongRows)
        let (newWidth, newHeight) = swapsAxes ? (height, width) : (width, height)
        var write = 0
        for y in 0..<newHeight {
            var read = (start + y * row) * bytesPerPixel
            for _ in 0..<newWidth {
                for byte in 0..<bytesPerPixel { target[write + byte] = source[read + byte] }
                write += bytesPerPixel
                read += column * bytesPerPixel
            }
        }
    }
}
