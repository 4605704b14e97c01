import Foundation
import Media

/// The passes of one object in one frame, each prompted with what the pass before gave (`BoxPromptable.predictRefined`).
struct RefinementChain {
    private let prompt: ObjectPrompt
    private var pass: Pass
    private var refinementsLeft: Int
    /// Of the last pass. Set it to the answer to each prompt of `next`.
    var answer: MaskPrediction?

    private enum Pass {
        case positives, points, box, done
    }

    init(_ prompt: ObjectPrompt, separatesPositives: Bool, refinements: Int) {
        self.prompt = prompt
        refinementsLeft = refinements
        pass = prompt.points.isEmpty ? .done : separatesPositives && prompt.previousLogits == nil ? .positives : .points
    }

    var isDone: Bool { pass == .done }

    /// What to ask next; nil when nothing is left to ask.
    /// - Parameter bounds: as `BoxPromptable.bounds`.
    mutating func next(bounds: (MaskLogits) -> (box: Box, pixels: Int)?) -> ObjectPrompt? {
        switch pass {
        case .positives:
            pass = .points
            return ObjectPrompt(points: prompt.points.filter(\.isPositive))
        case .points:
            pass = .box
            return ObjectPrompt(points: prompt.points, previousLogits: answer?.logits ?? prompt.previousLogits)
        case .box:
            guard refinementsLeft > 0, let logits = answer?.logits, let found = bounds(logits), found.pixels >= 2 else {
                pass = .done
                return nil
            }
            refinementsLeft -= 1
            return ObjectPrompt(points: prompt.points, box: found.box, previousLogits: logits)
        case .done: return nil
        }
    }
}

/// Chains waiting for their next pass, for several threads.
///
/// Sendable because `condition` guards everything.
final class RefinementQueue: @unchecked Sendable {
    private let condition = NSCondition()
    private var chains: [RefinementChain]
    private var waiting: [Int]
    private var running = 0
    private var error: (any Error)?

    init(_ chains: [RefinementChain]) {
        self.chains = chains
        waiting = chains.indices.filter { !chains[$0].isDone }
    }

    /// The chain that has waited longest. Waits while all are running; nil when all are done or one has failed.
    func take() -> (index: Int, chain: RefinementChain)? {
        condition.lock()
        defer { condition.unlock() }
        while waiting.isEmpty, running > 0, error == nil { condition.wait() }
        guard error == nil, !waiting.isEmpty else { return nil }
        running += 1
        let index = waiting.removeFirst()
        return (index, chains[index])
    }

    /// Gives back a chain that was taken.
    func put(_ index: Int, _ chain: RefinementChain, isDone: Bool) {
        condition.lock()
        defer { condition.unlock() }
        chains[index] = chain
        if !isDone { waiting.append(index) }
        running -= 1
        condition.broadcast()
    }

    /// Ends the work of all threads.
    func fail(_ error: any Error) {
        condition.lock()
        defer { condition.unlock() }
        self.error = self.error ?? error
        running -= 1
        condition.broadcast()
    }

    /// All chains, when no thread takes any more.
    func result() throws -> [RefinementChain] {
        condition.lock()
        defer { condition.unlock() }
        if let error { throw error }
        return chains
    }
}
