import Media
import PointTrackers
import Support

/// Steps 2 to 4 of SAM-PT in one direction of time, window by window as in the reference: a window of frames is tracked and segmented, a
/// rule chooses the frame whose mask gives the next points, and the next window starts there. Frames between that one and the window's end
/// are computed again.
///
/// It keeps the outcomes of at most one window an object; memory does not grow with the video.
final class WindowedPass: SegmentationPass {
    private let method: Method
    private let rule: any ReinitializationRule
    private let direction: TimeDirection
    private var frame: Int
    private let encoded: EncodingLane?
    private var hasBegun = false
    private var states: [ObjectID: ObjectState] = [:]
    /// Where the next window of each object starts: the query frame of those that have not begun. Objects whose last window is over, and
    /// those that are lost, are not in it.
    private var nextStarts: [ObjectID: Int]
    /// Of each object, by frame, from `frame` on.
    private var outcomes: [ObjectID: [Int: ObjectOutcome]] = [:]
    private var lost: [LostObjects] = []

    /// Objects whose window had no mask to go on from. They are followed by its points until there is one.
    private struct LostObjects {
        let tracking: ObjectPointTracking
        var objects: [ObjectID]
    }

    init(_ method: Method, rule: any ReinitializationRule, at frame: Int, direction: TimeDirection) {
        (self.method, self.rule, self.frame, self.direction) = (method, rule, frame, direction)
        encoded = method.encodingLane(after: frame, direction)
        nextStarts = Dictionary(uniqueKeysWithValues: method.objects.map { ($0.id, $0.frame) })
    }

    private var options: VideoSegmenterOptions { method.options }

    /// Frames from the current one to the last that may be looked at in this direction, both included.
    private var framesLeft: Int {
        let frames = method.video.frames
        return direction == .forward ? frames.upperBound - frame : frame + 1 - frames.lowerBound
    }

    func next(beginning starts: [ObjectID: ObjectStart]) throws -> [ObjectID: ObjectOutcome] {
        if hasBegun {
            for object in outcomes.keys { outcomes[object]?[frame] = nil }
            frame += direction.rawValue
        }
        hasBegun = true
        try findLost()
        var seeds: [ObjectID: QueryPoints] = [:]
        for object in states.keys.sorted() where nextStarts[object] == frame { seeds[object] = try sample(object) }
        for (object, start) in starts {
            states[object] = ObjectState(start, generator: method.generator(of: object, direction))
            seeds[object] = start.points
            outcomes[object] = options.referenceQuirks ? [:] : [frame: start.outcome]
        }
        if !seeds.isEmpty { try runWindow(seeds, keeping: Set(starts.keys)) }
        return outcomes.mapValues { $0[frame] ?? ObjectOutcome() }
    }

    /// Step 4: points on the mask that was chosen.
    private func sample(_ object: ObjectID) throws -> QueryPoints {
        guard var state = states[object] else { return QueryPoints() }
        defer { states[object] = state }
        let mask = outcomes[object]?[frame]?.mask ?? Mask(size: method.video.size)
        return try method.reinitialize(from: mask, in: frame, using: &state.generator)
    }

    /// Tracks and segments the window of all objects that start in the current frame, and chooses where they go on.
    /// - Parameter new: objects that begin here; their masks are known.
    private func runWindow(_ seeds: [ObjectID: QueryPoints], keeping new: Set<ObjectID>) throws {
        let objects = seeds.keys.sorted()
        let length = min(options.reinitialization.horizon, framesLeft)
        let tracking = try begin(objects, seeds, trackerHorizon: options.reinitialization.trackerHorizon)
        for object in objects {
            nextStarts[object] = nil
            if !new.contains(object) { outcomes[object] = [:] }
            outcomes[object]?[frame]?.points = tracking.points[object] ?? []
        }
        var areas = [[Float]](repeating: [], count: objects.count)
        for offset in 0..<length {
            try Cancellation.check()
            if offset > 0 { try tracking.advance() }
            try segment(objects, tracking)
            for (place, object) in objects.enumerated() {
                areas[place].append(offset == 0 ? area(of: object, at: frame) : trustedArea(of: object, at: tracking.frame))
            }
        }
        guard length < framesLeft else { return }
        let window = ReinitializationWindow(
            areas: areas, framesToNextStart: nextStarts.values.map { ($0 - frame) * direction.rawValue }.filter { $0 > 0 }.min(),
            smallestArea: objects.map(smallestArea), referenceQuirks: options.referenceQuirks)
        var missing: [ObjectID] = []
        for (place, offset) in rule.frames(of: window).enumerated() {
            if window.isLargeEnough(place, offset) || options.referenceQuirks {
                nextStarts[objects[place]] = frame + offset * direction.rawValue
            } else {
                missing.append(objects[place])
            }
        }
        guard !missing.isEmpty else { return }
        lost.append(LostObjects(tracking: try unlimited(tracking, missing, seeds, length: length), objects: missing))
    }

