/// The replay of a log: the state at every step that can be undone, and a cursor.
struct SessionHistory: Sendable {
    let limits: SessionLimits
    private var states = [SessionState()]
    /// The number of the propagation that made each of them; nil: another edit did.
    private var makers: [Int?] = [nil]
    private var cursor = 0
    /// Entries so far.
    private(set) var count = 0
    /// How far each result has come.
    private(set) var reached: [SpanKey: ClosedRange<Int>] = [:]
    /// As planned, in order: the number of each is its place from 1.
    private(set) var propagations: [Planned] = []
    /// Those that came to their end.
    private var finished: Set<Int> = []
    private var usedObjects: Set<ObjectID> = []
    private(set) var numbering = EditNumbering()

    /// A propagation and what it was planned on.
    struct Planned: Sendable {
        var propagation: Propagation
        var before: SessionSnapshot
    }

    init(limits: SessionLimits) { self.limits = limits }

    var state: SessionState { states[cursor] }
    var snapshot: SessionSnapshot { SessionSnapshot(state: state, reached: reached, frameCount: limits.frameCount) }
    var canUndo: Bool { cursor > 0 }
    var canRedo: Bool { cursor + 1 < states.count }

    /// Whether the last step that is not undone is a propagation that runs, or was stopped before its end.
    var isAtUnfinishedPropagation: Bool { makers[cursor].map { !finished.contains($0) } ?? false }

    /// A propagation after which nothing was said, and which was stopped before its end, if what is wanted is the same.
    func unfinished(_ wanted: Propagation) -> (number: Int, planned: Planned)? {
        guard let number = makers[cursor], !finished.contains(number) else { return nil }
        let planned = propagations[number - 1]
        var (asked, wanted) = (planned.propagation, wanted)
        (asked.plan, wanted.plan) = (nil, nil)
        return asked == wanted ? (number, planned) : nil
    }

    /// The history with one more edit, which has everything filled in.
    func adding(_ edit: Edit) throws -> SessionHistory {
        var history = self
        history.count += 1
        switch edit {
        case .undo:
            guard canUndo else { throw SessionError.nothingToUndo }
            history.cursor -= 1
        case .redo:
            guard canRedo else { throw SessionError.nothingToRedo }
            history.cursor += 1
        case .reached(let reach):
            if reach.ending == .complete { history.finished.insert(reach.number) }
            for (key, frames) in reach.spans {
                history.reached[key] = reached[key]?.union(frames) ?? frames
            }
        default:
            try edit.checkParts()
            var state = state
            for case .addObject(let object?, _, _, _) in edit.parts {
                guard history.usedObjects.insert(object).inserted else { throw SessionError.objectExists(object) }
            }
            try state.apply(edit, limits)
            for part in edit.parts { history.numbering.note(part) }
            var maker: Int?
            if case .propagate(let propagation) = edit {
                guard let plan = propagation.plan, plan.number == propagations.count + 1 else { throw SessionError.reserved("plan") }
                history.propagations.append(Planned(propagation: propagation, before: snapshot))
                maker = plan.number
            }
            history.states.removeSubrange((cursor + 1)...)
            history.states.append(state)
            history.makers.removeSubrange((cursor + 1)...)
            history.makers.append(maker)
            history.cursor += 1
        }
        return history
    }
}
