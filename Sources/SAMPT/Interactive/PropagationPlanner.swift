import PointTrackers

/// Decides what a propagation computes. Equal states give equal plans.
struct PropagationPlanner {
    let snapshot: SessionSnapshot
    let propagation: Propagation
    let options: VideoSegmenterOptions
    /// Tells apart models and options.
    let recipe: String

    private var lastFrame: Int { snapshot.lastFrame }
    private var wanted: ClosedRange<Int> { propagation.range ?? 0...lastFrame }

    /// What is to be computed, in order; empty where everything is there.
    /// - Throws: `SessionError.unknownObject`, `.nothingToPropagate`.
    func units() throws -> [PropagationUnit] {
        for id in propagation.objects ?? [] where snapshot.state.object(id) == nil { throw SessionError.unknownObject(id) }
        let objects = snapshot.state.objects.filter { object in
            (propagation.objects?.contains(object.id) ?? true) && object.anchors.values.contains(where: \.canStart)
        }
        guard !objects.isEmpty else { throw SessionError.nothingToPropagate }
        return propagation.policy == .paper ? paperUnits(objects) : anchoredUnits(objects)
    }

    // MARK: Anchored

    private struct Piece {
        var object: SessionObject
        var anchor: Int
        var direction: TimeDirection
        var frames: ClosedRange<Int>
        /// The last frame that trackers see.
        var end: Int
    }

    private func anchoredUnits(_ objects: [SessionObject]) -> [PropagationUnit] {
        if let joint = jointUnit(objects) { return joint }
        let wantedPieces = objects.flatMap { pieces(of: $0) }
        var units: [PropagationUnit] = []
        for direction in [TimeDirection.backward, .forward] {
            let inDirection = wantedPieces.filter { $0.direction == direction }
            var done: [PropagationUnit] = []
            for end in Set(inDirection.map(\.end)).sorted() {
                done.append(unit(inDirection.filter { $0.end == end }, direction, end: end, among: objects, after: done))
            }
            units += done
        }
        return units
    }

    /// Without re-initialisation the two directions are one piece of work, as long as no object has more than one anchor.
    private func jointUnit(_ objects: [SessionObject]) -> [PropagationUnit]? {
        let isPlain = objects.allSatisfy { $0.anchors.count == 1 } && propagation.range == nil && propagation.direction == .both
        guard options.reinitialization.variant == nil, isPlain else { return nil }
        let open = objects.filter { object in
            guard let anchor = object.anchorFrames.first, !propagation.recomputesAll else { return true }
            let current = object.current(from: anchor, .both, lastFrame: lastFrame)
            return current.map { !isComplete($0.span, upTo: $0.span.frames.upperBound) } ?? true
        }
        return open.isEmpty ? [] : [joint(open.map { ($0, $0.anchorFrames[0]) })]
    }

    private func joint(_ objects: [(object: SessionObject, anchor: Int)]) -> PropagationUnit {
        let rivals = rivals(without: objects.map(\.object.id), after: [])
        let content = "joint 1|\(propagation.policy)|\(recipe)|" + describe(objects.map { ($0.object, $0.anchor) }) + describe(rivals)
        let members = objects.map { object, anchor in
            PropagationUnit.Member(
                object: object, anchor: anchor,
                span: PlannedSpan(
                    object: object.id, anchor: anchor, frames: (options.tracking.isBackward ? 0 : anchor)...lastFrame, direction: .both,
                    key: SpanKey(of: "\(content)|\(object.id)")))
        }
        return PropagationUnit(
            work: .joint, policy: propagation.policy, members: members, seen: 0...lastFrame, first: 0,
            last: propagation.policy == .paper ? wanted.upperBound : lastFrame, rivals: rivals)
    }

    /// What is wanted of an object's results and not there.
    private func pieces(of object: SessionObject) -> [Piece] {
        object.anchorFrames.filter { object.anchors[$0]?.canStart ?? false }.flatMap { anchor -> [Piece] in
            [TimeDirection.forward, .backward].compactMap { direction in piece(of: object, anchor, direction) }
        }
    }

