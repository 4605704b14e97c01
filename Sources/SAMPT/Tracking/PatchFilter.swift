/// Rejects tracked points by appearance (the reference's patch-matching filter): a point is visible only where the patch around it is
/// similar to the one in its query frame, and never again after (in its direction of time) it was not.
public struct PatchFilter: Sendable, Equatable {
    /// The patch's side in pixels, 1 to 99; even sizes count as the next odd one.
    public var size: Int
    /// Points with a similarity of at most this are rejected. Similarity is exp(-d / (2 size^2)), d the Euclidean distance of the patches'
    /// CIELAB colours.
    public var threshold: Float

    public init(size: Int = 3, threshold: Float = 0.01) { (self.size, self.threshold) = (size, threshold) }
}
