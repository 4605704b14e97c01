import Foundation
import Support

/// Tells every open page what happens. A page that does not keep up is cut off: it connects again and asks for everything.
final class EventHub: Sendable {
    private let listeners = Protected<[Int: AsyncStream<ServerEvent>.Continuation]>([:])
    private let numbers = Protected(0)
    private let most: Int

    init(most: Int) { self.most = most }

    /// - Returns: nil when there are too many listeners.
    func listen() -> AsyncStream<ServerEvent>? {
        let number = numbers.withLock { number in
            number += 1
            return number
        }
        let (stream, continuation) = AsyncStream.makeStream(of: ServerEvent.self, bufferingPolicy: .bufferingOldest(512))
        let isTaken = listeners.withLock { listeners in
            guard listeners.count < most else { return false }
            listeners[number] = continuation
            return true
        }
        guard isTaken else { return nil }
        continuation.onTermination = { [listeners] _ in _ = listeners.withLock { $0.removeValue(forKey: number) } }
        return stream
    }

    func send(_ name: String, _ content: some Encodable) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(content) else { return }
        let event = ServerEvent(name: name, data: String(decoding: data, as: UTF8.self))
        let listeners = listeners.withLock { $0 }
        for (number, listener) in listeners {
            if case .dropped = listener.yield(event) {
                listener.finish()
                _ = self.listeners.withLock { $0.removeValue(forKey: number) }
            }
        }
    }

    /// Says something now and then, so that a page notices a lost connection, and the server a page that is gone.
    func beat() async {
        while !Task.isCancelled {
            send("beat", [String: Int]())
            try? await Task.sleep(for: .seconds(3))
        }
    }

    /// Ends all streams.
    func close() {
        let all = listeners.withLock { listeners in
            defer { listeners = [:] }
            return Array(listeners.values)
        }
        for listener in all { listener.finish() }
    }
}
