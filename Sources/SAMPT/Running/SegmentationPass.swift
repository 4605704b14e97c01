import Media

/// Steps 2 to 4 of SAM-PT in one direction of time.
protocol SegmentationPass: AnyObject {
    /// The outcomes in the next frame (in the first one, at the first call) of all objects that have begun.
    /// - Parameter starts: of the objects that begin in this frame, their query frame.
    func next(beginning starts: [ObjectID: ObjectStart]) throws -> [ObjectID: ObjectOutcome]
}

/// The objects' starts, each worked out once though both directions need it.
final class ObjectStarts {
    private let method: Method
    private var known: [ObjectID: ObjectStart] = [:]
    /// The other direction starts from the same encoded frame later on.
    private var pins: [ObjectID: FrameLease] = [:]

    init(_ method: Method) { self.method = method }

    /// - Parameter isLast: whether nobody will ask again.
    func start(of object: ObjectQuery, isLast: Bool = false) throws -> ObjectStart {
        pins[object.id] = isLast ? nil : pins[object.id] ?? method.video.pin(object.frame)
        let start = try known[object.id] ?? method.chooseQueryPoints(for: object)
        known[object.id] = isLast ? nil : start
        return start
    }
}