    private func begin(_ objects: [ObjectID], _ seeds: [ObjectID: QueryPoints], trackerHorizon: Int?) throws -> ObjectPointTracking {
        let tracking = method.track(from: frame, direction, horizon: trackerHorizon)
        for (place, object) in objects.enumerated() {
            try tracking.begin(object, seeds[object] ?? QueryPoints(), group: method.group(ofPlace: place))
        }
        return tracking
    }

    /// A tracking that can go on beyond the window's end.
    private func unlimited(
        _ tracking: ObjectPointTracking, _ objects: [ObjectID], _ seeds: [ObjectID: QueryPoints], length: Int
    ) throws -> ObjectPointTracking {
        guard options.reinitialization.trackerHorizon != nil else { return tracking }
        let longer = try begin(objects, seeds, trackerHorizon: nil)
        for _ in 1..<length { try longer.advance() }
        return longer
    }

    /// Segments some objects in the frame that their points are in. The latest points of the others are negatives, where those are known.
    private func segment(_ objects: [ObjectID], _ tracking: ObjectPointTracking) throws {
        let frame = tracking.frame
        var points = tracking.points.filter { objects.contains($0.key) }
        if !options.referenceQuirks {
            for (object, known) in outcomes where points[object] == nil { points[object] = known[frame]?.points }
        }
        var asked = states.filter { objects.contains($0.key) && outcomes[$0.key]?[frame] == nil }
        let ready = try encoded?.frame(at: frame)
        encoded?.report(isAsking: points.canPrompt)
        let found = try method.segment(frame, of: &asked, points: points, encoded: ready)
        states.merge(asked) { $1 }
        for (object, outcome) in found { outcomes[object, default: [:]][frame] = outcome }
    }

    /// Follows lost objects into the current frame. Where one has a mask again, its next window starts here.
    private func findLost() throws {
        for index in lost.indices {
            // The window's own frames are known.
            guard lost[index].tracking.frame + direction.rawValue == frame else { continue }
            try lost[index].tracking.advance()
            try segment(lost[index].objects, lost[index].tracking)
            for object in lost[index].objects where trustedArea(of: object, at: frame) > smallestArea(of: object) {
                nextStarts[object] = frame
            }
            lost[index].objects.removeAll { nextStarts[$0] != nil }
        }
        lost.removeAll(where: \.objects.isEmpty)
    }

    /// The mask's pixels; 0 without one.
    private func area(of object: ObjectID, at frame: Int) -> Float { Float(outcomes[object]?[frame]?.mask?.area ?? 0) }

    /// The mask's pixels; 0 when no points should be sampled on it.
    private func trustedArea(of object: ObjectID, at frame: Int) -> Float {
        let isSure = outcomes[object]?[frame]?.predictedIoU.map { $0 >= options.reinitialization.minimumIoU } ?? true
        return isSure ? area(of: object, at: frame) : 0
    }

    /// Masks of no more pixels are too small to go on from.
    private func smallestArea(of object: ObjectID) -> Float {
        options.reinitialization.plausibleArea.smallestArea(
            in: method.video.size, initialArea: options.referenceQuirks ? nil : states[object]?.initialArea)
    }
}
