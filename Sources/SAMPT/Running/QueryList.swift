import Media

/// The objects of a run. Only the frames in which they begin may change, and only before they have begun.
final class QueryList: Sendable {
    private let queries: Protected<[ObjectQuery]>

    init(_ queries: [ObjectQuery]) { self.queries = Protected(queries) }

    var current: [ObjectQuery] { queries.withLock { $0 } }

    func place(_ object: Int, at frame: Int) { queries.withLock { $0[object].frame = frame } }
}
