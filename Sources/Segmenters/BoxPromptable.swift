import Foundation
import Media

/// Optional ability of a segmenter's frames: boxes count as prompts, and so a mask can be refined by the box around it.
public protocol BoxPromptable: SegmentableFrame {
    /// The box around the pixels of the frame with a logit above 0, and how many they are; nil when there are none.
    func bounds(of logits: MaskLogits) -> (box: Box, pixels: Int)?
    /// Pixels of the network's input per pixel of the frame.
    var inputScale: SIMD2<Float> { get }
    /// How many threads at a time may call `predictBeside`; 1: batches are better.
    var lanes: Int { get }
    /// As `predict`, on a share of the processor's cores.
    func predictBeside(_ prompt: ObjectPrompt) throws -> MaskPrediction?
}

extension BoxPromptable {
    public var inputScale: SIMD2<Float> { SIMD2(1, 1) }
    public var lanes: Int { 1 }
    public func predictBeside(_ prompt: ObjectPrompt) throws -> MaskPrediction? { try predict([prompt]).first }
}

extension BoxPromptable {
    /// SAM-PT's prompting of a frame (paper, section 3.3; `_apply_sam_to_trajectories` of its code), for all objects: first the
    /// positive points alone, then all points with the logits of the pass before, then again and again all points with these logits and
    /// the box around the mask they give.
    ///
    /// - Parameters:
    ///   - prompts: points of each object. Logits in `previousLogits`, such as those of the frame before, take the place of its first
    ///     pass. Other parts of a prompt are ignored.
    ///   - separatesPositives: whether there is the first pass; the published code omits it when no negative points are configured.
    ///   - refinements: how often the box is used; an object stops early when fewer than two pixels are inside.
    ///   - scalesBoxes: whether the box is scaled into the network's input as points are. The published code leaves it in pixels of the
    ///     frame, right only for frames whose longest side is 1024.
    /// - Returns: the answers in the order of the prompts; nil for a prompt without points.
    public func predictRefined(
        _ prompts: [ObjectPrompt], separatesPositives: Bool = true, refinements: Int = 12, scalesBoxes: Bool = true
    ) throws -> [MaskPrediction?] {
        let chains = prompts.map { RefinementChain($0, separatesPositives: separatesPositives, refinements: refinements) }
        let usesLanes = lanes > 1 && chains.count { !$0.isDone } > 1
        @Sendable func bounds(_ logits: MaskLogits) -> (box: Box, pixels: Int)? {
            guard !scalesBoxes, let found = self.bounds(of: logits) else { return self.bounds(of: logits) }
            // What gives the frame's own pixels once it is scaled; the last column and row belong to the box.
            let (box, scale) = (found.box, inputScale)
            let unscaled = Box(x0: box.x0 / scale.x, y0: box.y0 / scale.y, x1: (box.x1 - 1) / scale.x + 1, y1: (box.y1 - 1) / scale.y + 1)
            return (unscaled, found.pixels)
        }
        return try (usesLanes ? runInLanes(chains, bounds) : runInBatches(chains, bounds)).map(\.answer)
    }

    private typealias Bounds = @Sendable (MaskLogits) -> (box: Box, pixels: Int)?

    private func runInBatches(_ chains: [RefinementChain], _ bounds: Bounds) throws -> [RefinementChain] {
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
    private func runInLanes(_ chains: [RefinementChain], _ bounds: Bounds) throws -> [RefinementChain] {
        let queue = RefinementQueue(chains)
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
