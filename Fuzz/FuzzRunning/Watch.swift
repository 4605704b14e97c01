import Foundation

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
                    fflush(nil)
                    _exit(1)
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
