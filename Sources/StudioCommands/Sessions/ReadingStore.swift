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

    func summaries(of key: SpanKey, in frames: ClosedRange<Int>) throws -> [FrameSummary] {
        let known = computed.summaries(of: key, in: frames)
        let others = try file.summaries(of: key, in: frames)
        guard !known.isEmpty else { return others }
        let places = Set(known.map(\.index))
        return (known + others.filter { !places.contains($0.index) }).sorted { $0.index < $1.index }
    }
}
