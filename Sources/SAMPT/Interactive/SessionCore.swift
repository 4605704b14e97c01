import Foundation
import Media
import PointTrackers
import Segmenters
import Support

/// What a session consists of. Its methods block; `AnnotationSession` calls them on threads of their own.
final class SessionCore: Sendable {
    let models: VideoSegmenter
    let frames: FrameStore
    let store: any SessionStore
    let reader: SpanReader
    let anchors: AnchorMasks
    let recipe: String
    /// Held while an edit is checked and logged: one after the other.
    private let editing = Protected(())
    private let content: Protected<Content>
    private let paused = PausedWork()
    /// What the encoder made of a frame is kept on disk when the frame leaves the cache.
    private let features: FrameLease

    private struct Content {
        var history: SessionHistory
        /// What a running propagation has done since it last told the log.
        var live: [SpanKey: ClosedRange<Int>] = [:]
        var running: PropagationToken?
    }

    init(
        _ models: VideoSegmenter, video: any FrameSource, store: any SessionStore, modelNames: String?, featureBudget: UInt64
    ) throws {
        try models.options.validate()
        (self.models, self.store) = (models, store)
        frames = FrameStore(video, capacity: models.options.framesKept(with: models.tracker), spoolBudget: featureBudget)
        features = frames.keepFeatures(of: 0..<video.frameCount)
        reader = SpanReader(store)
        var options = models.options
        // Masks are the same either way.
        options.overlapsSteps = true
        recipe = "\(modelNames ?? models.segmenter.name + " " + models.tracker.name)|\(options)"
        anchors = AnchorMasks(segmenter: models.segmenter, video: frames, options: models.options, store: store, recipe: recipe)
        var history = SessionHistory(limits: SessionLimits(size: video.size, frameCount: video.frameCount))
        for entry in try store.loadLog() {
            guard entry.number == history.count + 1 else {
                throw SessionError.invalidLog(number: entry.number, reason: "the entry before has the number \(history.count).")
            }
            do {
                history = try history.adding(entry.edit)
            } catch {
                throw SessionError.invalidLog(number: entry.number, reason: "\(error)")
            }
        }
        content = Protected(Content(history: history))
    }

    var history: SessionHistory { content.withLock { $0.history } }

    /// As of now, with what a running propagation has done.
    var snapshot: SessionSnapshot {
        content.withLock { content in
            var snapshot = content.history.snapshot
            snapshot.reached.merge(content.live) { $0.union($1) }
            return snapshot
        }
    }

    func object(_ id: ObjectID, in snapshot: SessionSnapshot) throws -> SessionObject {
        guard let object = snapshot.state.object(id) else { throw SessionError.unknownObject(id) }
        return object
    }

    func check(frame: Int) throws {
        guard (0..<frames.frameCount).contains(frame) else {
            throw SessionError.frameOutOfRange(frame: frame, frameCount: frames.frameCount)
        }
    }

    // MARK: Edits

    func apply(_ edit: Edit) throws -> SessionChange {
        switch edit {
        case .reached, .propagate: throw SessionError.reserved(edit.kind)
        default: try edit.checkParts()
        }
        return try editing.withLock { _ in
            let before = snapshot
            let logged = try log(try completed(edit, before))
            return change(logged, from: before)
        }
    }

    /// Adds an edit to the log, then to the state. Only while `editing` is held, or by a propagation of its own.
    private func log(_ edit: Edit) throws -> LoggedEdit {
        let next = try history.adding(edit)
        let logged = LoggedEdit(number: next.count, edit: edit)
        try store.append(logged)
        content.withLock { $0.history = next }
        return logged
    }

    /// With what the session fills in. An edit of a group finds what those before it have left.
    private func completed(_ edit: Edit, _ before: SessionSnapshot) throws -> Edit {
        let history = history
        guard case .group(let edits) = edit else { return try based(history.numbering.numbered(edit, before.state), before) }
        var (numbering, snapshot) = (history.numbering, before)
        return .group(
            try edits.map { edit in
                let complete = try based(numbering.numbered(edit, snapshot.state), snapshot)
                try snapshot.state.apply(complete, history.limits)
                numbering.note(complete)
                return complete
            })
    }

    /// With what a correction starts from.
    private func based(_ edit: Edit, _ snapshot: SessionSnapshot) throws -> Edit {
        func base(_ place: AnchorPlace, given: CorrectionBase?, isAlways: Bool = false) throws -> CorrectionBase? {
            if let given { return given }
            guard let object = snapshot.state.object(place.object), (0..<snapshot.frameCount).contains(place.frame) else { return nil }
            let anchor = object.anchors[place.frame]
            guard anchor == nil || isAlways && anchor?.base == nil else { return nil }
            return try self.base(of: object, at: place.frame, snapshot)
        }
        switch edit {
        case .addPoint(let place, let point, let position, let isPositive, let given):
            return .addPoint(place, point: point, position: position, isPositive: isPositive, base: try base(place, given: given))
        case .moveTrack(let place, let track, let position, let given):
            return .moveTrack(place, track: track, position: position, base: try base(place, given: given, isAlways: true))
        case .removeTrack(let place, let track, let given):
            return .removeTrack(place, track: track, base: try base(place, given: given, isAlways: true))
        case .setBox(let place, let box, let given): return .setBox(place, box, base: try base(place, given: given))
        case .addStroke(let place, let stroke, let given): return .addStroke(place, stroke, base: try base(place, given: given))
        default: return edit
        }
    }

