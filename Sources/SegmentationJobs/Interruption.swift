import Dispatch
import Foundation
import Media
import Support

/// Ctrl-C as a request to stop: the work ends after the current frame and finishes its outputs. A second one ends the program at once.
/// SIGTERM (a system that shuts down, a batch queue) and SIGHUP (a terminal that closes) are taken in the same way.
package final class Interruption: Sendable {
    private struct State {
        var isRequested = false
        var handler: (@Sendable () -> Void)?
    }

    private let state = Protected(State())
    private let sources: Protected<[any DispatchSourceSignal]> = Protected([])

    package init() {}

    /// Whether a stop has been asked for.
    package var isRequested: Bool { state.withLock { $0.isRequested } }

    /// Listens from now on. What whoever started the program had it ignore (`nohup`) stays ignored.
    package func listen() {
        let signals = [SIGINT] + [SIGTERM, SIGHUP].filter { !Self.isIgnored($0) }
        let sources = signals.map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { [self] in
                for number in signals { signal(number, SIG_DFL) }
                request()
            }
            source.resume()
            return source
        }
        self.sources.withLock { $0 = sources }
    }

    private static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        guard sigaction(number, nil, &action) == 0 else { return false }
        #if canImport(Glibc)
            let handler = action.__sigaction_handler.sa_handler
        #else
            let handler = action.__sigaction_u.__sa_handler
        #endif
        return unsafeBitCast(handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
    }

    /// Asks for a stop, as Ctrl-C does.
    package func request() {
        let handler = state.withLock { state in
            state.isRequested = true
            return state.handler
        }
        handler?()
    }

    /// Calls `handler` when a stop is asked for; at once if it has been already.
    package func onRequest(_ handler: @escaping @Sendable () -> Void) {
        let isLate = state.withLock { state in
            state.handler = handler
            return state.isRequested
        }
        if isLate { handler() }
    }
}
