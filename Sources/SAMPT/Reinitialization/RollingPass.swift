import PointTrackers

/// Steps 2 to 4 of SAM-PT in one direction of time, frame by frame: track the points, prompt the segmenter with the visible ones, sample
/// points anew from a mask that can be trusted (`ReinitializationVariant.rolling`).
final class RollingPass: SegmentationPass {
    private let context: SegmentationContext
    private let direction: TimeDirection
    private let tracking: ObjectPointTracking
    private let encoded: EncodingLane?
    private var states: [Int: ObjectState] = [:]
    private var framesSinceSeeding: [Int: Int] = [:]
    private var hasBegun = false

    init(_ context: SegmentationContext, at frame: Int, direction: TimeDirection) {
        (self.context, self.direction) = (context, direction)
        tracking = context.tracking(at: frame, direction)
        encoded = context.encodingLane(after: frame, direction)
    }

    func next(beginning starts: [Int: ObjectStart]) throws -> [Int: ObjectOutcome] {
        var outcomes = hasBegun ? try advance() : [:]
        hasBegun = true
        for (object, start) in starts.sorted(by: { $0.key < $1.key }) { outcomes[object] = try begin(object, start) }
        return outcomes
    }

    private func begin(_ object: Int, _ start: ObjectStart) throws -> ObjectOutcome {
        try tracking.begin(object, start.points, group: context.group(ofPlace: object))
        states[object] = ObjectState(start, generator: context.generator(of: object, direction))
        framesSinceSeeding[object] = 0
        return start.outcome(with: tracking.points[object])
    }

    private func advance() throws -> [Int: ObjectOutcome] {
        try tracking.advance()
        let frame = try encoded?.frame(at: tracking.frame)
        encoded?.report(isAsking: tracking.points.canPrompt)
        let outcomes = try context.prompter.outcomes(at: tracking.frame, of: &states, points: tracking.points, encoded: frame)
        for (object, outcome) in outcomes.sorted(by: { $0.key < $1.key }) {
            framesSinceSeeding[object, default: 0] += 1
            if framesSinceSeeding[object, default: 0] >= context.options.reinitializationHorizon { try reseed(object, outcome) }
        }
        return outcomes
    }

    /// Step 4: new points from the predicted mask replace those of the last re-initialisation (paper, section 3.4).
    private func reseed(_ object: Int, _ outcome: ObjectOutcome) throws {
        guard let mask = outcome.mask, var state = states[object], state.isFitForSeeding else { return }
        let image = try context.video.frame(at: tracking.frame)
        try tracking.reseed(object, context.options.samplePoints(on: mask, image: image, using: &state.generator))
        states[object] = state
        framesSinceSeeding[object] = 0
    }
}
