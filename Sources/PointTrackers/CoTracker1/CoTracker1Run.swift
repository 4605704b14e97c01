import Media

/// Points going through a clip's frames window by window, in one direction: what CoTracker 1 keeps between windows.
///
/// Times count frames from where the run starts, in its direction. Windows start at multiples of half their length. Memory does not depend
/// on the clip's length: maps are held for one window, support points for `Support.lifetime`.
final class CoTracker1Run {
    /// A point to be tracked from its time on. Ids are the caller's.
    struct Entry: Sendable {
        var id: Int
        var time: Int
        /// In cells of the finest map.
        var position: SIMD2<Float>
    }

    /// Grids of points that are tracked beside the caller's.
    struct Support: Sendable {
        var grid: [SIMD2<Float>]
        /// Every how many frames a grid is set.
        var interval: Int
        /// How many frames a grid is kept, at least; nil: to the end.
        var lifetime: Int?
    }

    private struct State {
        var entry: Entry
        var isSupport: Bool
        var template: [Float]
        /// The start of the first window that had the point.
        var enteredAt: Int
        /// Of the current window: what it started from, and what came out.
        var start: CoTracker1Window.Outcome
        var outcome: CoTracker1Window.Outcome
    }

    private let window: CoTracker1Window
    /// Frames of the clip from the run's start on.
    let length: Int
    private let support: Support
    /// Points that attend to each other at most, but for support points.
    private let groupSize: Int
    private let pyramid: (Int) throws -> FeaturePyramid

    private var waiting: [Entry] = []
    private var states: [State] = []
    private var nextGrid = 0
    private var held: [Int: FeaturePyramid] = [:]
    /// The start of the window that has been computed last; nil before the first.
    private(set) var current: Int?
    /// Whether points wait that belong into the current window.
    private(set) var isOutdated = false

    /// - Parameters:
    ///   - length: frames of the clip from the run's start on.
    ///   - pyramid: the features of the frame at a time below `length`.
    init(
        window: CoTracker1Window, length: Int, support: Support, groupSize: Int, pyramid: @escaping (Int) throws -> FeaturePyramid
    ) {
        (self.window, self.length, self.support, self.groupSize, self.pyramid) = (window, length, support, groupSize, pyramid)
    }

    private var half: Int { window.frames / 2 }
    /// Clips shorter than a window are continued with their last frame.
    private var paddedLength: Int { max(length, window.frames) }

    /// The start of the window that decides on a time: the last one that contains it.
    func windowStart(deciding time: Int) -> Int {
        min(time / half, (paddedLength - half - 1) / half) * half
    }

    /// All windows of the clip.
    var windowStarts: StrideTo<Int> { stride(from: 0, to: paddedLength - half, by: half) }

    /// Adds points. They enter with the first window not yet computed that contains their time, or with the current one, computed again.
    func add(_ entries: [Entry]) {
        waiting += entries
        if let current, entries.contains(where: { $0.time < current + window.frames }) { isOutdated = true }
    }

    func remove(_ ids: Set<Int>) {
        waiting.removeAll { ids.contains($0.id) }
        states.removeAll { !$0.isSupport && ids.contains($0.entry.id) }
    }

    /// The outcome of a point at a time in the current window; nil where the point is not in it, or the time is not.
    func outcomes(at time: Int) -> [Int: (position: SIMD2<Float>, visibility: Float)] {
        guard let current, (current..<(current + window.frames)).contains(time) else { return [:] }
        var result: [Int: (position: SIMD2<Float>, visibility: Float)] = [:]
        for state in states where !state.isSupport {
            result[state.entry.id] = (state.outcome.positions[time - current], state.outcome.visibility[time - current])
        }
        return result
    }

    /// As `outcomes`, of support points in the order of their entering, with the time they were set at.
    func supportOutcomes(at time: Int) -> [(time: Int, position: SIMD2<Float>, visibility: Float)] {
        guard let current, (current..<(current + window.frames)).contains(time) else { return [] }
        return states.filter(\.isSupport).map { ($0.entry.time, $0.outcome.positions[time - current], $0.outcome.visibility[time - current]) }
    }

