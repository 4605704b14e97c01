import Foundation

/// How long things took: quantiles over any number of measurements, to a hundredth of their value, in a few kilobytes.
public struct LatencyDistribution: Sendable, Equatable {
    /// Bins grow by 1 % each, from 0.1 ms on; the last one holds everything from about 40 minutes on.
    private static let growth = log(1.01)
    private static let least = 1e-4
    private var bins: [Int] = []

    public private(set) var count = 0
    /// In seconds; 0 without measurements.
    public private(set) var maximum = 0.0
    private var sum = 0.0

    public init() {}

    /// In seconds; 0 without measurements.
    public var mean: Double { count > 0 ? sum / Double(count) : 0 }

    public mutating func add(_ duration: Duration) { add(seconds: duration / .microseconds(1) / 1e6) }

    /// - Parameter seconds: negative ones count as 0.
    public mutating func add(seconds: Double) {
        let seconds = seconds.isFinite ? max(0, seconds) : 0
        let place = seconds > Self.least ? min(1709, Int(log(seconds / Self.least) / Self.growth) + 1) : 0
        if place >= bins.count { bins += [Int](repeating: 0, count: place + 1 - bins.count) }
        bins[place] += 1
        count += 1
        sum += seconds
        maximum = max(maximum, seconds)
    }

    /// The value that a share of the measurements does not exceed, in seconds; 0 without measurements.
    /// - Parameter share: 0 to 1; 0.5 is the median.
    public func quantile(_ share: Double) -> Double {
        let rank = max(1, Int((share * Double(count)).rounded(.up)))
        var passed = 0
        for (place, number) in bins.enumerated() {
            passed += number
            if passed >= rank { return min(maximum, Self.least * exp(Double(place) * Self.growth)) }
        }
        return maximum
    }
}
