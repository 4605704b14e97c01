/// Where a session keeps its log and its results: in memory (`InMemorySessionStore`), or in a project file.
///
/// Methods may block, and are called from threads of the session's own, several at a time. What they throw ends the edit or the propagation
/// that called them; the session then is as before.
public protocol SessionStore: Sendable {
    /// All edits so far, in order.
    func loadLog() throws -> [LoggedEdit]
    /// Adds an edit to the log. When it returns, the edit outlives the process and the machine.
    /// - Parameter edit: its number follows the last one's.
    func append(_ edit: LoggedEdit) throws

    /// Keeps frames of a span's result, some at a time. A frame that is there already has the same content and need not be written.
    func save(_ frames: [SpanFrame], of key: SpanKey) throws
    /// A frame of a span's result; nil where it is not there.
    func frame(_ index: Int, of key: SpanKey) throws -> SpanFrame?
    /// What is known of the frames of a span's result that are there, in their order. Asked of thousands of frames at once: it is not to
    /// read masks.
    func summaries(of key: SpanKey, in frames: ClosedRange<Int>) throws -> [FrameSummary]
}

/// An edit in its place in a log.
public struct LoggedEdit: Sendable, Equatable, Codable {
    /// Counts from 1.
    public var number: Int
    public var edit: Edit

    public init(number: Int, edit: Edit) { (self.number, self.edit) = (number, edit) }
}
