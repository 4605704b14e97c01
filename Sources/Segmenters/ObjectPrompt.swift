import Media

/// A point that says where an object is, or where it is not.
public struct PointPrompt: Sendable, Hashable {
    /// In pixels of the frame; pixel centres at +0.5.
    public var position: SIMD2<Float>
    public var isPositive: Bool

    public init(_ position: SIMD2<Float>, isPositive: Bool) {
        self.position = position
        self.isPositive = isPositive
    }

    public static func positive(_ x: Float, _ y: Float) -> PointPrompt { PointPrompt(SIMD2(x, y), isPositive: true) }
    public static func negative(_ x: Float, _ y: Float) -> PointPrompt { PointPrompt(SIMD2(x, y), isPositive: false) }
}

/// What is known of one object in one frame when its mask is asked for.
public struct ObjectPrompt: Sendable {
    public var points: [PointPrompt]
    /// A tight box around the object, in pixels of the frame. Segmenters without `SegmenterAbilities.boxes` ignore it.
    public var box: Box?
    /// The logits of an earlier pass over the same frame. Logits of another grid are ignored.
    public var previousLogits: MaskLogits?
    /// What the object looks like in other frames, for segmenters with `SegmenterAbilities.appearanceMemory`.
    public var memory: AppearanceMemory?

    public init(points: [PointPrompt], box: Box? = nil, previousLogits: MaskLogits? = nil, memory: AppearanceMemory? = nil) {
        self.points = points
        self.box = box
        self.previousLogits = previousLogits
        self.memory = memory
    }

    /// The earlier logits, where they are of a segmenter's grid.
    func previousLogits(width: Int, height: Int) -> MaskLogits? {
        previousLogits.flatMap { $0.width == width && $0.height == height ? $0 : nil }
    }
}
