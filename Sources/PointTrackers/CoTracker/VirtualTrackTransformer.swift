import NeuralGraph
import TensorFiles

/// The transformer of CoTracker 2 and 3. Attention in time is among the frames of each point; attention among points goes through 64
/// learned tracks, so that its cost is in proportion to the number of points: the learned tracks attend to the points, to each other, and
/// the points attend to them.
///
/// Source: github.com/facebookresearch/co-tracker, arXiv:2307.07635 (version 2), arXiv:2410.11831.
struct VirtualTrackTransformer: Sendable {
    static let width = 384
    static let virtualTracks = 64

    private let inputTransform: Linear
    private let virtual: Table
    private let timeBlocks, virtualBlocks, fromPoints, toPoints: [Block]

    /// - Parameters:
    ///   - weights: those at `updateformer`.
    ///   - depth: how often there is attention in time and then among points.
    init(_ weights: Weights, tokenWidth: Int, depth: Int) throws {
        inputTransform = try Linear(weights["input_transform"], from: tokenWidth, to: Self.width)
        // Spelled so in the published files.
        virtual = try Table(weights, "virual_tracks", shape: [1, Self.virtualTracks, 1, Self.width])
        func blocks(_ key: String, crosses: Bool = false) throws -> [Block] {
            try (0..<depth).map { try Block(weights[key][$0], crosses: crosses) }
        }
        timeBlocks = try blocks("time_blocks")
        virtualBlocks = try blocks("space_virtual_blocks")
        fromPoints = try blocks("space_virtual2point_blocks", crosses: true)
        toPoints = try blocks("space_point2virtual_blocks", crosses: true)
    }

    /// Tokens of some tracks in all frames of a window: (tracks frames) x width, track by track.
    private struct Tracks {
        var tokens: Value
        var count: Int
        var frames: Int

        /// Frame by frame, as the reference data has them.
        var byFrame: Value { tokens.reshaped([count, frames, width]).transposed([1, 0, 2]) }

        /// These tracks, then others.
        func joined(_ other: Tracks) -> Tracks {
            Tracks(tokens: .concatenate([tokens, other.tokens], axis: 0), count: count + other.count, frames: frames)
        }

        /// The first tracks, and the others.
        func divided(at first: Int) -> (Tracks, Tracks) {
            func part(_ range: Range<Int>) -> Tracks {
                Tracks(
                    tokens: tokens.sliced(axis: 0, (range.lowerBound * frames)..<(range.upperBound * frames)), count: range.count,
                    frames: frames)
            }
            return (part(0..<first), part(first..<count))
        }

        /// Tracks of one frame, the same in several.
        func repeated(frames: Int) -> Tracks {
            Tracks(
                tokens: tokens.reshaped([count, 1, width]).expanded([count, frames, width]).reshaped([count * frames, width]), count: count,
                frames: frames)
        }
    }

    /// Attention, then a two-layer perceptron, both on normalised tokens and added to them.
    private struct Block: Sendable {
        private static let heads = 8
        private let queries, keysAndValues, output, fc1, fc2: Linear
        /// For attention to others.
        private let contextNorm: LayerNorm?

        init(_ weights: Weights, crosses: Bool) throws {
            let attention = weights[crosses ? "cross_attn" : "attn"]
            queries = try Linear(attention["to_q"], from: width, to: width)
            keysAndValues = try Linear(attention["to_kv"], from: width, to: 2 * width)
            output = try Linear(attention["to_out"], from: width, to: width)
            fc1 = try Linear(weights["mlp"]["fc1"], from: width, to: 4 * width)
            fc2 = try Linear(weights["mlp"]["fc2"], from: 4 * width, to: width)
            contextNorm = crosses ? try LayerNorm(weights["norm_context"], size: width) : nil
        }

        /// Attention among the frames of each track.
        func inTime(_ x: Tracks) -> Tracks {
            let normalized = x.tokens.layerNormalized(epsilon: 1e-6)
            func heads(_ part: Value) -> Value { part.reshaped([x.count, x.frames, Self.heads, width / Self.heads]) }
            let attended = heads(queries(normalized)).attending(to: heads(keys(normalized)), heads(values(normalized)))
            return finished(x, attended: attended)
        }

