import Foundation
import Support

/// A propagation in the making: computes unit after unit, keeps frames some at a time, and tells how far it came, however it ends.
///
/// It computes for seconds at a time, so it runs on a thread of its own. Not for several threads at once.
final class PropagationRun {
    /// Frames that are kept together; a few, so that news come often and a project file is not synchronised for each.
    private static let framesTogether = 8
    private static let secondsBetweenReaches = 5.0

    private let number: Int
    private let units: [PropagationUnit]
    private let context: UnitContext
    private let paused: PausedWork?
    /// Told how far the propagation has come: for the log, or only for who looks at results meanwhile.
    private let report: (_ reach: PropagationReach, _ isForLog: Bool) throws -> Void
    private let start = ContinuousClock.now
    private var unit = 0
    private var work: (any UnitWork)?
    private var buffer: [SpanKey: [SpanFrame]] = [:]
    private var reached: [SpanKey: ClosedRange<Int>] = [:]
    private var lastLogged = ContinuousClock.now
    private var framesDone = 0
    private var hasEnded = false
    private var changedAtEnd: [ObjectID: [ClosedRange<Int>]] = [:]

    /// - Parameter paused: where work is looked for that was stopped before its end, and left when this one is.
    init(
        _ units: [PropagationUnit], number: Int, context: UnitContext, paused: PausedWork? = nil,
        report: @escaping (_ reach: PropagationReach, _ isForLog: Bool) throws -> Void
    ) {
        (self.units, self.number, self.context, self.paused, self.report) = (units, number, context, paused, report)
    }

    deinit { if !hasEnded { try? end(.cancelled) } }

    /// The next news; nil after the last.
    func next() throws -> PropagationProgress? {
        guard !hasEnded else { return nil }
        do {
            while unit < units.count {
                try Cancellation.check()
                if try advance() { return try news(ending: nil) }
            }
            try end(.complete)
            return try news(ending: .complete)
        } catch {
            if !hasEnded { try? end(error is CancellationError ? .cancelled : .failed) }
            throw error
        }
    }

    /// One frame of the current unit.
    /// - Returns: whether there are news.
    private func advance() throws -> Bool {
        if work == nil, try isThere(units[unit]) {
            for span in units[unit].spans { reached[span.key] = frames(of: span, in: units[unit]) }
            framesDone += units[unit].frameCount
            unit += 1
            return false
        }
        guard let frames = try step(work ?? begin(units[unit])) else {
            // Somebody may want more frames of the same result later on.
            pause()
            unit += 1
            return !buffer.isEmpty
        }
        framesDone += 1
        for (span, frame) in frames { buffer[span.key, default: []].append(frame) }
        return buffer.values.contains { $0.count >= Self.framesTogether }
    }

    /// The work on a unit: what was begun before, or from its first frame on.
    private func begin(_ unit: PropagationUnit) throws -> any UnitWork {
        if let known = paused?.take(unit) {
            framesDone += known.framesDone
            work = known
            return known
        }
        let new = try canPause ? Cancellation.shielded { try context.work(unit) } : context.work(unit)
        try new.prepare()
        work = new
        return new
    }

    /// Where a tracker takes one frame after the other, a step is short, and what is left when it is done can be gone on with.
    private var canPause: Bool { paused != nil && context.tracker.isCausal }

    private func step(_ work: any UnitWork) throws -> [(span: PlannedSpan, frame: SpanFrame)]? {
        do {
            return try canPause ? Cancellation.shielded { try work.step() } : work.step()
        } catch {
            // What ended in the midst of a frame is of no use.
            self.work = nil
            throw error
        }
    }

    private func pause() {
        if canPause, let work { paused?.put(work) }
        work = nil
    }

    /// The frames of a span that its unit computes.
    private func frames(of span: PlannedSpan, in unit: PropagationUnit) -> ClosedRange<Int> {
        let (low, high) = (min(unit.first, unit.last), max(unit.first, unit.last))
        let bounds = (max(span.frames.lowerBound, low), min(span.frames.upperBound, high))
        return bounds.0 <= bounds.1 ? bounds.0...bounds.1 : span.anchor...span.anchor
    }

    /// Whether everything has been computed before, such as by the same propagation, which was undone.
    private func isThere(_ unit: PropagationUnit) throws -> Bool {
        guard !unit.spans.isEmpty else { return true }
        for span in unit.spans {
            guard try context.reader.summaries(of: span.key, in: frames(of: span, in: unit)).isWhole else { return false }
        }
        return true
    }

    /// Keeps what is waiting.
    private func flush() throws -> [ObjectID: [ClosedRange<Int>]] {
        var changed: [ObjectID: [ClosedRange<Int>]] = [:]
        let objects = Dictionary(units.flatMap(\.spans).map { ($0.key, $0.object) }) { first, _ in first }
        for (key, frames) in buffer.sorted(by: { $0.key < $1.key }) {
            try context.reader.store.save(frames, of: key)
            guard let low = frames.map(\.index).min(), let high = frames.map(\.index).max() else { continue }
            reached[key] = reached[key]?.union(low...high) ?? low...high
            if let object = objects[key] { changed[object, default: []].append(low...high) }
        }
        buffer = [:]
        return changed
    }

    private func news(ending: PropagationReach.Ending?) throws -> PropagationProgress {
        let changed = ending == nil ? try flush() : changedAtEnd
        if ending == nil {
            let isTime = lastLogged.secondsAgo >= Self.secondsBetweenReaches
            if isTime { lastLogged = .now }
            try report(PropagationReach(number: number, spans: reached, ending: nil), isTime)
        }
        return PropagationProgress(
            number: number, changed: changed, framesDone: framesDone, framesTotal: units.reduce(0) { $0 + $1.frameCount },
            secondsElapsed: start.secondsAgo, ending: ending)
    }

    private func end(_ ending: PropagationReach.Ending) throws {
        hasEnded = true
        // Work goes on behind frames that are kept.
        do {
            changedAtEnd = try flush()
            pause()
            try report(PropagationReach(number: number, spans: reached, ending: ending), true)
        } catch {
            work = nil
            paused?.removeAll()
            throw error
        }
    }
}
