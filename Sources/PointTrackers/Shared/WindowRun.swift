import Media

/// Points going through a clip's frames window by window, in one direction: what CoTracker 1 to 3 keep between windows.
///
/// Times count frames from where the run starts, in its direction. Windows start at multiples of their step. Memory does not depend
/// on the clip's length: maps are held for one window, support points for `Support.lifetime`.
final class WindowRun {
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
        /// Every how many frames a grid is set; nil: at the run's start alone.
        var interval: Int?
        /// How many frames a grid is kept, at least; nil: to the end.
        var lifetime: Int?
    }

    private struct State {
        var entry: Entry
        var isSupport: Bool
        var template: [Float]
        /// The start of the first window that had the point; nil as long as there was none, see `awaitsAll`.
        var enteredAt: Int?
        /// Of the current window: what it started from, and what came out.
        var start: PointEstimate
        var outcome: PointEstimate
    }

    private let window: any PointWindow
    /// Frames of the clip from the run's start on.
    let length: Int
    private let support: Support
    /// Points that attend to each other at most, but for support points.
    private let groupSize: Int
    /// Whether all points take part from the first window on, those of later frames without a template. Does the references' whole clips,
    /// which report them before they are queried, and whose networks may let them influence the others.
    private let awaitsAll: Bool
    private let pyramid: (Int) throws -> FeaturePyramid

    private var waiting: [Entry] = []
    private var states: [State] = []
    /// When the next grid of support points is set.
    private var nextGrid: Int? = 0
    private var held: [Int: FeaturePyramid] = [:]
    /// The start of the window that has been computed last; nil before the first.
    private(set) var current: Int?
    /// Whether points wait that belong into the current window.
    private(set) var isOutdated = false

    /// - Parameters:
    ///   - length: frames of the clip from the run's start on.
    ///   - pyramid: the features of the frame at a time below `length`.
    init(
        window: any PointWindow, length: Int, support: Support, groupSize: Int, awaitsAll: Bool = false,
        pyramid: @escaping (Int) throws -> FeaturePyramid
    ) {
        (self.window, self.length, self.support, self.groupSize, self.pyramid) = (window, length, support, groupSize, pyramid)
        self.awaitsAll = awaitsAll
    }

    var windowFrames: Int { window.frames }
    /// How many frames' maps are held between windows.
    var heldFrames: Int { held.count }
    private var step: Int { window.step }
    /// Clips shorter than a window are continued with their last frame.
    private var paddedLength: Int { max(length, window.frames) }

    /// The start of the window that decides on a time: the last one that contains it.
    func windowStart(deciding time: Int) -> Int {
        min(time / step, lastWindow) * step
    }

    /// The number of the last window: the first one that reaches the clip's end.
    private var lastWindow: Int { (paddedLength - window.frames + step - 1) / step }

    /// All windows of the clip.
    var windowStarts: StrideThrough<Int> { stride(from: 0, through: lastWindow * step, by: step) }

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
    func outcomes(at time: Int) -> [Int: PointState] {
        guard let current, (current..<(current + window.frames)).contains(time) else { return [:] }
        var result: [Int: PointState] = [:]
        for state in states where !state.isSupport { result[state.entry.id] = state.outcome[time - current] }
        return result
    }

    /// Computes the window that starts at `start`: the next one, or the current one again for points that have been added. Where it throws,
    /// nothing changes.
    func compute(_ start: Int, observer: PointWindowObserver? = nil) throws {
        let end = start + window.frames
        let pyramids = try (start..<end).map { try map(at: min($0, length - 1)) }
        var next = states
        if let current, current != start {
            if let lifetime = support.lifetime { next.removeAll { $0.isSupport && $0.entry.time + lifetime <= start } }
            for i in next.indices { next[i].start = next[i].enteredAt == nil ? initial(next[i].entry) : continued(next[i].outcome) }
        }
        for i in next.indices where next[i].enteredAt == nil && next[i].entry.time < end { enter(&next[i], window: start, pyramids) }
        var grid = nextGrid
        var entering = waiting.filter { awaitsAll || $0.time < end }.map { (entry: $0, isSupport: false) }
        while let time = grid, time < min(end, length), !support.grid.isEmpty {
            entering += support.grid.map { (Entry(id: -1, time: time, position: $0), true) }
            grid = support.interval.map { time + $0 }
        }
        // A stable sort by time: the order in which CoTracker 1's reference has its points.
        let order = entering.indices.sorted { (entering[$0].entry.time, $0) < (entering[$1].entry.time, $1) }
        for (entry, isSupport) in order.map({ entering[$0] }) {
            let estimate = initial(entry)
            next.append(State(entry: entry, isSupport: isSupport, template: [], enteredAt: nil, start: estimate, outcome: estimate))
            if entry.time < end { enter(&next[next.count - 1], window: start, pyramids) }
        }
        if !next.isEmpty { try update(&next, window: start, pyramids: pyramids, observer: observer) }

        states = next
        waiting.removeAll { awaitsAll || $0.time < end }
        (current, isOutdated, nextGrid) = (start, false, grid)
        held = held.filter { $0.key >= start + step || $0.key == length - 1 }
        for time in start..<min(end, length) { held[time] = pyramids[time - start] }
    }

    private func map(at time: Int) throws -> FeaturePyramid {
        if let known = held[time] { return known }
        let computed = try pyramid(time)
        held[time] = computed
        return computed
    }

    /// A window's frames from the next one's start on; the last frame again for those that follow.
    private func continued(_ outcome: PointEstimate) -> PointEstimate {
        func continued<T>(_ values: [T]) -> [T] {
            guard let last = values.last else { return values }
            return values[step...] + [T](repeating: last, count: step)
        }
        return PointEstimate(
            positions: continued(outcome.positions), visibility: continued(outcome.visibility), confidence: continued(outcome.confidence))
    }

    /// What a point starts from that has not been in a window.
    private func initial(_ entry: Entry) -> PointEstimate {
        PointEstimate(
            positions: [SIMD2<Float>](repeating: entry.position, count: window.frames),
            visibility: [Float](repeating: window.initialVisibility, count: window.frames),
            confidence: [Float](repeating: 0, count: window.frames))
    }

    private func enter(_ state: inout State, window start: Int, _ pyramids: [FeaturePyramid]) {
        state.template = window.template(at: state.entry.position, in: pyramids[max(0, state.entry.time - start)])
        state.enteredAt = start
    }

    private func update(_ states: inout [State], window start: Int, pyramids: [FeaturePyramid], observer: PointWindowObserver?) throws {
        let templateSize = states.lazy.map(\.template.count).max() ?? 0
        let end = window.masksFramesPastEnd ? paddedLength : Int.max
        func windowStart(_ state: State) -> PointWindowStart {
            let mask = (0..<window.frames).map { frame -> Float in
                let isNew = state.enteredAt == start || frame >= window.frames - step
                return isNew && start + frame >= state.entry.time && start + frame < end ? 1 : 0
            }
            guard state.enteredAt != nil else {
                let template = [Float](repeating: 0, count: templateSize)
                return PointWindowStart(template: template, estimate: state.start, mask: mask, isActive: false)
            }
            return PointWindowStart(template: state.template, estimate: state.start, mask: mask)
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
