import Foundation
import FuzzRunning
import TensorFiles
import TestSupport

// Reads mutated files of tensors. docs/fuzzing.md says how to run it.

guard CommandLine.arguments.count >= 2 else {
    print("fuzz-tensor-files FOLDER [COUNT [SEED [FIRST]]]: reads COUNT mutated files, made from those in FOLDER and some of its own")
    exit(2)
}
let fuzzing = try TensorFileFuzzing(
    seeds: TensorFileFuzzing.ownSeeds + TensorFileFuzzing.seeds(in: URL(fileURLWithPath: CommandLine.arguments[1])))
let run = FuzzRun(
    count: FuzzRun.argument(2, 1_000_000), seed: FuzzRun.argument(3, 1), first: FuzzRun.argument(4, 0), memoryLimit: 2 << 30,
    secondsLimit: (processor: 5, clock: 60))
run.run(make: { fuzzing.input($0, seed: run.seed) }, read: TensorFileFuzzing.read)
