import ProjectFile
import SAMPT

/// A project that is only looked at: what a session computes to show it (the mask of a frame that was just marked) is kept in memory.
struct ReadingStore: SessionStore {
    private let file: ProjectFile
    private let computed = InMemorySessionStore()

    init(_ file: ProjectFile) { self.file = file }

    func loadLog() throws -> [LoggedEdit] { try file.loadLog() }
    func append(_ edit: LoggedEdit) throws { try file.append(edit) }
    func save(_ frames: [SpanFrame], of key: SpanKey) throws { computed.save(frames, of: key) }
    func frame(_ index: Int, of key: SpanKey) throws -> SpanFrame? { try computed.frame(index, of: key) ?? file.frame(index, of: key) }

    func confidences(of key: SpanKey) throws -> [Int: Float?] {
        try file.confidences(of: key).merging(computed.confidences(of: key)) { $1 }
    }
}
