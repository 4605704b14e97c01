import Media
import Support

extension SessionCore {
    func tracks(of id: ObjectID, in range: ClosedRange<Int>) throws -> [Int: [PromptPoint]] {
        try check(frame: range.lowerBound)
        try check(frame: range.upperBound)
        let snapshot = snapshot
        let object = try object(id, in: snapshot)
        var tracks: [Int: [PromptPoint]] = [:]
        for frame in range { tracks[frame] = try reader.frame(of: object, at: frame, snapshot)?.frame.points }
        return tracks
    }

    func summaries(of id: ObjectID) throws -> [FrameSummary?] {
        let snapshot = snapshot
        return try summaries(of: try object(id, in: snapshot), snapshot)
    }

    private func summaries(of object: SessionObject, _ snapshot: SessionSnapshot) throws -> [FrameSummary?] {
        let propagated = try reader.summaries(of: object, snapshot)
        var summaries = propagated.map { $0?.summary }
        for (frame, anchor) in object.anchors {
            // Of an anchor whose mask is known; nothing is computed. What was there before it was marked says nothing about it.
            let known = try reader.summaries(of: anchors.key(anchor, frame), in: frame...frame)[frame]
            summaries[frame] = known ?? propagated[frame].flatMap { $0.isCurrent ? $0.summary : nil }
        }
        return summaries
    }

    func review(count: Int) throws -> [FrameReview.Entry] {
        let snapshot = snapshot
        let timing = frames.source.timing
        let duration = timing.timestamps.isEmpty ? 0 : timing.seconds(timing.timestamps.count - 1)
        var review = FrameReview(count: count, duration: duration)
        for object in snapshot.state.objects {
            try Cancellation.check()
            for case (let frame, let found?) in try reader.summaries(of: object, snapshot).enumerated() where object.anchors[frame] == nil {
                review.add(
                    found.summary, of: object.id, seconds: frame < timing.timestamps.count ? timing.seconds(frame) : 0)
            }
        }
        return review.entries
    }

    func outdated(of id: ObjectID) throws -> [ClosedRange<Int>] {
        let snapshot = snapshot
        return ObjectLookup(try object(id, in: snapshot), snapshot).outdated(tracksBackward: models.options.tracking.isBackward)
    }

    func spans(of id: ObjectID) throws -> [SpanStatus] {
        let snapshot = snapshot
        let object = try object(id, in: snapshot)
        guard !object.anchors.isEmpty else { return [] }
        var (groups, last): ([[FrameStretch]], Bool) = ([], false)
        for stretch in ObjectLookup(object, snapshot).stretches(tracksBackward: models.options.tracking.isBackward) {
            let isAnchor = object.anchors[stretch.frames.lowerBound] != nil
            if !isAnchor { if last { groups[groups.count - 1].append(stretch) } else { groups.append([stretch]) } }
            last = !isAnchor
        }
        return try groups.map { stretches in
            let isCurrent = stretches.allSatisfy(\.isComplete)
            let hasSome = stretches.contains { $0.isComplete || $0.choice != nil && $0.isCurrent }
            return SpanStatus(
                frames: stretches[0].frames.lowerBound...stretches[stretches.count - 1].frames.upperBound,
                progress: isCurrent ? .current : hasSome ? .partial : .outdated, seam: try seam(in: stretches, snapshot))
        }
    }

    private func seam(in stretches: [FrameStretch], _ snapshot: SessionSnapshot) throws -> Int? {
        for case .either(let forward, let backward)? in stretches.map(\.choice) {
            return try reader.seam(between: forward.span, backward.span, snapshot)
        }
        return nil
    }

    // MARK: Results that the log has and the store lacks

    /// Runs that compute them, in the order of the log.
    func missing(_ token: PropagationToken) throws -> [PropagationRun] {
        try missing(history.propagations.indices.map { $0 + 1 })
    }

    /// The same in any order of propagations; what gave one its negative points is computed before it.
    func missing(_ numbers: [Int]) throws -> [PropagationRun] {
        let history = history
        var producers: [SpanKey: Int] = [:]
        for (place, planned) in history.propagations.enumerated() {
            for span in planned.propagation.plan?.spans ?? [] where producers[span.key] == nil { producers[span.key] = place + 1 }
        }
        var (ordered, seen) = ([Int](), Set<Int>())
        func visit(_ number: Int) {
            guard history.propagations.indices.contains(number - 1), seen.insert(number).inserted else { return }
            let plan = history.propagations[number - 1].propagation.plan
            let needed = (plan?.rivals ?? [:]).values.flatMap { $0 } + (plan?.spans ?? []).compactMap(\.base)
            for key in needed.sorted() { if let producer = producers[key], producer < number { visit(producer) } }
            ordered.append(number)
        }
        for number in numbers { visit(number) }
        return try ordered.compactMap { number in
            let planned = history.propagations[number - 1]
            let units = try planner(planned.propagation, planned.before).units()
            guard units.flatMap(\.spans) == planned.propagation.plan?.spans else { throw SessionError.otherModels(propagation: number) }
            return PropagationRun(
                units.compactMap { limited($0, history.reached) }, number: number, context: context(planned.before), report: { _, _ in })
        }
    }

    /// A unit as far as it came.
    private func limited(_ unit: PropagationUnit, _ reached: [SpanKey: ClosedRange<Int>]) -> PropagationUnit? {
        let there = unit.spans.compactMap { reached[$0.key] }
        guard let low = there.map(\.lowerBound).min(), let high = there.map(\.upperBound).max() else { return nil }
        var unit = unit
        unit.last = unit.work == .directed(.backward) ? max(unit.last, low) : min(unit.last, high)
        return unit
    }
}
