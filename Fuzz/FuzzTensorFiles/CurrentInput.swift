import Foundation

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#endif

/// The input that is being read, so that a crash can name it.
enum CurrentInput {
    nonisolated(unsafe) static let number = UnsafeMutablePointer<UInt64>.allocate(capacity: 1)

    /// Crashes print the input's number before the process ends.
    static func reportCrashes() {
        number.initialize(to: 0)
        for kind in [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGABRT, SIGFPE] {
            signal(kind) { kind in
                // Only calls that are allowed in a signal handler.
                withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 24) { digits in
                    func print(_ number: UInt64) {
                        var (value, place) = (number, 24)
                        repeat {
                            place -= 1
                            digits[place] = UInt8(ascii: "0") + UInt8(value % 10)
                            value /= 10
                        } while value > 0
                        if let base = digits.baseAddress { _ = write(2, base + place, 24 - place) }
                    }
                    _ = write(2, "signal ", 7)
                    print(UInt64(kind))
                    _ = write(2, " in input ", 10)
                    print(CurrentInput.number.pointee)
                    _ = write(2, "\n", 1)
                }
                _exit(1)
            }
        }
    }
}

/// Ends the process when one input takes too long: in time of the processor, so that a busy machine does no harm, or in time of the
/// clock, for readers that wait.
final class Watch: @unchecked Sendable {
    private let lock = NSLock()
    private var begun = (processor: Watch.processorTime, clock: ContinuousClock.now)

    init(processorSeconds: Double, clockSeconds: Double) {
        Thread.detachNewThread {
            while true {
                Thread.sleep(forTimeInterval: 0.5)
                let begun = self.lock.withLock { self.begun }
                let (processor, clock) = (Self.processorTime - begun.processor, (ContinuousClock.now - begun.clock) / .seconds(1))
                if processor > processorSeconds || clock > clockSeconds {
                    print("input \(CurrentInput.number.pointee) takes too long: \(processor) s of the processor, \(clock) s of the clock")
                    exit(1)
                }
            }
        }
    }

    func begin() { lock.withLock { begun = (Self.processorTime, .now) } }

    /// What this process has used, in seconds.
    private static var processorTime: Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
