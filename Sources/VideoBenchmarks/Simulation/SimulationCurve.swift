import Foundation

/// J&F over interactions, normalised by the videos' lengths: one line of the paper's Figure 5.
public struct SimulationCurve: Sendable, Equatable {
    public struct Point: Sendable, Equatable {
        /// Interactions divided by the video's frames.
        public var interactions: Double
        /// Means over the objects, fractions of 1.
        public var j: Double
        public var f: Double
        /// The sample standard deviation of J&F between seeds; NaN with one seed.
        public var deviation: Double
        public var jf: Double { (j + f) / 2 }
    }

    public var name: String
    public var points: [Point]

    /// Every object's values are a step function, the last one carried on; objects count alike, and so do seeds.
    /// - Parameters:
    ///   - end: the last place on the axis.
    ///   - steps: into how many parts the axis is divided.
    public init(_ name: String, records: [SimulationRecord], end: Double = 3, steps: Int = 120) {
        self.name = name
        let seeds = Dictionary(grouping: records, by: \.seed).sorted { $0.key < $1.key }.map { seed in
            seed.value.map { (curve: $0.curve, frames: max(1, $0.frames)) }
        }
        points = (0...max(1, steps)).map { step in
            let x = end * Double(step) / Double(max(1, steps))
            let means = seeds.map { objects -> (j: Double, f: Double) in
                let values = objects.map { object -> SimulationPoint in
                    // What the k-th interaction gave holds from k / frames on.
                    let count = Int((x * Double(object.frames) + 1e-9).rounded(.down))
                    return object.curve[min(count, object.curve.count - 1)]
                }
                let count = Double(max(1, values.count))
                return (values.reduce(0) { $0 + $1.j } / count, values.reduce(0) { $0 + $1.f } / count)
            }
            let count = Double(max(1, means.count))
            let spread = EvaluationReport.Spread(means.map { ($0.j + $0.f) / 2 })
            return Point(
                interactions: x, j: means.reduce(0) { $0 + $1.j } / count, f: means.reduce(0) { $0 + $1.f } / count,
                deviation: spread.deviation)
        }
    }

    /// The value at a place of the axis.
    public func jf(at interactions: Double) -> Double {
        points.last { $0.interactions <= interactions + 1e-9 }?.jf ?? .nan
    }

    /// All curves in one table, with all digits.
    public static func csv(_ curves: [SimulationCurve]) -> String {
        var lines = ["simulation,interactionsPerFrame,j,f,jf,jfDeviation\n"]
        for curve in curves {
            for point in curve.points {
                let numbers = [point.interactions, point.j, point.f, point.jf, point.deviation].map(ReportNumber.exact)
                lines.append(([CSVTable.quoted(curve.name)] + numbers).joined(separator: ",") + "\n")
            }
        }
        return lines.joined()
    }
}
