import Foundation
import Support

/// A session's log and results in memory, for sessions that nobody keeps. Results take about as much as in a project file, some ten
/// kilobytes an object and frame.
public final class InMemorySessionStore: SessionStore {
    private struct State {
        var log: [LoggedEdit] = []
        var frames: [SpanKey: [Int: (data: Data, summary: FrameSummary)]] = [:]
    }

    private let state: Protected<State>

    /// - Parameter log: what the session starts with.
    public init(log: [LoggedEdit] = []) { state = Protected(State(log: log)) }

    public func loadLog() -> [LoggedEdit] { state.withLock { $0.log } }

    public func append(_ edit: LoggedEdit) { state.withLock { $0.log.append(edit) } }

    public func save(_ frames: [SpanFrame], of key: SpanKey) {
        let encoded = frames.map { (data: $0.data, summary: $0.summary) }
        state.withLock { state in
            for frame in encoded { state.frames[key, default: [:]][frame.summary.index] = frame }
        }
    }

    public func frame(_ index: Int, of key: SpanKey) throws -> SpanFrame? {
        try state.withLock { $0.frames[key]?[index]?.data }.map { try SpanFrame(data: $0) }
    }

    public func summaries(of key: SpanKey, in frames: ClosedRange<Int>) -> [FrameSummary] {
        state.withLock { state in
            guard let known = state.frames[key] else { return [] }
            return frames.compactMap { known[$0]?.summary }
        }
    }
}
