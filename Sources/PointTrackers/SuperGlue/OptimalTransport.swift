import Dispatch
import Foundation
import TensorFiles

/// Optimal transport between two sets of key points by Sinkhorn's iterations: every row and every column has one unit to give, or leaves it
/// in a bin.
///
/// Source: Sarlin et al. 2020 (arXiv:1911.11763), section 3.2. The first iteration is computed with logarithms. What it leads to is close
/// to a plan whose rows and columns need only factors near 1 (Schmitzer 2016, arXiv:1610.06519): further iterations multiply, and go back
/// to logarithms whenever factors get large.
struct OptimalTransport: Sendable {
    /// 1 or more.
    let iterations: Int

    /// - Parameters:
    ///   - scores: at least `rows` x `columns`; what is beyond is not looked at.
    ///   - bin: the score of all bins.
    ///   - rows: 1 or more, like `columns`.
    /// - Returns: logarithms of the plan, (rows + 1) x (columns + 1): last are the bins. A row sums up to 1, that of the bin to `columns`.
    func callAsFunction(_ scores: Tensor, bin: Float, rows: Int, columns: Int) -> Tensor {
        precondition(rows > 0 && columns > 0 && iterations > 0 && scores.shape[0] >= rows && scores.shape[1] >= columns)
        let stride = scores.shape[1]
        var costs = Tensor(shape: [rows + 1, columns + 1]) { target in
            scores.withUnsafeBuffer { source in
                for i in 0..<rows {
                    for j in 0..<columns { target[i * (columns + 1) + j] = source[i * stride + j] }
                    target[i * (columns + 1) + columns] = bin
                }
            }
            target[(rows * (columns + 1))...].update(repeating: bin)
        }
        let total = log(Float(rows + columns))
        costs.withUnsafeMutableBuffer { costs in
            guard let base = costs.baseAddress else { return }
            let solver = Solver(
                costs: StridedRows(base: base, stride: columns + 1),
                rowMass: [Float](repeating: -total, count: rows) + [log(Float(columns)) - total],
                columnMass: [Float](repeating: -total, count: columns) + [log(Float(rows)) - total])
            solver.run(iterations)
            for i in 0...rows {
                for j in 0...columns { costs[i * (columns + 1) + j] += solver.u[i] + solver.v[j] + total }
            }
        }
        return costs
    }
}

/// The state of the iterations: the plan is `exp(costs + u + v)`, and between returns to logarithms `a plan b`. Memory of its own, so that
/// parts of the rows can be worked on at once; no two parts write the same.
private final class Solver: @unchecked Sendable {
    private let costs: StridedRows
    /// Logarithms of what rows and columns sum up to.
    private let rowMass: [Float]
    private let columnMass: [Float]
    private let width: Int
    private let height: Int
    /// Rows worked on together, whatever the number of cores: sums do not depend on the machine.
    private let parts: [Range<Int>]

    let u: UnsafeMutableBufferPointer<Float>
    let v: UnsafeMutableBufferPointer<Float>
    /// Factors of rows and of columns.
    private let a: UnsafeMutableBufferPointer<Float>
    private let b: UnsafeMutableBufferPointer<Float>
    private let plan: MutableStridedRows
    /// Of columns, for each part.
    private let sums: MutableStridedRows

    /// Factors beyond this, or below its inverse, become part of `u` and `v`. What has vanished from the plan as too small for float32
    /// (e^-87) could have become e^-47 by then at most.
    private static let largestFactor = exp(Float(20))

    init(costs: StridedRows, rowMass: [Float], columnMass: [Float]) {
        (self.costs, self.rowMass, self.columnMass) = (costs, rowMass, columnMass)
        let (height, width) = (rowMass.count, columnMass.count)
        (self.height, self.width) = (height, width)
        let count = max(1, min(8, height * width >> 15))
        parts = (0..<count).map { (height * $0 / count)..<(height * ($0 + 1) / count) }
        func zeros(_ count: Int) -> UnsafeMutableBufferPointer<Float> {
            let buffer = UnsafeMutableBufferPointer<Float>.allocate(capacity: count)
            buffer.initialize(repeating: 0)
            return buffer
        }
        (u, v, a, b) = (zeros(height), zeros(width), zeros(height), zeros(width))
        plan = MutableStridedRows(base: .allocate(capacity: height * width), stride: width)
        sums = MutableStridedRows(base: .allocate(capacity: count * width), stride: width)
    }

    deinit {
        for buffer in [u, v, a, b] { buffer.deallocate() }
        plan.base.deallocate()
        sums.base.deallocate()
    }

    func run(_ iterations: Int) {
        balanceLogarithms()
        guard iterations > 1 else { return }
        writePlan()
        for iteration in 1..<iterations {
            balance()
            let isLast = iteration == iterations - 1
            func isLarge(_ factor: Float) -> Bool { factor > Self.largestFactor || factor < 1 / Self.largestFactor }
            guard isLast || a.contains(where: isLarge) || b.contains(where: isLarge) else { continue }
            for i in 0..<height { u[i] += log(a[i]) }
            for j in 0..<width { v[j] += log(b[j]) }
            if !isLast { writePlan() }
        }
    }

    /// Rows, then columns, from the costs themselves.
    private func balanceLogarithms() {
        DispatchQueue.concurrentPerform(iterations: parts.count) { part in
            for i in parts[part] {
                let row = costs[i]
                var top = -Float.infinity
                for j in 0..<width { top = max(top, row[j]) }
                var sum: Float = 0
                for j in 0..<width { sum += exp(row[j] - top) }
                u[i] = rowMass[i] - (top + log(sum))
            }
        }
        // `b` holds the largest of each column meanwhile.
        b.update(repeating: -.infinity)
        for i in 0..<height {
            let (row, shift) = (costs[i], u[i])
            for j in 0..<width { b[j] = max(b[j], row[j] + shift) }
        }
        DispatchQueue.concurrentPerform(iterations: parts.count) { part in
            let target = sums[part]
            target.update(repeating: 0, count: width)
            for i in parts[part] {
                let (row, shift) = (costs[i], u[i])
                for j in 0..<width { target[j] += exp(row[j] + shift - b[j]) }
            }
        }
        for j in 0..<width { v[j] = columnMass[j] - (b[j] + log(sumOfColumn(j))) }
    }

    private func sumOfColumn(_ column: Int) -> Float {
        var sum: Float = 0
        for part in parts.indices { sum += sums[part][column] }
        return sum
    }

    private func writePlan() {
        a.update(repeating: 1)
        b.update(repeating: 1)
        DispatchQueue.concurrentPerform(iterations: parts.count) { part in
            for i in parts[part] {
                let (target, row, shift) = (plan[i], costs[i], u[i])
                for j in 0..<width { target[j] = exp(row[j] + shift + v[j]) }
            }
        }
    }

    /// Factors of rows, then of columns. The columns' sums are taken while a row is at hand.
    private func balance() {
        DispatchQueue.concurrentPerform(iterations: parts.count) { part in
            guard let factors = b.baseAddress else { return }
            let target = sums[part]
            target.update(repeating: 0, count: width)
            for i in parts[part] {
                let row = plan[i]
                let factor = exp(rowMass[i]) / CorrelationWindows.dot(row, factors, width)
                a[i] = factor
                for j in 0..<width { target[j] += factor * row[j] }
            }
        }
        for j in 0..<width { b[j] = exp(columnMass[j]) / sumOfColumn(j) }
    }
}
