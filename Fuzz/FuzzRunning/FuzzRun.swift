import Foundation

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#endif

/// Reads numbered inputs until one is a defect; docs/fuzzing.md says how runs are made, resumed and repeated.
public struct FuzzRun {
    public var count: UInt64
    public var seed: UInt64
    /// The number of the first input.
    public var first: UInt64
    /// Of the address space; more fails to be allocated, which ends the process and shows. Linux alone has such a limit.
    public var memoryLimit: UInt64
    /// The most that one input may take, of the processor and of the clock.
    public var secondsLimit: (processor: Double, clock: Double)

    public init(count: UInt64, seed: UInt64, first: UInt64, memoryLimit: UInt64, secondsLimit: (processor: Double, clock: Double)) {
        (self.count, self.seed, self.first, self.memoryLimit, self.secondsLimit) = (count, seed, first, memoryLimit, secondsLimit)
    }

    /// A number from the command line, or what it is without.
    public static func argument(_ index: Int, _ standard: UInt64) -> UInt64 {
        CommandLine.arguments.count > index ? UInt64(CommandLine.arguments[index]) ?? standard : standard
    }

    /// - Parameters:
    ///   - make: the input of a number.
    ///   - read: whether it could be opened; it throws for a defect.
    public func run(make: (UInt64) -> Data, read: (Data) throws -> Bool) {
        #if canImport(Glibc)
            var limit = rlimit(rlim_cur: rlim_t(memoryLimit), rlim_max: rlim_t(memoryLimit))
            guard setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0 else {
                print("the limit of the address space cannot be set")
                exit(2)
            }
        #endif
        CurrentInput.reportCrashes(seed: seed)
        let watch = Watch(processorSeconds: secondsLimit.processor, clockSeconds: secondsLimit.clock)
        let start = ContinuousClock.now
        var (opened, slowest, slowestInput) = (0, Duration.zero, first)
        for number in first..<(first + count) {
            CurrentInput.number.pointee = number
            watch.begin()
            let data = make(number)
            let begun = ContinuousClock.now
            do {
                if try read(data) { opened += 1 }
            } catch {
                print("input \(number) of seed \(seed): \(error)")
                exit(1)
            }
            let time = ContinuousClock.now - begun
            if time > slowest { (slowest, slowestInput) = (time, number) }
            let done = number - first + 1
            guard done % max(1, min(100_000, count / 10)) == 0 || done == count else { continue }
            let rate = Int(Double(done) / ((ContinuousClock.now - start) / .seconds(1)))
            print(
                "\(done) inputs, \(opened) opened, \(rate) inputs/s, slowest \(slowest) (input \(slowestInput)), peak memory \(Self.peakMemory) MiB; "
                    + "next: seed \(seed) from \(number + 1)")
            fflush(nil)
        }
    }

    private static var peakMemory: Int {
        var usage = rusage()
        #if canImport(Darwin)
            getrusage(RUSAGE_SELF, &usage)
            return usage.ru_maxrss >> 20
        #else
            getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
            return usage.ru_maxrss >> 10
        #endif
    }
}
