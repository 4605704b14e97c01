import Support
import Testing

struct SeededGeneratorTests {
    /// Sequences of neighbouring seeds, objects and directions have no number in common: none is a part of another, shifted or not.
    @Test func neighboursHaveNothingInCommon() {
        var seen = Set<UInt64>()
        var count = 0
        for seed in UInt64(70)..<78 {
            for object in UInt64(1)...8 {
                for direction in UInt64(0)...2 {
                    var generator = SeededGenerator(seed: seed, streams: object, direction)
                    for _ in 0..<2000 { seen.insert(generator.next()) }
                    count += 2000
                }
            }
            var plain = SeededGenerator(seed: seed)
            for _ in 0..<2000 { seen.insert(plain.next()) }
            count += 2000
        }
        #expect(seen.count == count)
    }

    /// Seed, object and direction each make another sequence, and so does their order.
    @Test func streamsAreNotSums() {
        func first(_ seed: UInt64, _ a: UInt64, _ b: UInt64) -> UInt64 {
            var generator = SeededGenerator(seed: seed, streams: a, b)
            return generator.next()
        }
        let values = [first(72, 1, 2), first(72, 2, 1), first(73, 1, 1), first(72, 1, 1), first(71, 2, 2), first(74, 0, 0), first(0, 0, 0)]
        #expect(Set(values).count == values.count)
        #expect(first(72, 1, 2) == first(72, 1, 2))
    }

    @Test func numbersAreEven() {
        var generator = SeededGenerator(seed: 1)
        let values = (0..<20_000).map { _ in Double.random(in: 0..<1, using: &generator) }
        #expect(abs(values.reduce(0, +) / 20_000 - 0.5) < 0.01)
        #expect(abs(values.reduce(0) { $0 + $1 * $1 } / 20_000 - 1.0 / 3) < 0.01)
    }
}
