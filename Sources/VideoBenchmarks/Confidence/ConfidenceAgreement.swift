import SAMPT

/// A frame's confidence and what was true of it.
public struct ConfidenceSample: Sendable, Equatable {
    /// What the run said, 0 to 1.
    public var confidence: Double
    /// The mask's region similarity with the truth.
    public var j: Double

    public init(confidence: Double, j: Double) { (self.confidence, self.j) = (confidence, j) }
}

/// How well confidences agree with the truth: whether they order frames rightly, and whether they can be taken at their word.
public struct ConfidenceAgreement: Sendable, Encodable, Equatable {
    public var frames: Int
    /// Spearman's rank correlation of confidence and J, -1 to 1; nil where one of them is the same in all frames.
    public var rankCorrelation: Double?
    /// The mean of |confidence - J|.
    public var meanAbsoluteError: Double?
    /// The mean of confidence - J: above 0 where confidence is too high.
    public var bias: Double?
    /// By confidence, in tenths; those without a frame are left out.
    public var reliability: [Bin]

    public struct Bin: Sendable, Encodable, Equatable {
        /// Confidences from here to 0.1 above.
        public var from: Double
        public var frames: Int
        public var meanConfidence: Double
        public var meanJ: Double
    }

    public init(_ samples: [ConfidenceSample]) {
        let samples = samples.filter { $0.confidence.isFinite && $0.j.isFinite }
        frames = samples.count
        rankCorrelation = spearman(samples.map(\.confidence), samples.map(\.j))
        func mean(_ samples: [ConfidenceSample], _ value: (ConfidenceSample) -> Double) -> Double {
            samples.reduce(0) { $0 + value($1) } / Double(samples.count)
        }
        meanAbsoluteError = samples.isEmpty ? nil : mean(samples) { abs($0.confidence - $0.j) }
        bias = samples.isEmpty ? nil : mean(samples) { $0.confidence - $0.j }
        let bins = Dictionary(grouping: samples) { min(9, max(0, Int($0.confidence * 10))) }
        reliability = bins.sorted { $0.key < $1.key }.map { bin, samples in
            Bin(
                from: Double(bin) / 10, frames: samples.count, meanConfidence: mean(samples, \.confidence), meanJ: mean(samples, \.j))
        }
    }
}

/// Spearman's rank correlation; equal values share the mean of their ranks. nil where all values of one side are equal, or there are none.
public func spearman(_ a: [Double], _ b: [Double]) -> Double? {
    guard a.count == b.count, a.count > 1 else { return nil }
    let (x, y) = (ranks(a), ranks(b))
    let mean = Double(a.count + 1) / 2
    var (xx, yy, xy) = (0.0, 0.0, 0.0)
    for (u, v) in zip(x, y) {
        xx += (u - mean) * (u - mean)
        yy += (v - mean) * (v - mean)
        xy += (u - mean) * (v - mean)
    }
    return xx > 0 && yy > 0 ? xy / (xx * yy).squareRoot() : nil
}

/// From 1 on.
private func ranks(_ values: [Double]) -> [Double] {
    let order = values.indices.sorted { values[$0] < values[$1] }
    var ranks = [Double](repeating: 0, count: values.count)
    var start = 0
    while start < order.count {
        var end = start + 1
        while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
        for place in start..<end { ranks[order[place]] = Double(start + end + 1) / 2 }
        start = end
    }
    return ranks
}
