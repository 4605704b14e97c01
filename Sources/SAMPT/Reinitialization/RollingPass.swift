import PointTrackers

/// Steps 2 to 4 of SAM-PT in one direction of time, frame by frame: track the points, prompt the segmenter with the visible ones, sample
/// points anew from a mask that can be trusted (`ReinitializationVariant.rolling`).
final class RollingPass: SegmentationPass {
    private let method: Method
    private let direction: TimeDirection
    private let tracking: ObjectPointTracking
    private let encoded: EncodingLane?
    private var states: [ObjectID: ObjectState] = [:]
    private var framesSinceSeeding: [ObjectID: Int] = [:]
    private var hasBegun = false

    init(_ method: Method, at frame: Int, direction: TimeDirection) {
        (self.method, self.direction) = (method, direction)
        tracking = method.track(from: frame, direction)
        encoded = method.encodingLane(after: frame, direction)
    }

    func next(beginning starts: [ObjectID: ObjectStart]) throws -> [ObjectID: ObjectOutcome] {
        var outcomes = hasBegun ? try advance() : [:]
        hasBegun = true
        for (object, start) in starts.sorted(by: { $0.key < $1.key }) { outcomes[object] = try begin(object, start) }
        return outcomes
    }

    private func begin(_ object: ObjectID, _ start: ObjectStart) throws -> ObjectOutcome {
        try tracking.begin(object, start.points, group: method.group(of: object))
        states[object] = ObjectState(start, generator: method.generator(of: object, direction))
        framesSinceSeeding[object] = 0
        return start.outcome(with: tracking.points[object])
    }

    private func advance() throws -> [ObjectID: ObjectOutcome] {
        try tracking.advance()
        let frame = try encoded?.frame(at: tracking.frame)
        encoded?.report(isAsking: tracking.points.canPrompt)
        let outcomes = try method.segment(tracking.frame, of: &states, points: tracking.points, encoded: frame)
        guard method.options.reinitialization.variant != nil else { return outcomes }
        for (object, outcome) in outcomes.sorted(by: { $0.key < $1.key }) {
            framesSinceSeeding[object, default: 0] += 1
            if framesSinceSeeding[object, default: 0] >= method.options.reinitialization.horizon { try reseed(object, outcome) }
        }
        return outcomes
    }

    /// Step 4: new points from the predicted mask replace those of the last re-initialisation.
    private func reseed(_ object: ObjectID, _ outcome: ObjectOutcome) throws {
        guard let mask = outcome.mask, var state = states[object], state.isFitForSeeding else { return }
        try tracking.reseed(object, method.reinitialize(from: mask, in: tracking.frame, using: &state.generator))
        states[object] = state
        framesSinceSeeding[object] = 0
    }
}
