import Dispatch
import Foundation
import Media
import Support

/// Ctrl-C as a request to stop: the work ends after the current frame and finishes its outputs. A second Ctrl-C ends the program at once.
final class Interruption: Sendable {
    private struct State {
        var isRequested = false
        var handler: (@Sendable () -> Void)?
    }

    private let state = Protected(State())
    private let source: Protected<(any DispatchSourceSignal)?> = Protected(nil)

    init() {}

    /// Whether a stop has been asked for.
    var isRequested: Bool { state.withLock { $0.isRequested } }

    /// Listens for SIGINT from now on.
    func listen() {
        signal(SIGINT, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())
        source.setEventHandler { [self] in
            signal(SIGINT, SIG_DFL)
            request()
        }
        source.resume()
        self.source.withLock { $0 = source }
    }

    /// Asks for a stop, as Ctrl-C does.
    func request() {
        let handler = state.withLock { state in
            state.isRequested = true
            return state.handler
        }
        handler?()
    }

    /// Calls `handler` when a stop is asked for; at once if it has been already.
    func onRequest(_ handler: @escaping @Sendable () -> Void) {
        let isLate = state.withLock { state in
            state.handler = handler
            return state.isRequested
        }
        if isLate { handler() }
    }
}
