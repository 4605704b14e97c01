import SAMPT
import Support

/// Tells all pages which masks have changed, and numbers what it tells: a page that has masks of a later number need not ask again.
final class FrameNews: Sendable {
    private let events: EventHub
    private let told = Protected(0)

    init(_ events: EventHub) { self.events = events }

    /// How often masks have changed. To be read before masks are: they are as new as that at least.
    var version: Int { told.withLock { $0 } }

    /// - Parameter changed: ranges of frames by object. They must have changed already.
    func tell(_ changed: [ObjectID: [ClosedRange<Int>]]) {
        guard !changed.isEmpty else { return }
        let version = told.withLock { told in
            told += 1
            return told
        }
        let objects = changed.map { (String($0.key), $0.value.map { [$0.lowerBound, $0.upperBound] }) }
        events.send("frames", Message(version: version, objects: Dictionary(uniqueKeysWithValues: objects)))
    }

    private struct Message: Encodable {
        var version: Int
        var objects: [String: [[Int]]]
    }
}