    /// What a correction in a frame would start from; nil where nothing was propagated to.
    func base(of object: SessionObject, at frame: Int, _ snapshot: SessionSnapshot) throws -> CorrectionBase? {
        guard let found = try reader.frame(of: object, at: frame, snapshot)?.frame else { return nil }
        let isPredicted = found.origin == .predicted && found.mask.map { $0.area > 0 } ?? false
        return CorrectionBase(
            points: found.points.filter(\.isVisible), logits: isPredicted ? found.logits : nil, mask: isPredicted ? found.mask : nil)
    }

    private func change(_ logged: LoggedEdit, from before: SessionSnapshot) -> SessionChange {
        let (after, history) = (snapshot, history)
        let changed = Set(before.state.objects.map(\.id) + after.state.objects.map(\.id)).sorted().filter {
            before.state.object($0) != after.state.object($0)
        }
        var outdated: [ObjectID: [ClosedRange<Int>]] = [:]
        var frames = Set<Int>()
        for id in changed {
            let (old, new) = (before.state.object(id), after.state.object(id))
            if let new { outdated[id] = ObjectLookup(new, after).outdated(tracksBackward: models.options.tracking.isBackward) }
            for frame in Set((old?.anchorFrames ?? []) + (new?.anchorFrames ?? []))
            where old?.anchors[frame] != new?.anchors[frame] { frames.insert(frame) }
            if old == nil || new == nil || old?.results != new?.results { frames.formUnion([0, after.lastFrame]) }
        }
        if before.state.order != after.state.order { frames.formUnion([0, after.lastFrame]) }
        var range: ClosedRange<Int>?
        if let low = frames.min(), let high = frames.max() { range = low...high }
        return SessionChange(
            logged: logged, objects: before.state.order == after.state.order ? changed : after.state.objects.map(\.id), frames: range,
            outdated: outdated, canUndo: history.canUndo, canRedo: history.canRedo)
    }

    // MARK: Looking

    /// As `AnnotationSession.mask`.
    func mask(of id: ObjectID, at frame: Int) throws -> SpanFrame? {
        try check(frame: frame)
        let snapshot = snapshot
        return try mask(of: try object(id, in: snapshot), at: frame, snapshot)
    }

    private func mask(of object: SessionObject, at frame: Int, _ snapshot: SessionSnapshot) throws -> SpanFrame? {
        guard let anchor = object.anchors[frame] else { return try reader.frame(of: object, at: frame, snapshot)?.frame }
        var found = try anchors.frame(anchor, at: frame)
        // An anchor has its mask without any result.
        if let key = try reader.key(of: object, at: frame, snapshot)?.key { found.points = try store.frame(frame, of: key)?.points ?? [] }
        return found
    }

    func result(at frame: Int) throws -> SessionFrame {
        try check(frame: frame)
        let snapshot = snapshot
        let outcomes = try snapshot.state.objects.map { object -> (id: ObjectID, outcome: ObjectOutcome) in
            (id: object.id, outcome: try mask(of: object, at: frame, snapshot)?.outcome ?? ObjectOutcome())
        }
        if let reason = models.segmenter.unavailability, snapshot.state.order == nil, Self.overlap(outcomes.compactMap(\.outcome.mask)) {
            throw SessionError.modelsMissing(reason: reason)
        }
        let overlaps = OverlapResolution(segmenter: models.segmenter, order: snapshot.state.order)
        let objects = overlaps.results(of: outcomes, size: frames.size)
        let tracksBackward = models.options.tracking.isBackward
        func isOutdated(_ object: SessionObject) -> Bool {
            guard !object.anchors.isEmpty, object.anchors[frame] == nil else { return false }
            return !ObjectLookup(object, snapshot).isComplete(frame, tracksBackward: tracksBackward)
        }
        return SessionFrame(
            frameIndex: frame, objects: objects, indexMask: IndexMask(objects, size: frames.size),
            anchored: Set(snapshot.state.objects.filter { $0.anchors[frame] != nil }.map(\.id)),
            outdated: Set(snapshot.state.objects.filter { isOutdated($0) }.map(\.id)))
    }

    private static func overlap(_ masks: [Mask]) -> Bool {
        masks.indices.contains { a in masks.indices.contains { b in a < b && masks[a].intersectionCount(masks[b]) > 0 } }
    }

    func prepare(_ frame: Int) throws {
        try check(frame: frame)
        _ = try models.segmenter.frame(frame, of: frames)
        // Whoever needs a network that cannot be loaded says so.
        try? models.segmenter.loadNetworks(for: frames.size)
        try? models.tracker.loadNetworks(for: frames.size, points: models.options.queryPoints.most)
    }

