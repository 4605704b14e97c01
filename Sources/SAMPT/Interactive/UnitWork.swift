import Media
import PointTrackers
import Segmenters
import Support

/// A unit in the making, frame by frame.
protocol UnitWork: AnyObject {
    /// What is being computed. Another one with the same results may take its place, which wants more frames of them, or fewer.
    var unit: PropagationUnit { get set }
    /// How many frames are done.
    var framesDone: Int { get }
    /// All that comes before the first frame. It may take long, and can be cancelled.
    func prepare() throws
    /// The next frame's results, by span; nil at the end.
    func step() throws -> [(span: PlannedSpan, frame: SpanFrame)]?
}

extension UnitWork {
    func prepare() throws {}
}

/// What units are computed with.
struct UnitContext: Sendable {
    let segmenter: any PromptableSegmenter
    let tracker: any PointTracker
    let options: VideoSegmenterOptions
    let video: FrameStore
    let anchors: AnchorMasks
    let reader: SpanReader
    let snapshot: SessionSnapshot

    func work(_ unit: PropagationUnit) throws -> any UnitWork {
        switch unit.work {
        case .directed(let direction): DirectedWork(unit, direction, try method(unit))
        case .joint: JointWork(unit, try method(unit))
        case .corrections(let corrections): try CorrectionWork(unit, corrections, try method(unit), self)
        }
    }

    /// The method with a unit's objects, each of which starts with its anchor's mask.
    private func method(_ unit: PropagationUnit) throws -> Method {
        let options = unit.policy == .paper ? options.paperPolicy : options
        let video = video.limited(to: Range(unit.seen))
        var method = Method(
            segmenter: segmenter, tracker: tracker, options: options, video: video,
            objects: unit.members.map { ObjectQuery(id: $0.object.id, name: $0.object.name, frame: $0.anchor, prompt: .points([])) })
        let members = Dictionary(unit.members.map { ($0.object.id, $0) }) { first, _ in first }
        method.starts = { [anchors, segmenter] query in
            guard let member = members[query.id], let anchor = member.object.anchors[query.frame] else {
                throw SessionError.noAnchor(object: query.id, frame: query.frame)
            }
            return try ObjectStart(
                query, outcome: anchors.frame(anchor, at: query.frame).outcome, clicks: anchor.clicks, segmenter: segmenter, video: video,
                options: options)
        }
        let rivals = unit.rivals
        if !rivals.isEmpty {
            method.rivals = { [self] frame in
                var positions: [ObjectID: [SIMD2<Float>]] = [:]
                for rival in rivals {
                    let found = try points(of: rival, at: frame).filter { $0.isVisible && $0.isPositive }
                    if !found.isEmpty { positions[rival.object.id] = found.map(\.position) }
                }
                return positions
            }
        }
        return method
    }

    /// A rival's points in a frame, as it was computed before.
    func points(of rival: PropagationUnit.Rival, at frame: Int) throws -> [PromptPoint] {
        // The latest first: corrections come after what they build on.
        for span in rival.spans.reversed() where span.frames.contains(frame) {
            if let found = try reader.store.frame(frame, of: span.key) { return found.points }
        }
        return try reader.frame(of: rival.object, at: frame, snapshot)?.frame.points ?? []
    }
}

/// Objects that are tracked and segmented together in one direction, as `DirectedOutcomes` does with those of a run.
private final class DirectedWork: UnitWork {
    var unit: PropagationUnit
    private let direction: TimeDirection
    private let method: Method
    private let pass: any SegmentationPass
    private var frame: Int

    init(_ unit: PropagationUnit, _ direction: TimeDirection, _ method: Method) {
        (self.unit, self.direction, self.method) = (unit, direction, method)
        frame = unit.first
        pass = method.pass(at: unit.first, direction)
    }

    var framesDone: Int { abs(frame - unit.first) }

    func step() throws -> [(span: PlannedSpan, frame: SpanFrame)]? {
        guard (unit.last - frame) * direction.rawValue >= 0 else { return nil }
        defer { frame += direction.rawValue }
        var beginning: [ObjectID: ObjectStart] = [:]
        for member in unit.members where member.span != nil && member.anchor == frame {
            beginning[member.object.id] = try method.chooseQueryPoints(
                for: ObjectQuery(id: member.object.id, name: member.object.name, frame: frame, prompt: .points([])))
        }
        let outcomes = try pass.next(beginning: beginning)
        return unit.spans.compactMap { span in
            guard span.frames.contains(frame), let outcome = outcomes[span.object] else { return nil }
            return (span, SpanFrame(index: frame, outcome))
        }
    }
}

/// All points first, then every frame once (`JointOutcomes`).
private final class JointWork: UnitWork {
    var unit: PropagationUnit
    private let source: JointOutcomes
    private var frame = 0

