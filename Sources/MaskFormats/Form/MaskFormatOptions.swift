import Media

/// What some formats leave to whoever writes or reads them.
public struct MaskFormatOptions: Sendable {
    /// What `cutout` puts behind the objects.
    public var background = Color(0, 177, 64)
    /// Which sequence to read of a file or folder that holds several; nil: the only one.
    public var sequence: String?
    /// What videos look like: opacity and legend of `overlay`.
    public var overlay = OverlayRenderer()

    public init() {}
}
