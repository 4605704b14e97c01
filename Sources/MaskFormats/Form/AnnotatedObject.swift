import Media

/// What annotation files say of an object, whatever frame it is in.
public struct AnnotatedObject: Sendable, Hashable {
    /// From 1 on; the same in every frame.
    public var id: Int
    public var name: String
    /// The class or label that tools group objects by.
    public var category: String
    public var color: Color
    /// The number of the frame in which it was marked, where that is known.
    public var queryFrame: Int?

    /// What objects are called that nobody gave a category.
    public static let defaultCategory = "object"

    /// - Parameters:
    ///   - name: "object 3" where there is none.
    ///   - color: that of the id in `Color.object` where there is none.
    public init(
        id: Int, name: String? = nil, category: String = AnnotatedObject.defaultCategory, color: Color? = nil, queryFrame: Int? = nil
    ) {
        self.id = id
        self.name = name ?? "object \(id)"
        self.category = category
        self.color = color ?? .object(id &- 1)
        self.queryFrame = queryFrame
    }
}

/// One object in one frame.
public struct ObjectMask: Sendable, Equatable {
    public var object: AnnotatedObject
    /// Empty where the object is known not to be seen.
    public var mask: RunLengthMask
    /// The estimated intersection over union with the truth, or what else says how sure the mask is, 0 to 1; nil: not known.
    public var score: Float?
    /// How good the mask is likely to be, 0 to 1 (`ObjectResult.confidence` of a run); nil: not known.
    public var confidence: Float?
    /// The object's tracked points, where there are any.
    public var points: [TrackedPosition]

    public init(
        _ object: AnnotatedObject, mask: RunLengthMask, score: Float? = nil, confidence: Float? = nil, points: [TrackedPosition] = []
    ) {
        (self.object, self.mask, self.score, self.confidence, self.points) = (object, mask, score, confidence, points)
    }
}

/// A tracked point in one frame.
public struct TrackedPosition: Sendable, Hashable {
    public var id: Int
    /// In pixels; pixel centres at +0.5.
    public var position: SIMD2<Float>
    public var isPositive: Bool
    public var isVisible: Bool
    /// 0 to 1.
    public var confidence: Float

    public init(id: Int, position: SIMD2<Float>, isPositive: Bool, isVisible: Bool, confidence: Float) {
        (self.id, self.position, self.isPositive) = (id, position, isPositive)
        (self.isVisible, self.confidence) = (isVisible, confidence)
    }
}
