import Foundation
import Media
import Support

/// Adds up how long the stages of a pipeline take, on the clock and on the processor.
final class StageClock: Sendable {
    private struct Spent {
        var order: Int
        var wall: Double = 0
        var processor: Double = 0
    }

    private let stages = Protected<[String: Spent]>([:])
    private let nodes = Protected<[String: [String: Double]]>([:])

    func time<R>(_ stage: String, _ body: () throws -> R) rethrows -> R {
        let (wall, processor) = (ContinuousClock.now, Self.processorSeconds)
        defer {
            let elapsed = (ContinuousClock.now - wall) / .seconds(1)
            let used = Self.processorSeconds - processor
            stages.withLock {
                var spent = $0[stage] ?? Spent(order: $0.count)
                spent.wall += elapsed
                spent.processor += used
                $0[stage] = spent
            }
        }
        return try body()
    }

    func add(_ seconds: Double, node: String, of network: String) {
        nodes.withLock { $0[network, default: [:]][node, default: 0] += seconds }
    }

    func reset() {
        stages.withLock { $0 = $0.mapValues { Spent(order: $0.order) } }
        nodes.withLock { $0 = [:] }
    }

    /// Prints milliseconds a frame.
    func report(frames: Int) {
        let scale = 1000 / Double(max(1, frames))
        func number(_ value: Double) -> String { String(format: "%7.2f", value * scale) }
        print("wall ms  CPU ms  stage")
        for (name, spent) in stages.withLock({ $0 }).sorted(by: { $0.value.order < $1.value.order }) {
            print("\(number(spent.wall)) \(number(spent.processor))  \(name)")
        }
        for (network, times) in nodes.withLock({ $0 }).sorted(by: { $0.key < $1.key }) {
            print("\n\(network): \(number(times.values.reduce(0, +))) ms")
            for (name, seconds) in times.sorted(by: { $0.value > $1.value }).prefix(20) { print("  \(number(seconds))  \(name)") }
        }
    }

    /// What all threads of this process have used.
    private static var processorSeconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