    private func piece(of object: SessionObject, _ anchor: Int, _ direction: TimeDirection) -> Piece? {
        let name: PropagationDirection = direction == .forward ? .forward : .backward
        guard propagation.direction == name || propagation.direction == .both else { return nil }
        guard direction == .forward || options.tracking.isBackward else { return nil }
        let frames = object.frames(from: anchor, name, lastFrame: lastFrame)
        // The anchor's own frame belongs to the result, but is not worth one.
        let beyond = direction == .forward ? (anchor + 1, frames.upperBound) : (frames.lowerBound, anchor - 1)
        let isWanted = max(beyond.0, wanted.lowerBound) <= min(beyond.1, wanted.upperBound)
        // In the video's last frame there is nothing beyond, and still the object begins among the others.
        guard isWanted || anchor == lastFrame && direction == .forward && wanted.contains(anchor) else { return nil }
        if let current = object.current(from: anchor, name, lastFrame: lastFrame), !propagation.recomputesAll {
            let end = direction == .forward ? min(frames.upperBound, wanted.upperBound) : max(frames.lowerBound, wanted.lowerBound)
            if snapshot.has(current.span.key, end) { return nil }
        }
        let next = direction == .forward ? min(lastFrame, frames.upperBound + 1) : max(0, frames.lowerBound - 1)
        return Piece(object: object, anchor: anchor, direction: direction, frames: frames, end: next)
    }

    private func unit(
        _ pieces: [Piece], _ direction: TimeDirection, end: Int, among objects: [SessionObject], after done: [PropagationUnit]
    ) -> PropagationUnit {
        let start = direction == .forward ? pieces.map(\.anchor).min() ?? end : pieces.map(\.anchor).max() ?? end
        var anchors: [ObjectID: Int] = Dictionary(pieces.map { ($0.object.id, $0.anchor) }) { first, _ in first }
        let real = Set(anchors.keys)
        // What begins in the video's first frame has no past, but takes its place among the objects of a run.
        if direction == .backward, end == 0 {
            for object in objects where object.anchors[0]?.canStart ?? false && anchors[object.id] == nil { anchors[object.id] = 0 }
        }
        let members = objects.filter { anchors[$0.id] != nil }
        let rivals = rivals(without: members.map(\.id), after: done)
        let name: PropagationDirection = direction == .forward ? .forward : .backward
        let content =
            "directed 1|\(recipe)|\(name)|\(start)|\(end)|" + describe(members.map { ($0, anchors[$0.id] ?? 0) }) + describe(rivals)
        let frames = Dictionary(pieces.map { ($0.object.id, $0.frames) }) { first, _ in first }
        let furthest = pieces.map { direction == .forward ? $0.frames.upperBound : $0.frames.lowerBound }
        let last =
            direction == .forward
            ? max(start, min(furthest.max() ?? end, wanted.upperBound)) : min(start, max(furthest.min() ?? end, wanted.lowerBound))
        return PropagationUnit(
            work: .directed(direction), policy: .anchored,
            members: members.map { object in
                let anchor = anchors[object.id] ?? 0
                return .init(
                    object: object, anchor: anchor,
                    span: real.contains(object.id)
                        ? PlannedSpan(
                            object: object.id, anchor: anchor, frames: frames[object.id] ?? anchor...anchor, direction: name,
                            key: SpanKey(of: "\(content)|\(object.id)")) : nil)
            },
            seen: min(start, end)...max(start, end), first: start, last: last, rivals: rivals)
    }

    // MARK: Paper