        /// Attention among tracks, in each frame.
        /// - Parameters:
        ///   - context: nil: attention to `x` itself.
        ///   - bias: added to the scores of `context`'s tracks.
        ///   - scale: multiplied with the queries of `x`'s tracks: (tracks frames) x 1.
        func inSpace(_ x: Tracks, context: Tracks? = nil, bias: Value? = nil, scale: Value? = nil) -> Tracks {
            let normalized = x.tokens.layerNormalized(epsilon: 1e-6)
            let other = context.map { context in contextNorm.map { $0(context.tokens) } ?? context.tokens } ?? normalized
            func heads(_ part: Value, _ count: Int) -> Value {
                part.reshaped([count, x.frames, Self.heads, width / Self.heads]).transposed([1, 0, 2, 3])
            }
            let count = context?.count ?? x.count
            // Before the heads are told apart: engines merge what is done to them into the attention.
            var queries = queries(normalized)
            if let scale { queries = queries * scale }
            let attended = heads(queries, x.count).attending(to: heads(keys(other), count), heads(values(other), count), bias: bias)
            return finished(x, attended: attended.transposed([1, 0, 2, 3]))
        }

        private func keys(_ x: Value) -> Value { keysAndValues.part(outputs: 0..<width, x) }
        private func values(_ x: Value) -> Value { keysAndValues.part(outputs: width..<(2 * width), x) }

        private func finished(_ x: Tracks, attended: Value) -> Tracks {
            let y = x.tokens + output(attended.reshaped([x.count * x.frames, width]))
            var result = x
            result.tokens = y + fc2(fc1(y.layerNormalized(epsilon: 1e-6)).geluBySigmoid())
            return result
        }
    }

    /// - Parameters:
    ///   - tokens: (points frames) x token width, point by point.
    ///   - unused: 1 x 1 x 1 x points: what is added to the scores of points that nobody may attend to, 0 for others.
    ///   - silencesUnused: whether unused points attend to all learned tracks alike. Their results mean nothing, and are the reference's
    ///     then.
    ///   - tap: gets the first block's intermediate results.
    /// - Returns: (points frames) x `width`.
    func callAsFunction(_ tokens: Value, points: Int, frames: Int, unused: Value, silencesUnused: Bool, tap: GraphTap) -> Value {
        let graph = tokens.graph
        let embedded = inputTransform(tokens)
        tap("embedded") { embedded.reshaped([points, frames, Self.width]) }
        let used =
            silencesUnused
            ? (unused > -1).asFloat().reshaped([points, 1]).expanded([points, frames]).reshaped([points * frames, 1]) : nil
        var asked = Tracks(tokens: embedded, count: points, frames: frames)
        // At first the same in all frames: so is what attention in time makes of them, which one frame's tokens tell.
        var learned = Tracks(tokens: virtual(in: graph).reshaped([Self.virtualTracks, Self.width]), count: Self.virtualTracks, frames: 1)
        for index in timeBlocks.indices {
            if index == 0 {
                asked = timeBlocks[index].inTime(asked)
                learned = timeBlocks[index].inTime(learned).repeated(frames: frames)
            } else {
                // Together: larger products of matrices are more efficient.
                let both = timeBlocks[index].inTime(asked.joined(learned))
                (asked, learned) = both.divided(at: asked.count)
            }
            let (timedAsked, timedLearned) = (asked, learned)
            let informed = fromPoints[index].inSpace(learned, context: asked, bias: unused)
            let mixed = virtualBlocks[index].inSpace(informed)
            let updated = toPoints[index].inSpace(asked, context: mixed, scale: used)
            if index == 0 {
                tap("time") {
                    let all = timedAsked.joined(timedLearned)
                    return all.tokens.reshaped([all.count, frames, Self.width])
                }
                tap("virtual2point") { informed.byFrame }
                tap("virtual") { mixed.byFrame }
                tap("point2virtual") { updated.byFrame }
            }
            (asked, learned) = (updated, mixed)
        }
        let hidden = asked.tokens
        tap("hidden") { hidden.reshaped([points, frames, Self.width]) }
        return hidden
    }
}
