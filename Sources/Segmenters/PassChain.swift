import Foundation
import Media

/// The passes of one object in one frame, each prompted with what the pass before gave (`PassSchedule`).
struct PassChain {
    private let prompt: ObjectPrompt
    private var pass: Pass
    private var pointPassesLeft: Int
    private var boxPassesLeft: Int
    /// Of the last pass. Set it to the answer to each prompt of `next`.
    var answer: MaskPrediction?

    private enum Pass {
        case recovery, positives, points, box, done
    }

    init(_ prompt: ObjectPrompt, _ schedule: PassSchedule) {
        self.prompt = prompt
        (pointPassesLeft, boxPassesLeft) = (schedule.pointPasses, schedule.boxPasses)
        if prompt.memory != nil, !prompt.points.contains(where: \.isPositive) {
            pass = .recovery
        } else if prompt.points.isEmpty {
            pass = .done
        } else {
            pass = schedule.startsWithPositives && prompt.previousLogits == nil ? .positives : .points
        }
    }

    var isDone: Bool { pass == .done }

    /// What to ask next; nil when nothing is left to ask.
    /// - Parameter bounds: as `SegmentableFrame.bounds`.
    mutating func next(bounds: (MaskLogits) -> (box: Box, pixels: Int)?) -> ObjectPrompt? {
        switch pass {
        case .recovery:
            pass = .done
            return ObjectPrompt(points: prompt.points, memory: prompt.memory)
        case .positives:
            pass = .points
            return ObjectPrompt(points: prompt.points.filter(\.isPositive), memory: prompt.memory)
        case .points:
            guard pointPassesLeft > 0 else {
                pass = .box
                return next(bounds: bounds)
            }
            pointPassesLeft -= 1
            return ObjectPrompt(points: prompt.points, previousLogits: answer?.logits ?? prompt.previousLogits, memory: prompt.memory)
        case .box:
            guard boxPassesLeft > 0, let logits = answer?.logits, let found = bounds(logits), found.pixels >= 2 else {
                pass = .done
                return nil
            }
            boxPassesLeft -= 1
            return ObjectPrompt(points: prompt.points, box: found.box, previousLogits: logits, memory: prompt.memory)
        case .done: return nil
        }
    }
}

/// Chains waiting for their next pass, for several threads.
///
/// Sendable because `condition` guards everything.
final class PassQueue: @unchecked Sendable {
    private let condition = NSCondition()
    private var chains: [PassChain]
    private var waiting: [Int]
    private var running = 0
    private var error: (any Error)?

    init(_ chains: [PassChain]) {
        self.chains = chains
        waiting = chains.indices.filter { !chains[$0].isDone }
    }

    /// The chain that has waited longest. Waits while all are running; nil when all are done or one has failed.
    func take() -> (index: Int, chain: PassChain)? {
        condition.lock()
        defer { condition.unlock() }
        while waiting.isEmpty, running > 0, error == nil { condition.wait() }
        guard error == nil, !waiting.isEmpty else { return nil }
        running += 1
        let index = waiting.removeFirst()
        return (index, chains[index])
    }

    /// Gives back a chain that was taken.
    func put(_ index: Int, _ chain: PassChain, isDone: Bool) {
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
    func result() throws -> [PassChain] {
        condition.lock()
        defer { condition.unlock() }
        if let error { throw error }
        return chains
    }
}