    private func paperUnits(_ objects: [SessionObject]) -> [PropagationUnit] {
        let able = objects.filter { object in object.queryFrame.map { object.anchors[$0]?.canStart ?? false } ?? false }
        var units: [PropagationUnit] = []
        var bases: [ObjectID: PlannedSpan] = [:]
        for object in able { bases[object.id] = propagation.recomputesAll ? nil : paperBase(of: object) }
        let open = able.filter { bases[$0.id] == nil }
        if !open.isEmpty {
            let base = joint(open.map { ($0, $0.queryFrame ?? 0) })
            for span in base.spans { bases[span.object] = span }
            units.append(base)
        }
        for object in able {
            guard let base = bases[object.id] else { continue }
            if let unit = corrections(of: object, on: base, isNew: open.contains { $0.id == object.id }, after: units) {
                units.append(unit)
            }
        }
        return units
    }

    /// The object's result without any correction, where it is there.
    private func paperBase(of object: SessionObject) -> PlannedSpan? {
        guard let query = object.queryFrame, let digest = object.anchors[query]?.digest else { return nil }
        return object.results.spans.last {
            $0.policy == .paper && $0.span.base == nil && $0.span.anchor == query && $0.digest == digest
                && isComplete($0.span, upTo: wanted.upperBound)
        }?.span
    }

    private func corrections(
        of object: SessionObject, on base: PlannedSpan, isNew: Bool, after units: [PropagationUnit]
    ) -> PropagationUnit? {
        let all = object.paperCorrections
        guard !all.isEmpty else { return nil }
        // The result with the most of them already.
        var known = (span: base, corrections: Set<PaperCorrection>())
        for result in object.results.spans where !isNew && result.policy == .paper && result.span.base != nil {
            let applied = Set(result.corrections)
            guard applied.isSubset(of: all), applied.count >= known.corrections.count, isComplete(result.span, upTo: wanted.upperBound),
                object.chain(from: result).last?.span.key == base.key
            else { continue }
            known = (result.span, applied)
        }
        let new = all.filter { !known.corrections.contains($0) }
        guard let first = new.map(\.frame).min(), first <= wanted.upperBound else { return nil }
        let rivals = rivals(without: [object.id], after: units)
        let content =
            "corrections 1|\(recipe)|\(object.id)|\(known.span.key)|" + new.map(\.text).joined(separator: ";") + "|" + describe(rivals)
        let span = PlannedSpan(
            object: object.id, anchor: base.anchor, frames: first...lastFrame, direction: .forward, key: SpanKey(of: content),
            base: known.span.key)
        return PropagationUnit(
            work: .corrections(new), policy: .paper, members: [.init(object: object, anchor: base.anchor, span: span)],
            seen: 0...lastFrame, first: first, last: wanted.upperBound, rivals: rivals)
    }

    // MARK: Shared

    private func isComplete(_ span: PlannedSpan, upTo frame: Int) -> Bool { snapshot.has(span.key, min(frame, span.frames.upperBound)) }

    private func rivals(without members: [ObjectID], after units: [PropagationUnit]) -> [PropagationUnit.Rival] {
        guard options.prompting.usesOtherObjectsAsNegatives else { return [] }
        return snapshot.state.objects.filter { !members.contains($0.id) }.compactMap { object in
            let spans = units.flatMap(\.spans).filter { $0.object == object.id }
            return spans.isEmpty && object.results.spans.isEmpty ? nil : PropagationUnit.Rival(object: object, spans: spans)
        }
    }

    private func describe(_ members: [(object: SessionObject, anchor: Int)]) -> String {
        members.map { "\($0.object.id)@\($0.anchor):\($0.object.anchors[$0.anchor]?.digest ?? "")" }.joined(separator: ";") + "|"
    }

    /// All that their results are chosen by.
    private func describe(_ rivals: [PropagationUnit.Rival]) -> String {
        rivals.map { rival in
            let anchors = rival.object.anchorFrames.map { "\($0):\(rival.object.anchors[$0]?.digest ?? "")" }.joined(separator: ",")
            let known = rival.object.results.spans.map { result in
                "\(result.span.key)\(snapshot.reached[result.span.key].map { ":\($0)" } ?? "")"
            }
            return "\(rival.object.id)[\(anchors)][\((known + rival.spans.map(\.key.description)).joined(separator: ","))]"
        }.joined(separator: ";")
    }
}
