/// A small, fast random generator with an explicit seed (SplitMix64): equal seeds give equal sequences on every platform.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    public init(seed: UInt64) {
        // Neighbouring seeds would start alike otherwise.
        state = seed &* 0x9e37_79b9_7f4a_7c15 &+ 0x6a09_e667_f3bc_c909
    }

    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
