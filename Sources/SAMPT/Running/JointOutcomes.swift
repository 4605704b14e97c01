import Media
import PointTrackers
import Segmenters
import Support

/// Without re-initialisation masks have no influence on tracks: all points are tracked first (`JointTracking`), then every frame is
/// segmented once, with the points of all objects, whichever direction of time they come from.
///
/// So tracker and image encoder may be ahead of the decoder, each in a lane of its own.
final class JointOutcomes: OutcomeSource {
    private let method: Method
    private let tracking: JointTracking
    private let queryFrames: [ObjectID: Int]
    private var states: [ObjectID: ObjectState] = [:]
    /// nil unless steps overlap.
    private var tracked: ProductionLane<TrackedFrame>?
    private var encoded: EncodingLane?

    init(_ method: Method) {
        self.method = method
        // Ids are checked later, when the first frame is asked for.
        queryFrames = Dictionary(method.objects.map { ($0.id, $0.frame) }) { first, _ in first }
        tracking = JointTracking(method)
    }

    /// How many frames wait at most in a lane: with trackers that work in windows, about as many as a window decides on.
    static func framesAhead(of tracker: any PointTracker) -> Int { tracker.isCausal ? 1 : 4 }

    func prepare(progress: () -> Void) throws { states = try tracking.prepare(progress: progress) }

    private func startLanes() {
        guard method.options.overlapsSteps, tracked == nil else { return }
        let ahead = Self.framesAhead(of: method.tracker)
        tracked = ProductionLane(ahead: ahead + 1) { [tracking] in try tracking.next() }
        encoded = EncodingLane(
            method.segmenter, on: method.video, from: method.video.frames.lowerBound, .forward, ahead: ahead + 1,
            isAsking: method.firstQueryFrame == method.video.frames.lowerBound || method.tracksBackward)
        tracked?.start()
    }

    func next() throws -> [ObjectID: ObjectOutcome] {
        startLanes()
        guard let tracked = try tracked.map({ try $0.next() }) ?? tracking.next() else { return [:] }
        let (index, points) = (tracked.index, tracked.points)
        let frame = try encoded?.frame(at: index)
        encoded?.report(isAsking: points.canPrompt)
        var given: [ObjectID: ObjectOutcome] = [:]
        for (object, start) in tracked.starts {
            states[object] = ObjectState(start, generator: method.generator(of: object, .forward))
            if !method.options.referenceQuirks { given[object] = start.outcome(with: points[object]) }
        }
        var asked = states.filter { points[$0.key] != nil && given[$0.key] == nil }
        let outcomes = try method.segment(index, of: &asked, points: points, encoded: frame) { isRival($0, $1, at: index) }
        if !method.options.treatsFramesAlone { states.merge(asked) { $1 } }
        return outcomes.merging(given) { $1 }
    }

    /// An object that is marked later may not be there yet: nobody marked it, and tracks into its past are guesses. (The reference lets it
    /// take part everywhere.)
    private func isRival(_ object: ObjectID, _ rival: ObjectID, at frame: Int) -> Bool {
        guard let own = queryFrames[object], let others = queryFrames[rival] else { return true }
        return method.options.referenceQuirks || frame >= others || frame < own
    }
}
