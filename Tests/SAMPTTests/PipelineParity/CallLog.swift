import Media
import PointTrackers
import Segmenters
import Support

/// Every decoder call of a run.
final class CallLog: Sendable {
    struct Call: Sendable {
        var prompt: ObjectPrompt
        var answer: MaskPrediction
    }

    /// One object in one frame: its calls one after the other.
    struct Chain: Sendable {
        var window: Int
        var direction: TimeDirection
        var frame: Int
        /// The object's place among those asked in this frame.
        var rank: Int
        var calls: [Call]
    }

    /// Where a tracker was started, and the points it was given (pixel centres at whole numbers).
    struct Window: Sendable {
        var start: Int
        var direction: TimeDirection
        var points: [SIMD2<Float>] = []
        /// What the rule was asked and what it said.
        var areas: [[Float]] = []
        var chosen: [Int] = []
    }

    private struct State {
        var windows: [Window] = []
        var chains: [Chain] = []
        /// Chains of the frame at hand start here.
        var first = 0
    }

    private let state = Protected(State())

    var chains: [Chain] { state.withLock { $0.chains } }

    var windows: [Window] { state.withLock { $0.windows } }

    func beginWindow(at frame: Int, direction: TimeDirection) {
        state.withLock { $0.windows.append(Window(start: frame, direction: direction)) }
    }

    func add(_ points: [SIMD2<Float>]) { state.withLock { $0.windows[$0.windows.count - 1].points += points } }

    func add(_ areas: [[Float]], chosen: [Int]) {
        state.withLock {
            $0.windows[$0.windows.count - 1].areas = areas
            $0.windows[$0.windows.count - 1].chosen = chosen
        }
    }

    func beginFrame() { state.withLock { $0.first = $0.chains.count } }

    func add(_ prompts: [ObjectPrompt], _ answers: [MaskPrediction], frame: Int) {
        state.withLock { state in
            let (window, begun) = (state.windows.count - 1, state.windows.last)
            for (prompt, answer) in zip(prompts, answers) {
                let call = Call(prompt: prompt, answer: answer)
                // Every later pass has the logits of the one before.
                let previous = prompt.previousLogits.flatMap { logits in
                    state.chains.indices.dropFirst(state.first).first { state.chains[$0].calls.last?.answer.logits == logits }
                }
                if let previous {
                    state.chains[previous].calls.append(call)
                } else {
                    state.chains.append(
                        Chain(
                            window: window, direction: begun?.direction ?? .forward, frame: frame,
                            rank: state.chains.count - state.first, calls: [call]))
                }
            }
        }
    }
}
