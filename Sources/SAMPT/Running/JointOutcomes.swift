import Media
import PointTrackers
import Segmenters

/// Without re-initialisation masks have no influence on tracks: all points are tracked first (`JointTracking`), then every frame is segmented
/// once, with the points of all objects, whichever direction of time they come from.
///
/// So tracker and image encoder may be ahead of the decoder, each in a lane of its own.
final class JointOutcomes: OutcomeSource {
    private let context: SegmentationContext
    private let tracking: JointTracking
    private var states: [Int: ObjectState] = [:]
    /// nil unless steps overlap.
    private var tracked: ProductionLane<TrackedFrame>?
    private var encoded: EncodingLane?

    init(_ context: SegmentationContext) {
        self.context = context
        tracking = JointTracking(context)
    }

    /// How many frames wait at most in a lane: with trackers that work in windows, about as many as a window decides on.
    static func framesAhead(of tracker: any PointTracker) -> Int { tracker.isCausal ? 1 : 4 }

    func prepare(progress: () -> Void) throws {
        states = try tracking.prepare(progress: progress)
        guard context.options.overlapsSteps else { return }
        let limit = Self.framesAhead(of: context.tracker)
        tracked = ProductionLane(limit: limit) { [tracking] in try tracking.next() }
        encoded = EncodingLane(
            context.segmenter, on: context.video, from: 0, .forward, limit: limit,
            isAsking: context.firstQueryFrame == 0 || context.tracksBackward)
    }

    func next() throws -> [Int: ObjectOutcome] {
        guard let tracked = try tracked.map({ try $0.next() }) ?? tracking.next() else { return [:] }
        let (index, points) = (tracked.index, tracked.points)
        let frame = try encoded?.frame(at: index)
        encoded?.report(isAsking: points.canPrompt)
        var given: [Int: ObjectOutcome] = [:]
        for (object, start) in tracked.starts {
            states[object] = ObjectState(start, generator: context.generator(of: object, .forward))
            if !context.options.referenceQuirks { given[object] = start.outcome(with: points[object]) }
        }
        var asked = states.filter { points[$0.key] != nil && given[$0.key] == nil }
        let outcomes = try context.prompter.outcomes(at: index, of: &asked, points: points, encoded: frame) { isRival($0, $1, at: index) }
        states.merge(asked) { $1 }
        return outcomes.merging(given) { $1 }
    }

    /// An object that is marked later may not be there yet: nobody marked it, and tracks into its past are guesses. (The reference lets it
    /// take part everywhere.)
    private func isRival(_ object: Int, _ rival: Int, at frame: Int) -> Bool {
        let (own, others) = (context.queries[object].frame, context.queries[rival].frame)
        return context.options.referenceQuirks || frame >= others || frame < own
    }
}
