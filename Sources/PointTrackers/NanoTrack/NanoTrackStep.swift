import Media
import NeuralGraph
import TensorFiles

/// The graphs of the built-in tracker's start and step (docs/models/nano-track.md, "State per point" and "Step").
struct NanoTrackStep {
    static let hidden = 128
    private static let window = 7
    private static let samples = 49

    private let width: Int
    private let height: Int
    private let h0, gate, e8, e4, inp, msg, mback, mid, z, c, out: Linear
    private let h1, h2: Conv2d
    private let mix: [Float]

    /// - Parameter input: the encoder's padded input.
    init(_ weights: Weights, input: ImageSize) throws {
        width = input.width / 8
        height = input.height / 8
        h0 = try Linear(weights["h0"], from: 64, to: 128)
        gate = try Linear(weights["gate"], from: 128, to: 5)
        h1 = try Conv2d(weights["h1"], from: 6, to: 16, kernel: 3)
        h2 = try Conv2d(weights["h2"], from: 16, to: 1, kernel: 3)
        mix = try weights.tensor("mix", shape: [4]).values
        e8 = try Linear(weights["e8"], from: 49, to: 64)
        e4 = try Linear(weights["e4"], from: 441, to: 128)
        inp = try Linear(weights["inp"], from: 528, to: 256)
        msg = try Linear(weights["msg"], from: 256, to: 64)
        mback = try Linear(weights["mback"], from: 68, to: 256)
        mid = try Linear(weights["mid"], from: 256, to: 256)
        z = try Linear(weights["z"], from: 384, to: 128)
        c = try Linear(weights["c"], from: 384, to: 128)
        out = try Linear(weights["out"], from: 384, to: 4)
    }

    /// Maps as the head returns them: f4 (H4 W4) x 32 rows, f8 64 x (H8 W8).
    private struct Maps {
        let f4: Value
        let f8: Value
    }

    private func declareMaps(_ graph: Graph) -> Maps {
        Maps(f4: graph.input("f4", shape: [4 * height * width, 32]), f8: graph.input("f8", shape: [64, height * width]))
    }

    private func sample8(_ maps: Maps, _ x: Value) -> Value {
        let grid = GridSampling(positions: x, stride: 8, side: 2, width: width, height: height)
        return grid.blend(maps.f8.gathered(grid.cells, axis: 1).transposed([1, 2, 0])).reshaped([x.shape[0], 64])
    }

    private func sample4(_ maps: Maps, _ x: Value) -> Value {
        let grid = GridSampling(positions: x, stride: 4, side: 4, width: 2 * width, height: 2 * height)
        return grid.blend(maps.f4.gathered(grid.cells))
    }

    /// Templates and hidden state of `count` points `x` in their query frame: `q8`, `q4`, `h`.
    static func startModel(weights: Weights, input: ImageSize, count: Int) throws -> ONNXModel {
        let graph = Graph("nano-track-start", loadsSooner: true)
        let step = try NanoTrackStep(weights, input: input)
        let maps = step.declareMaps(graph)
        let x = graph.input("x", shape: [count, 2])
        let q8 = step.sample8(maps, x)
        graph.output("q8", q8)
        graph.output("q4", step.sample4(maps, x).reshaped([count, 288]))
        graph.output("h", step.h0(q8).tanh())
        return try graph.model()
    }

    /// One frame for `count` points: state and group matrix `A` in, state and `pv` (visible and certain) out.
    static func stepModel(weights: Weights, input: ImageSize, count: Int) throws -> ONNXModel {
        // For every count: results of the two ways of compiling differ in rounding, and an object's points are not to depend on others'.
        let graph = Graph("nano-track-step", loadsSooner: true)
        let step = try NanoTrackStep(weights, input: input)
        let maps = step.declareMaps(graph)
        func state(_ name: String, _ size: Int) -> Value { graph.input(name, shape: [count, size]) }
        let results = step(
            maps: maps, groups: graph.input("A", shape: [count, count]), x0: state("x", 2), v0: state("v", 2), h0: state("h", 128),
            q8: state("q8", 64), r8: state("r8", 64), q4: state("q4", 288), r4: state("r4", 288))
        for (name, value) in results { graph.output(name, value) }
        return try graph.model()
    }