    func preview(of id: ObjectID?, at frame: Int, adding point: PointPrompt) throws -> SpanFrame? {
        try anchors.compute(anchor(of: id, at: frame, adding: point), at: frame)
    }

    func candidates(of id: ObjectID, at frame: Int, adding point: PointPrompt?) throws -> [MaskCandidate] {
        try anchors.candidates(anchor(of: id, at: frame, adding: point), at: frame)
    }

    /// What an anchor would be with one more click.
    private func anchor(of id: ObjectID?, at frame: Int, adding point: PointPrompt?) throws -> ObjectAnchor {
        try check(frame: frame)
        let snapshot = snapshot
        var asked = ObjectAnchor()
        if let id {
            let object = try object(id, in: snapshot)
            if let anchor = object.anchors[frame] { asked = anchor } else { asked.base = try base(of: object, at: frame, snapshot) }
        }
        if let point {
            guard frames.size.contains(point.position) else {
                throw SessionError.pointOutside(x: point.position.x, y: point.position.y, size: frames.size)
            }
            asked.points.append(AnchorPoint(id: 0, position: point.position, isPositive: point.isPositive))
            if asked.choice != nil { asked.refinesChoice = true }
        }
        // Choosing is choosing anew.
        if point == nil { (asked.choice, asked.refinesChoice) = (nil, false) }
        return asked
    }

    // MARK: Propagating

    /// Starts a propagation: plans and logs it.
    func begin(_ propagation: Propagation, _ token: PropagationToken) throws -> PropagationRun {
        try take(token)
        do {
            return try editing.withLock { _ in try plan(propagation) }
        } catch {
            release(token)
            throw error
        }
    }

    private func plan(_ propagation: Propagation) throws -> PropagationRun {
        if let reason = models.unavailability { throw SessionError.modelsMissing(reason: reason) }
        let history = history
        try SessionLimits(size: frames.size, frameCount: frames.frameCount).check(propagation.range)
        if let (number, planned) = history.unfinished(propagation) {
            // What it was planned on has not changed: it goes on, and is no further edit.
            let units = try planner(planned.propagation, planned.before).units()
            if units.flatMap(\.spans) == planned.propagation.plan?.spans { return run(units, number: number, planned.before) }
        }
        let snapshot = history.snapshot
        let units = try planner(propagation, snapshot).units()
        guard !units.isEmpty else { return run(units, number: 0, snapshot) }
        let plan = PropagationPlan(number: history.propagations.count + 1, spans: units.flatMap(\.spans), rivals: rivalKeys(units))
        var planned = propagation
        planned.plan = plan
        _ = try log(.propagate(planned))
        return run(units, number: plan.number, snapshot)
    }

    func planner(_ propagation: Propagation, _ snapshot: SessionSnapshot) -> PropagationPlanner {
        PropagationPlanner(snapshot: snapshot, propagation: propagation, options: models.options, recipe: recipe)
    }

    private func rivalKeys(_ units: [PropagationUnit]) -> [ObjectID: [SpanKey]] {
        var keys: [ObjectID: Set<SpanKey>] = [:]
        for rival in units.flatMap(\.rivals) {
            keys[rival.object.id, default: []].formUnion(rival.object.results.spans.map(\.span.key) + rival.spans.map(\.key))
        }
        return keys.mapValues { $0.sorted() }
    }

    private func run(_ units: [PropagationUnit], number: Int, _ snapshot: SessionSnapshot) -> PropagationRun {
        PropagationRun(units, number: number, context: context(snapshot), paused: paused) { [weak self] reach, isForLog in
            try self?.note(reach, isForLog)
        }
    }

    func context(_ snapshot: SessionSnapshot) -> UnitContext {
        UnitContext(
            segmenter: models.segmenter, tracker: models.tracker, options: models.options, video: frames, anchors: anchors,
            reader: reader, snapshot: snapshot)
    }

    private func note(_ reach: PropagationReach, _ isForLog: Bool) throws {
        defer { if reach.ending != nil { content.withLock { $0.running = nil } } }
        guard reach.number > 0 else { return }
        guard isForLog else { return content.withLock { $0.live = reach.spans } }
        try editing.withLock { _ in _ = try log(.reached(reach)) }
        content.withLock { $0.live = [:] }
    }

    /// One propagation at a time. One that nobody waits for any more is on its way out.
    private func take(_ token: PropagationToken) throws {
        while true {
            let running = content.withLock { content -> PropagationToken? in
                guard let running = content.running else {
                    content.running = token
                    return nil
                }
                return running
            }
            guard let running else { return }
            guard running.isAbandoned else { throw SessionError.isPropagating }
            try Cancellation.check()
            Thread.sleep(forTimeInterval: 0.005)
        }
    }

    private func release(_ token: PropagationToken) { content.withLock { if $0.running === token { $0.running = nil } } }
}

/// Says whether somebody still waits for a propagation's news.
final class PropagationToken: Sendable {
    private let flag = Protected(false)
    var isAbandoned: Bool { flag.withLock { $0 } }
    func abandon() { flag.withLock { $0 = true } }
}
