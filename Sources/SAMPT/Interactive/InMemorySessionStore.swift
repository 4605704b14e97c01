import Foundation
import Support

/// A session's log and results in memory, for sessions that nobody keeps. Results take about as much as in a project file, some ten
/// kilobytes an object and frame.
public final class InMemorySessionStore: SessionStore {
    private struct State {
        var log: [LoggedEdit] = []
        var frames: [SpanKey: [Int: Data]] = [:]
        var confidences: [SpanKey: [Int: Float?]] = [:]
    }

    private let state: Protected<State>

    /// - Parameter log: what the session starts with.
    public init(log: [LoggedEdit] = []) { state = Protected(State(log: log)) }

    public func loadLog() -> [LoggedEdit] { state.withLock { $0.log } }

    public func append(_ edit: LoggedEdit) { state.withLock { $0.log.append(edit) } }

    public func save(_ frames: [SpanFrame], of key: SpanKey) {
        let encoded = frames.map { ($0.index, $0.data, $0.confidence) }
        state.withLock { state in
            for (index, data, confidence) in encoded {
                state.frames[key, default: [:]][index] = data
                state.confidences[key, default: [:]][index] = .some(confidence)
            }
        }
    }

    public func frame(_ index: Int, of key: SpanKey) throws -> SpanFrame? {
        try state.withLock { $0.frames[key]?[index] }.map { try SpanFrame(data: $0) }
    }

    public func confidences(of key: SpanKey) -> [Int: Float?] { state.withLock { $0.confidences[key] ?? [:] } }
}