    private func callAsFunction(
        maps: Maps, groups: Value, x0: Value, v0: Value, h0: Value, q8: Value, r8: Value, q4: Value, r4: Value
    ) -> [(String, Value)] {
        let count = x0.shape[0]
        let gates = gate(h0)
        let predicted = x0 + (gates.sliced(axis: 1, 4..<5) + 1).sigmoid() * v0
        let cq = q8.matmul(maps.f8)
        let cr = r8.matmul(maps.f8)
        let (found, stats) = match(cq: cq, cr: cr, near: predicted, far: x0, gates: gates)

        // Templates as columns: 9 of the query frame, 9 of the recent appearance.
        let templates = Value.concatenate([q4.reshaped([count, 9, 32]), r4.reshaped([count, 9, 32])], axis: 1).transposed()
        var (x, h) = (found, h0)
        var logits = gates
        for _ in 0..<3 {
            let context = Context(x: x, predicted: predicted, found: found, previous: x0, stats: stats)
            let u = look(maps: maps, correlations: (cq, cr), templates: templates, context: context, hidden: h, groups: groups)
            let both = Value.concatenate([u, h], axis: 1)
            let update = z(both).sigmoid()
            h = (1 - update) * h + update * c(both).tanh()
            let o = out(Value.concatenate([h, u], axis: 1))
            x = x + o.sliced(axis: 1, 0..<2) * 8
            logits = o.sliced(axis: 1, 2..<4)
        }
        let pv = logits.sliced(axis: 1, 0..<1).sigmoid() * logits.sliced(axis: 1, 1..<2).sigmoid()
        let v = (v0 * 0.5 + (x - x0) * 0.5) * (pv * 0.3 + 0.7)
        let rate = (pv > 0.5).asFloat() * pv * 0.3
        let newR8 = (r8 + rate * (sample8(maps, x) - r8)).normalized(axis: 1)
        let newR4 = r4 + rate * (sample4(maps, x).reshaped([count, 288]) - r4)
        return [("x1", x), ("v1", v), ("h1", h), ("r8_1", newR8), ("r4_1", newR4), ("pv", pv)]
    }

    /// Step 2 of the card: a heat map over cells of the stride-8 grid, and its soft maximum. What correlations and priors alone say is
    /// computed on the whole grid; the learned part, which costs most, in a window around the best of it.
    private func match(cq: Value, cr: Value, near: Value, far: Value, gates: Value) -> (position: Value, stats: Value) {
        let graph = cq.graph
        let strengths = (gates.sliced(axis: 1, 0..<4)).sigmoid() * 2
        func strength(_ i: Int) -> Value { strengths.sliced(axis: 1, i..<(i + 1)) }
        let priors = [Prior(center: near, sigma: 12, strength: strength(0)), Prior(center: far, sigma: 48, strength: strength(1))]
        func plain(_ q: Value, _ r: Value, _ priors: [Value]) -> Value {
            q * (strength(2) * mix[0]) + r * (strength(3) * mix[1]) + priors[0] * mix[2] + priors[1] * mix[3]
        }
        let window = SearchWindow(
            around: bestCell(plain(cq, cr, priors.map { $0.map(columns: graph.indices(width), rows: graph.indices(height)) })),
            width: width, height: height)
        let (q, r) = (cq.gatheredElements(window.cells, axis: 1), cr.gatheredElements(window.cells, axis: 1))
        let expected = priors.map { $0.map(columns: window.columns, rows: window.rows) }
        let maps = Value.concatenate(
            [q, r, expected[0], expected[1], q * strength(2), r * strength(3)].map {
                $0.reshaped([cq.shape[0], 1, window.height, window.width])
            }, axis: 1)
        let learned = h2.summingDepthwise(h1(maps).relu()).reshaped(q.shape) * 4
        return softMaximum(of: learned + plain(q, r, expected), in: window, correlations: (q, r), bestCorrelation: cq.max([1]))
    }

    /// The first cell of each row of a map with its largest value; as reductions, which are quicker than ArgMax on long rows.
    private func bestCell(_ map: Value) -> Value {
        let cells = map.shape[1]
        return (map >= map.max([1])).choose(map.graph.indices(cells), else: map.graph.constant(Float(cells - 1))).min([1])
    }

