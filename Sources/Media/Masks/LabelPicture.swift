/// The object ids of an index PNG as compactly as they are stored.
public enum LabelPicture: Sendable {
    /// Ids up to 255, a byte a pixel, row-major.
    case bytes(ImageSize, [UInt8])
    case words(IndexMask)

    public var size: ImageSize {
        switch self {
        case .bytes(let size, _): size
        case .words(let mask): mask.size
        }
    }
}