    /// Computes the window that starts at `start`: the next one, or the current one again for points that have been added. Where it throws,
    /// nothing changes.
    func compute(_ start: Int, observer: CoTracker1Window.Observer? = nil) throws {
        let end = start + window.frames
        let pyramids = try (start..<end).map { try map(at: min($0, length - 1)) }
        var next = states
        if let current, current != start {
            if let lifetime = support.lifetime { next.removeAll { $0.isSupport && $0.entry.time + lifetime <= start } }
            for i in next.indices { next[i].start = continued(next[i].outcome) }
        }
        var grids = nextGrid
        var entering = waiting.filter { $0.time < end }.map { (entry: $0, isSupport: false) }
        while grids < min(end, length), !support.grid.isEmpty {
            entering += support.grid.map { (Entry(id: -1, time: grids, position: $0), true) }
            grids += support.interval
        }
        // A stable sort by time: the order in which the reference has its points.
        let order = entering.indices.sorted { (entering[$0].entry.time, $0) < (entering[$1].entry.time, $1) }
        next += order.map { state(entering[$0].entry, isSupport: entering[$0].isSupport, window: start, pyramids) }
        if !next.isEmpty { try update(&next, window: start, pyramids: pyramids, observer: observer) }

        states = next
        waiting.removeAll { $0.time < end }
        (current, isOutdated, nextGrid) = (start, false, grids)
        held = held.filter { $0.key >= start + half || $0.key == length - 1 }
        for time in start..<min(end, length) { held[time] = pyramids[time - start] }
    }

    private func map(at time: Int) throws -> FeaturePyramid {
        if let known = held[time] { return known }
        let computed = try pyramid(time)
        held[time] = computed
        return computed
    }

    /// The second half of a window as the first of the next; the second half of that repeats the last frame.
    private func continued(_ outcome: CoTracker1Window.Outcome) -> CoTracker1Window.Outcome {
        func continued<T>(_ values: [T]) -> [T] {
            guard let last = values.last else { return values }
            return values[half...] + [T](repeating: last, count: half)
        }
        return .init(positions: continued(outcome.positions), visibility: continued(outcome.visibility))
    }

    private func state(_ entry: Entry, isSupport: Bool, window start: Int, _ pyramids: [FeaturePyramid]) -> State {
        let template = pyramids[max(0, entry.time - start)].levels[0].templates(at: [entry.position])[0]
        let outcome = CoTracker1Window.Outcome(
            positions: [SIMD2<Float>](repeating: entry.position, count: window.frames),
            visibility: [Float](repeating: 10, count: window.frames))
        return State(entry: entry, isSupport: isSupport, template: template, enteredAt: start, start: outcome, outcome: outcome)
    }

    private func update(_ states: inout [State], window start: Int, pyramids: [FeaturePyramid], observer: CoTracker1Window.Observer?) throws {
        func windowStart(_ state: State) -> CoTracker1Window.Start {
            let mask = (0..<window.frames).map { frame -> Float in
                let isNew = state.enteredAt == start || frame >= half
                return isNew && start + frame >= state.entry.time && start + frame < paddedLength ? 1 : 0
            }
            return .init(template: state.template, positions: state.start.positions, visibility: state.start.visibility, mask: mask)
        }
        let support = states.indices.filter { states[$0].isSupport }
        let points = states.indices.filter { !states[$0].isSupport }
        // One group, in the order of entering, as long as there are few points.
        let groups =
            points.count <= groupSize
            ? [Array(states.indices)]
            : stride(from: 0, to: points.count, by: groupSize).map { points[$0..<min(points.count, $0 + groupSize)] + support }
        for (number, group) in groups.enumerated() {
            let outcomes = try window(group.map { windowStart(states[$0]) }, pyramids: pyramids, observer: observer)
            // Support points are the same in every group; the first one decides what becomes of them.
            for (index, outcome) in zip(group, outcomes) where number == 0 || !states[index].isSupport { states[index].outcome = outcome }
        }
    }
}
