import Foundation
import TensorFiles
import TestSupport
import Testing

/// The short form of the run that docs/fuzzing.md describes.
struct FuzzTests {
    @Test func mutatedFilesEndInErrorsOrTensors() throws {
        let folder = Fixtures.url(checkpointFormats)
        let given = Fixtures.has(checkpointFormats) ? try TensorFileFuzzing.seeds(in: folder) : []
        let fuzzing = TensorFileFuzzing(seeds: TensorFileFuzzing.ownSeeds + given)
        var opened = 0
        for number in 0..<20_000 as Range<UInt64> {
            let start = ContinuousClock.now
            if try TensorFileFuzzing.read(fuzzing.input(number, seed: 20)) { opened += 1 }
            #expect(ContinuousClock.now - start < .seconds(5), "input \(number) of seed 20")
        }
        // Mutations that break every file, or none, would test little.
        #expect(opened > 200 && opened < 15_000, "\(opened)")
    }

    @Test func ownSeedsAreFilesOfTensors() throws {
        let opened = try TensorFileFuzzing.ownSeeds.filter { try TensorFileFuzzing.read($0) }
        // All but numpy's big-endian one.
        #expect(opened.count == TensorFileFuzzing.ownSeeds.count - 1)
    }
}