    private func softMaximum(
        of logits: Value, in window: SearchWindow, correlations: (query: Value, recent: Value), bestCorrelation: Value
    ) -> (position: Value, stats: Value) {
        let count = logits.shape[0]
        let p = logits.softmax(axis: 1)
        let best = bestCell(p)
        let (row, column) = best.rowAndColumn(ofCellsAcross: window.width)
        let weights = p.reshaped([count, window.height, window.width]) * window.disk(column: column, row: row)
        let byColumn = weights.sum([1], keepingDimensions: false)
        let byRow = weights.sum([2], keepingDimensions: false)
        let mass = byColumn.sum([1])
        let x = (byColumn * ((window.columns + 0.5) * 8)).sum([1])
        let y = (byRow * ((window.rows + 0.5) * 8)).sum([1])
        let position = Value.concatenate([x, y], axis: 1) / (mass + 1e-8)
        let index = best.asIndices()
        let stats = Value.concatenate(
            [
                mass, correlations.query.gatheredElements(index, axis: 1), correlations.recent.gatheredElements(index, axis: 1),
                bestCorrelation,
            ], axis: 1)
        return (position, stats)
    }

    private struct Context {
        let x: Value
        let predicted: Value
        let found: Value
        let previous: Value
        let stats: Value
    }

    /// Step 3 of the card: local correlations around the estimate, and messages among the points of a group.
    private func look(
        maps: Maps, correlations: (query: Value, recent: Value), templates: Value, context: Context, hidden: Value, groups: Value
    ) -> Value {
        let count = context.x.shape[0]
        let center = Self.samples / 2
        let grid8 = GridSampling(positions: context.x, stride: 8, side: Self.window + 1, width: width, height: height)
        func cells8(_ c: Value) -> Value { c.gatheredElements(grid8.cells, axis: 1).reshaped([count, -1, 1]) }
        let c8 = grid8.blend(Value.concatenate([cells8(correlations.query), cells8(correlations.recent)], axis: 2))
        let grid4 = GridSampling(positions: context.x, stride: 4, side: Self.window + 1, width: 2 * width, height: 2 * height)
        let c4 = grid4.blend(maps.f4.gathered(grid4.cells).matmul(templates))

        func centered(_ c: Value) -> Value { (c - c.mean([1])) * 3 }
        let windows8 = centered(c8)
        let windows4 = centered(c4)
        func encoded8(_ i: Int) -> Value { e8(windows8.sliced(axis: 2, i..<(i + 1)).reshaped([count, Self.samples])).relu() }
        func encoded4(_ i: Int) -> Value {
            e4(windows4.sliced(axis: 2, (9 * i)..<(9 * i + 9)).reshaped([count, 9 * Self.samples])).relu()
        }
        func atCenter(_ c: Value, _ channel: Int) -> Value {
            c.sliced(axis: 1, center..<(center + 1)).sliced(axis: 2, channel..<(channel + 1)).reshaped([count, 1])
        }
        func limited(_ difference: Value, _ scale: Float) -> Value { (difference * (1 / scale)).clamped(min: -4, max: 4) }
        let geometry = Value.concatenate(
            [
                limited(context.x - context.predicted, 32), limited(context.x - context.found, 16),
                limited(context.found - context.predicted, 64), limited(context.predicted - context.previous, 32), context.stats,
                atCenter(c8, 0), atCenter(c8, 1), atCenter(c4, 4), atCenter(c4, 13),
            ], axis: 1)
        var u = inp(Value.concatenate([encoded8(0), encoded8(1), encoded4(0), encoded4(1), geometry, hidden], axis: 1)).relu()

        let motion = Value.concatenate([limited(context.x - context.previous, 32), limited(context.x - context.predicted, 32)], axis: 1)
        let message = Value.concatenate([msg(u).relu(), motion], axis: 1)
        let mean = groups.matmul(message)
        let received = Value.concatenate([mean.sliced(axis: 1, 0..<64), motion - mean.sliced(axis: 1, 64..<68)], axis: 1)
        u = (u + mback(received)).relu()
        return (u + mid(u)).relu()
    }
}
