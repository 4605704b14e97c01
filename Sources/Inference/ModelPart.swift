/// The parts of segmenters and trackers whose precision can be chosen apart from the others'.
public enum ModelPart: String, Sendable, CaseIterable {
    /// Of images.
    case encoder
    /// Of masks.
    case decoder
    /// The built-in tracker's, on the built-in segmenter's encoder.
    case head
    /// Another tracker's network.
    case tracker
}
