import Foundation
import TensorFiles
import TestSupport

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#endif

// Reads mutated files of tensors. docs/fuzzing.md says how to run it.

guard CommandLine.arguments.count >= 2 else {
    print("fuzz-tensor-files FOLDER [COUNT [SEED [FIRST]]]: reads COUNT mutated files, made from those in FOLDER and some of its own")
    exit(2)
}
func argument(_ index: Int, _ standard: UInt64) -> UInt64 {
    CommandLine.arguments.count > index ? UInt64(CommandLine.arguments[index]) ?? standard : standard
}
let (count, seed, first) = (argument(2, 1_000_000), argument(3, 1), argument(4, 0))

#if canImport(Glibc)
// Memory beyond this fails to be allocated, which ends the process and shows.
var limit = rlimit(rlim_cur: 2 << 30, rlim_max: 2 << 30)
guard setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0 else {
    print("the limit of the address space cannot be set")
    exit(2)
}
#endif

let fuzzing = try TensorFileFuzzing(seeds: TensorFileFuzzing.ownSeeds + TensorFileFuzzing.seeds(in: URL(fileURLWithPath: CommandLine.arguments[1])))
CurrentInput.reportCrashes()
let watch = Watch(processorSeconds: 5, clockSeconds: 60)
let start = ContinuousClock.now
var (opened, slowest, slowestInput) = (0, Duration.zero, first)
for number in first..<(first + count) {
    CurrentInput.number.pointee = number
    watch.begin()
    let data = fuzzing.input(number, seed: seed)
    let begun = ContinuousClock.now
    do {
        if try TensorFileFuzzing.read(data) { opened += 1 }
    } catch {
        print("input \(number) of seed \(seed): \(error)")
        exit(1)
    }
    let time = ContinuousClock.now - begun
    if time > slowest { (slowest, slowestInput) = (time, number) }
    if (number - first + 1) % 100_000 == 0 || number + 1 == first + count {
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        var usage = rusage()
        #if canImport(Darwin)
        getrusage(RUSAGE_SELF, &usage)
        let peak = usage.ru_maxrss >> 20
        #else
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        let peak = usage.ru_maxrss >> 10
        #endif
        print(
            "\(number - first + 1) inputs, \(opened) opened, \(Int(Double(number - first + 1) / seconds)) inputs/s, "
                + "slowest \(slowest) (input \(slowestInput)), peak memory \(peak) MiB")
        fflush(nil)
    }
}
