import Foundation
import InputFuzzing
import Testing

/// The short form of the runs that docs/fuzzing.md describes.
@Suite("Mutated inputs end in errors or in sound results")
struct FuzzedInputTests {
    @Test("Of every kind", arguments: FuzzedKind.allCases)
    func mutated(kind: FuzzedKind) throws {
        let fuzzing = try kind.makeFuzzing()
        let start = ContinuousClock.now
        var (done, opened) = (0, 0)
        // As many as a few seconds allow, on a busy machine too.
        for number in 0..<3000 as Range<UInt64> where done < 50 || ContinuousClock.now - start < .seconds(3) {
            if try fuzzing.read(fuzzing.input(number, seed: 20)) { opened += 1 }
            done += 1
        }
        // Mutations that break every input, or none, would test little.
        #expect(opened > 0 && opened < done, "\(opened) of \(done)")
    }

    @Test("What inputs are made from is sound, and the same inputs come again", arguments: FuzzedKind.allCases)
    func seeds(kind: FuzzedKind) throws {
        let (a, b) = (try kind.makeFuzzing(), try kind.makeFuzzing())
        #expect(a.checksum == b.checksum && !a.seeds.isEmpty)
        #expect(a.input(7, seed: 3) == b.input(7, seed: 3))
        let readable = try a.seeds.filter { try a.read(Data($0)) }.count
        #expect(2 * readable >= a.seeds.count, "\(readable) of \(a.seeds.count)")
    }
}
