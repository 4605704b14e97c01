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

    func confidences(of id: ObjectID) throws -> [Float?] {
        let snapshot = snapshot
        let object = try object(id, in: snapshot)
        var known: [SpanKey: [Int: Float?]] = [:]
        return try (0..<snapshot.frameCount).map { frame in
            if let anchor = object.anchors[frame] { return try confidence(of: anchor, at: frame) }
            guard let key = try reader.key(of: object, at: frame, snapshot)?.key else { return nil }
            let all = try known[key] ?? store.confidences(of: key)
            known[key] = all
            return all[frame] ?? nil
        }
    }

    /// Of an anchor whose mask is known; nothing is computed.
    private func confidence(of anchor: ObjectAnchor, at frame: Int) throws -> Float? {
        try store.frame(frame, of: anchors.key(anchor, frame))?.confidence
    }

    func review(count: Int) throws -> [FrameReview.Entry] {
        let snapshot = snapshot
        let timing = frames.source.timing
        let duration = timing.timestamps.isEmpty ? 0 : timing.seconds(timing.timestamps.count - 1)
        var review = FrameReview(count: count, duration: duration)
        for frame in 0..<snapshot.frameCount {
            try Cancellation.check()
            for object in snapshot.state.objects where object.anchors[frame] == nil {
                guard let found = try reader.frame(of: object, at: frame, snapshot)?.frame, let evidence = found.evidence else { continue }
                review.add(evidence, of: object.id, at: frame, seconds: frame < timing.timestamps.count ? timing.seconds(frame) : 0)
            }
        }
        return review.entries
    }

    func spans(of id: ObjectID) throws -> [SpanStatus] {
        let snapshot = snapshot
        let object = try object(id, in: snapshot)
        let borders = [-1] + object.anchorFrames + [snapshot.frameCount]
        let tracksBackward = models.options.tracking.isBackward
        return try zip(borders, borders.dropFirst()).compactMap { left, right in
            guard right - left > 1 else { return nil }
            let frames = (left + 1)...(right - 1)
            let current = frames.count { snapshot.isCurrent(object, $0, tracksBackward: tracksBackward) }
            let hasSome = current > 0 || frames.contains { snapshot.choice(for: object, at: $0)?.isCurrent ?? false }
            return SpanStatus(
                frames: frames, progress: current == frames.count ? .current : hasSome ? .partial : .outdated,
                seam: try seam(of: object, in: frames, snapshot))
        }
    }

    private func seam(of object: SessionObject, in frames: ClosedRange<Int>, _ snapshot: SessionSnapshot) throws -> Int? {
        for frame in frames {
            guard case .either(let forward, let backward)? = snapshot.choice(for: object, at: frame)?.choice else { continue }
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
