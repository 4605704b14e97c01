import Foundation
import Media

/// The decoder passes that one object gets in one frame (paper, section 3.3; `_apply_sam_to_trajectories` of its code): the positive
/// points alone, then all points with the logits of the pass before, then again and again all points with these logits and the box around
/// the mask they give.
///
/// What a prompt holds decides the rest. Logits in `previousLogits`, such as those of the frame before, take the place of the first pass. A
/// prompt without a positive point but with a memory is one pass: the object is looked for by its appearance. A prompt without points and
/// memory is not asked.
public struct PassSchedule: Sendable, Equatable {
    /// Whether the first pass takes positive points alone. The published code omits it when no negative points are configured.
    public var startsWithPositives: Bool
    /// Passes with all points and the logits of the pass before.
    public var pointPasses: Int
    /// Passes with the box around the mask as well; an object stops early when fewer than two pixels are inside.
    public var boxPasses: Int
    /// Whether the box is scaled into the network's input as points are. The published code leaves it in pixels of the frame, right only
    /// for frames whose longest side is 1024.
    public var scalesBoxes = true

    public init(startsWithPositives: Bool = true, pointPasses: Int = 1, boxPasses: Int) {
        (self.startsWithPositives, self.pointPasses, self.boxPasses) = (startsWithPositives, pointPasses, boxPasses)
    }

    /// The paper's two passes and `refinements` by boxes, where a segmenter takes boxes. Elsewhere all passes after the first are
    /// refinements.
    /// - Parameter separatesPositives: whether the first pass of a segmenter that takes boxes has positive points alone.
    public init(refinements: Int, for abilities: SegmenterAbilities, separatesPositives: Bool = true) {
        if abilities.contains(.boxes) {
            self.init(startsWithPositives: separatesPositives, boxPasses: refinements)
        } else {
            self.init(pointPasses: refinements, boxPasses: 0)
        }
    }
}

extension SegmentableFrame {
    /// Asks for all objects, pass by pass.
    /// - Returns: the answers in the order of the prompts; nil for a prompt that nothing can be asked with.
    public func predict(_ prompts: [ObjectPrompt], passes schedule: PassSchedule) throws -> [MaskPrediction?] {
        let chains = prompts.map { PassChain($0, schedule) }
        let usesLanes = lanes > 1 && chains.count { !$0.isDone } > 1
        @Sendable func bounds(_ logits: MaskLogits) -> (box: Box, pixels: Int)? {
            guard !schedule.scalesBoxes, let found = self.bounds(of: logits) else { return self.bounds(of: logits) }
            // What gives the frame's own pixels once it is scaled; the last column and row belong to the box.
            let (box, scale) = (found.box, inputScale)
            let unscaled = Box(x0: box.x0 / scale.x, y0: box.y0 / scale.y, x1: (box.x1 - 1) / scale.x + 1, y1: (box.y1 - 1) / scale.y + 1)
            return (unscaled, found.pixels)
        }
        return try (usesLanes ? runInLanes(chains, bounds) : runInBatches(chains, bounds)).map(\.answer)
    }

    private typealias Bounds = @Sendable (MaskLogits) -> (box: Box, pixels: Int)?

    private func runInBatches(_ chains: [PassChain], _ bounds: Bounds) throws -> [PassChain] {
        var chains = chains
        while true {
            var asked: [(chain: Int, prompt: ObjectPrompt)] = []
            for index in chains.indices {
                if let prompt = chains[index].next(bounds: bounds) { asked.append((index, prompt)) }
            }
            guard !asked.isEmpty else { return chains }
            for (index, answer) in zip(asked.map(\.chain), try predict(asked.map(\.prompt))) { chains[index].answer = answer }
        }
    }

    /// Every lane takes the chain that has waited longest, makes one pass of it, and puts it back: lanes are busy to the end, however
    /// many chains there are.
    private func runInLanes(_ chains: [PassChain], _ bounds: Bounds) throws -> [PassChain] {
        let queue = PassQueue(chains)
        DispatchQueue.concurrentPerform(iterations: lanes) { _ in
            while let (index, taken) = queue.take() {
                var chain = taken
                do {
                    let prompt = chain.next(bounds: bounds)
                    if let prompt { chain.answer = try predictBeside(prompt) }
                    queue.put(index, chain, isDone: prompt == nil)
                } catch {
                    queue.fail(error)
                }
            }
        }
        return try queue.result()
    }
}
