import Foundation

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#endif

/// The input that is being read, so that a crash can name it.
enum CurrentInput {
    nonisolated(unsafe) static let number = UnsafeMutablePointer<UInt64>.allocate(capacity: 1)
    nonisolated(unsafe) private static let seed = UnsafeMutablePointer<UInt64>.allocate(capacity: 1)

    /// Crashes print the input's number and its seed before the process ends.
    static func reportCrashes(seed value: UInt64) {
        number.initialize(to: 0)
        seed.initialize(to: value)
        for kind in [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGABRT, SIGFPE] {
            signal(kind) { kind in
                // Only calls that are allowed in a signal handler.
                withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 24) { digits in
                    func print(_ text: StaticString, _ number: UInt64) {
                        var (value, place) = (number, 24)
                        repeat {
                            place -= 1
                            digits[place] = UInt8(ascii: "0") + UInt8(value % 10)
                            value /= 10
                        } while value > 0
                        _ = write(2, text.utf8Start, text.utf8CodeUnitCount)
                        if let base = digits.baseAddress { _ = write(2, base + place, 24 - place) }
                    }
                    print("signal ", UInt64(kind))
                    print(" in input ", CurrentInput.number.pointee)
                    print(" of seed ", CurrentInput.seed.pointee)
                    _ = write(2, "\n", 1)
                }
                _exit(1)
            }
        }
    }
}