    init(_ unit: PropagationUnit, _ method: Method) {
        self.unit = unit
        source = JointOutcomes(method)
    }

    var framesDone: Int { frame }

    func prepare() throws { try source.prepare {} }

    func step() throws -> [(span: PlannedSpan, frame: SpanFrame)]? {
        guard frame <= unit.last else { return nil }
        defer { frame += 1 }
        let outcomes = try source.next()
        return unit.spans.compactMap { span in
            guard span.frames.contains(frame), var outcome = outcomes[span.object] else { return nil }
            // Here a point keeps its place in the list, whichever direction it comes from: that is what it is known by.
            if unit.policy == .paper { for place in outcome.points.indices { outcome.points[place].id = place } }
            return (span, SpanFrame(index: frame, outcome))
        }
    }
}

/// Corrections with the policy `paper`: added points are followed forwards, each alone, and frames whose visible points changed are
/// segmented again, each by itself.
private final class CorrectionWork: UnitWork {
    var unit: PropagationUnit
    private let object: SessionObject
    private let span: PlannedSpan
    private let corrections: [PaperCorrection]
    private let method: Method
    private let context: UnitContext
    private let start: ObjectStart
    private let base: [PlannedSpan]
    private var tracked: [(correction: PaperCorrection, tracking: ObjectPointTracking)] = []
    private var frame: Int

    init(_ unit: PropagationUnit, _ corrections: [PaperCorrection], _ method: Method, _ context: UnitContext) throws {
        guard let member = unit.members.first, let span = member.span else { throw SessionError.nothingToPropagate }
        (self.unit, self.corrections, self.method, self.context) = (unit, corrections, method, context)
        (object, self.span) = (member.object, span)
        start = try method.chooseQueryPoints(for: method.objects[0])
        let known = member.object.results.spans.last { $0.span.key == span.base }
        // One that is planned together with this is not among the object's results yet.
        base = known.map { member.object.chain(from: $0).map(\.span) } ?? []
        frame = unit.first
    }

    var framesDone: Int { frame - unit.first }

    func step() throws -> [(span: PlannedSpan, frame: SpanFrame)]? {
        guard frame <= unit.last else { return nil }
        defer { frame += 1 }
        for place in tracked.indices { try tracked[place].tracking.advance() }
        for correction in corrections where correction.frame == frame {
            guard case .add(let position, let isPositive) = correction.change else { continue }
            let tracking = method.track(from: frame, .forward)
            try tracking.begin(
                object.id, QueryPoints(clicks: [PointPrompt(position, isPositive: isPositive)]), group: method.group(of: object.id))
            tracked.append((correction, tracking))
        }
        guard let before = try baseFrame() else { return nil }
        let removed = Set(
            corrections.compactMap { correction -> Int? in
                guard case .remove(let track) = correction.change, correction.frame <= frame else { return nil }
                return track
            })
        let added = tracked.flatMap { correction, tracking in
            (tracking.points[object.id] ?? []).map { point in
                var point = point
                point.id = correction.track
                return point
            }
        }
        let isChanged = added.contains(where: \.isVisible) || before.points.contains { removed.contains($0.id) && $0.isVisible }
        var found = before
        let all = before.points.filter { !removed.contains($0.id) } + added
        found.points = all.filter(\.isPositive) + all.filter { !$0.isPositive }
        // The query frame's mask is what the person said there.
        if isChanged, frame != span.anchor { found = SpanFrame(index: frame, try segmented(found.points)) }
        return [(span, found)]
    }

    private func baseFrame() throws -> SpanFrame? {
        let keys = base.isEmpty ? [span.base].compactMap { $0 } : base.map(\.key)
        for key in keys {
            if let found = try context.reader.store.frame(frame, of: key) { return found }
        }
        return nil
    }

    private func segmented(_ points: [PromptPoint]) throws -> ObjectOutcome {
        let direction = frame < span.anchor ? TimeDirection.backward : .forward
        var states = [object.id: ObjectState(start, generator: method.generator(of: object.id, direction))]
        let queryFrames = Dictionary(unit.rivals.map { ($0.object.id, $0.object.queryFrame ?? 0) }) { first, _ in first }
        let outcomes = try method.segment(frame, of: &states, points: [object.id: points]) { [frame, span] _, rival in
            // As in a run: what is marked later may not be there yet.
            queryFrames[rival].map { frame >= $0 || frame < span.anchor } ?? true
        }
        return outcomes[object.id] ?? ObjectOutcome(points: points)
    }
}

extension ObjectAnchor {
    /// What is followed beside the points sampled on the mask.
    fileprivate var clicks: [PointPrompt] { points.map { PointPrompt($0.position, isPositive: $0.isPositive) } }
}
