import TensorFiles
import Testing

@testable import TestSupport

/// The generated weights of the parity cases: the README's own example.
struct ParityWeightsTests {
    @Test func exampleOfTheDescription() throws {
        let name = "example.weight"
        #expect(ParityWeights.hash(name) == 0x41fc_0fa3_ca58_6eb1)
        let seed = ParityWeights.hash(name) ^ 0x0123_4567_89ab_cdef
        #expect((0..<3).map { ParityWeights.random(seed, $0) } == [0xa1a9_3b98_1859_0b70, 0xe681_5abf_0a9f_1571, 0xb633_211e_eed0_3536])
        let weights = try ParityWeights(
            name: "example", seed: "0x0123456789abcdef",
            entries: [
                .init(name: name, shape: [2, 2], scale: 0.375, offset: 1),
                .init(name: "other", shape: [2, 2], scale: 0.375, offset: 1, aliasOf: name),
            ])
        let bits: [UInt32] = [0x3f8c_9f76, 0x3fa6_7082, 0x3f94_532c, 0x3f71_dbc0]
        #expect(try weights.tensor(name).values.map(\.bitPattern) == bits)
        #expect(try weights.tensor("other").values.map(\.bitPattern) == bits)
    }
}
