import Segmenters
import TensorFiles
import TestSupport
import Testing

/// Compares results with the stored ones.
struct PipelineResults {
    let parity: PipelineCase
    private let expected: SafetensorsFile
    private let prefix: String

    init(_ parity: PipelineCase, prefix: String = "") throws {
        (self.parity, self.prefix) = (parity, prefix)
        expected = try parity.data.expected()
    }

    /// Numbers, of which those that stand for -infinity must be at the same places.
    func compare(_ name: String, _ values: [Float]) throws {
        let output = try #require(parity.data.outputs.first { $0.name == prefix + name })
        let elements = try #require(
            output.elements(of: Tensor(shape: output.fullShape ?? output.shape, values)), "\(name): \(values.count) values")
        let reference = try expected.tensor(prefix + name).values
        func isNumber(_ value: Float) -> Bool { value > PipelineRun.nothing }
        #expect(
            zip(elements, reference).allSatisfy { isNumber($0) == isNumber($1) }, "\(parity.data): \(prefix + name), -infinity elsewhere")
        let error = relativeL2(elements.filter(isNumber), reference.filter(isNumber))
        #expect(error <= limit(prefix + name), "\(parity.data): \(prefix + name), \(error)")
    }

    /// The noise is not stored for every case. Then that of a case with as many refinements counts: 20 times 2.7e-6.
    private func limit(_ name: String) -> Double {
        parity.data.hasNoise(of: name) ? parity.data.limit(of: name) : 5.4e-5
    }

    func compareTracks(_ trajectories: [Float], _ visibilities: [Float]) throws {
        let reference = try expected.tensor("trajectoriesInput").values
        let difference = largestDifference(trajectories, reference)
        #expect(difference <= parity.data.largestDifference(of: "trajectoriesInput"), "\(parity.data): tracks, \(difference) px")
        // Q3: the original scales x by the ratio of the heights and y by that of the widths.
        let (size, target) = (parity.size, parity.target)
        let ratios = [Float(target.height) / Float(size.height), Float(target.width) / Float(size.width)]
        try compare("trajectories", trajectories.indices.map { trajectories[$0] * ratios[$0 % 2] })
        #expect(try visibilities == expected.tensor("visibilities").values, "\(parity.data): visibilities")
    }

    /// - Parameter logits: of the target's size, object by object and frame by frame.
    func compareMasks(_ logits: [[Float]]) throws {
        let stored = try expected.tensor(prefix + "masksPacked").values
        let bits = packedBits(logits.flatMap { $0.map { $0 > 0 } })
        let flipped = zip(bits, stored).reduce(0) { $0 + (UInt8($1.0) ^ UInt8($1.1)).nonzeroBitCount }
        // A logit within the noise of 0 may fall on either side; the logits themselves are compared below.
        let uncertain = logits.reduce(0) { $0 + $1.count { abs($0) < 1e-4 } }
        #expect(bits.count == stored.count && flipped <= uncertain, "\(parity.data): \(prefix)masksPacked, \(flipped) bits of \(uncertain)")
        let areas = logits.map { Float($0.count { $0 > 0 }) }
        if flipped > 0 { print("\(parity.data): \(prefix)\(flipped) mask pixels differ, of logits within 1e-4 of 0") }
        let difference = zip(areas, try expected.tensor(prefix + "maskArea").values).reduce(0) { $0 + abs($1.0 - $1.1) }
        #expect(difference <= Float(flipped), "\(parity.data): \(prefix)maskArea")
        try compare("logits", logits.flatMap { $0 })
    }

    /// Every decoder call: what was asked in which order, and what came back.
    func compareCalls(_ run: PipelineRun) throws {
        let table = try expected.tensor(prefix + "decodes.index").values
        let (boxes, predicted) = (try expected.tensor(prefix + "decodes.box").values, try expected.tensor(prefix + "decodes.iou").values)
        let kept = try contributing(table)
        let calls = run.calls
        #expect(calls.count == kept.count, "\(parity.data): decoder calls")
        guard calls.count == kept.count else { return }
        var ranks: [[Float]] = []
        for index in kept {
            let row = Array(table[(8 * index)..<(8 * index + 8)])
            // Objects without prompt are not asked: count the others.
            if row[3] == 0 { ranks.append(row) }
            let rank = ranks.last { $0[0] == row[0] && $0[1] == row[1] && $0[2] == row[2] }
                .flatMap { own in ranks.filter { $0[0] == own[0] && $0[1] == own[1] }.firstIndex(of: own) }
            #expect(
                calls[kept.firstIndex(of: index) ?? 0] == [row[1], Float(rank ?? -1), row[3], row[4], row[5], row[6]],
                "\(parity.data): call \(index)")
        }
        // After a box that pixels within the noise of 0 may move, the calls of this frame and object prove nothing.
        let sure = kept.indices.filter { place in
            let row = table[(8 * kept[place])..<(8 * kept[place] + 8)]
            return !kept[..<place].contains { table[(8 * $0)..<(8 * $0 + 3)].elementsEqual(row.prefix(3)) && table[8 * $0 + 7] == 0 }
        }
        let ours = run.boxes
        let difference = largestDifference(
            sure.flatMap { ours[(4 * $0)..<(4 * $0 + 4)] }, sure.flatMap { boxes[(4 * kept[$0])..<(4 * kept[$0] + 4)] })
        #expect(difference < 1e-2, "\(parity.data): boxes")
        let scores = run.predictedIoU
        let error = relativeL2(sure.map { scores[$0] }, sure.map { predicted[kept[$0]] })
        #expect(error <= limit(prefix + "decodes.iou"), "\(parity.data): predicted IoU, \(error)")
        let answered = run.chains.flatMap(\.calls)
        for place in sure {
            guard let isStable = run.isStable(answered[place]) else { continue }
            #expect(isStable == (table[8 * kept[place] + 7] != 0), "\(parity.data): stable box of call \(kept[place])")
        }
        try compareDetail(run)
    }

    /// Calls that have an influence: the original's backward pass also visits objects that have no past.
    private func contributing(_ table: [Float]) throws -> [Int] {
        let all = Array(0..<(table.count / 8))
        guard parity.config.usePointReinit else { return all }
        let windows = try expected.tensor("windows").values
        return all.filter { call in
            let window = Int(table[8 * call])
            return !(windows[4 * window] == 1 && Int(windows[4 * window + 1]) == parity.config.frames - 1)
        }
    }

    /// Prompts and low-resolution logits of one frame.
    private func compareDetail(_ run: PipelineRun) throws {
        let detail = parity.config.detail
        let windows = run.chains.map(\.window)
        // Windows are numbered in the order of the original, forwards first.
        let order = windows.reduce(into: [Int]()) { if !$0.contains($1) { $0.append($1) } }
        let window = parity.config.usePointReinit ? (detail.window < order.count ? order[detail.window] : -1) : nil
        let chains = run.chains.filter { (window == nil || $0.window == window) && run.frameOfWindow($0) == detail.frame }
        let scale = SAMInputGrid(frame: parity.size).scale
        for (object, chain) in chains.enumerated() {
            for (pass, call) in chain.calls.enumerated() {
                let name = "\(prefix)detail.object\(object).pass\(pass)"
                guard let output = parity.data.outputs.first(where: { $0.name == name + ".lowRes" }) else { continue }
                if parity.has(name + ".points") {
                    let points = call.prompt.points.flatMap { [($0.position.x - 0.5) * scale.x, ($0.position.y - 0.5) * scale.y] }
                    #expect(
                        try largestDifference(points, expected.tensor(name + ".points").values) < 1e-2, "\(parity.data): \(name).points")
                    #expect(try call.prompt.points.map { $0.isPositive ? 1 : 0 } == expected.tensor(name + ".labels").values)
                }
                let logits = try #require(output.elements(of: Tensor(shape: output.fullShape ?? output.shape, call.answer.logits.values)))
                let error = try relativeL2(logits, expected.tensor(name + ".lowRes").values)
                #expect(error <= limit(name + ".lowRes"), "\(parity.data): \(name).lowRes, \(error)")
            }
        }
    }
}
