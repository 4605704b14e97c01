import Foundation
import FuzzRunning
import InputFuzzing

// Reads mutated inputs of one kind. docs/fuzzing.md says how to run it.

guard CommandLine.arguments.count >= 2, let kind = FuzzedKind(rawValue: CommandLine.arguments[1]) else {
    print(
        "fuzz-inputs KIND [COUNT [SEED [FIRST]]]: reads COUNT mutated inputs of a kind: "
            + FuzzedKind.allCases.map(\.rawValue).joined(separator: ", "))
    exit(2)
}
let fuzzing = try kind.makeFuzzing()
let run = FuzzRun(
    count: FuzzRun.argument(2, 100_000), seed: FuzzRun.argument(3, 1), first: FuzzRun.argument(4, 0), memoryLimit: kind.memoryLimit,
    secondsLimit: kind.secondsLimit)
print(
    "\(kind.rawValue): \(fuzzing.seeds.count) files to start from, of \(fuzzing.seeds.reduce(0) { $0 + $1.count }) bytes, checksum \(fuzzing.checksum)"
)
if let path = ProcessInfo.processInfo.environment["FUZZ_SAVE"] {
    try fuzzing.input(run.first, seed: run.seed).write(to: URL(fileURLWithPath: path))
}
run.run(make: { fuzzing.input($0, seed: run.seed) }, read: fuzzing.read)
