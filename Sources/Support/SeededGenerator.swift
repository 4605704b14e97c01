/// A small, fast random generator with an explicit seed (SplitMix64): equal seeds give equal sequences on every platform.
///
/// Seeds and streams are scrambled before they are used: sequences of neighbouring seeds, and of the streams of one seed, have nothing in
/// common. (Unscrambled, neighbours would be one sequence shifted by a draw.)
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    private static let step: UInt64 = 0x9e37_79b9_7f4a_7c15
    private var state: UInt64

    /// - Parameter streams: tell apart who draws with the same seed, such as an object's number and a direction of time.
    public init(seed: UInt64, streams: UInt64...) {
        // The number of the stream's place counts: (1, 2) and (2, 1) are two streams.
        state = streams.reduce(Self.scrambled(seed)) { Self.scrambled($0 &+ Self.step ^ Self.scrambled($1 &+ 1)) }
    }

    public mutating func next() -> UInt64 {
        state &+= Self.step
        return Self.finalised(state)
    }

    /// The finaliser of SplitMix64 (Steele, Lea, Flood 2014).
    private static func finalised(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    /// Another finaliser than that of the output (MurmurHash3's), so that a state is not a number that some sequence gives.
    private static func scrambled(_ value: UInt64) -> UInt64 {
        var z = value &+ 0x6a09_e667_f3bc_c909
        z = (z ^ (z >> 33)) &* 0xff51_afd7_ed55_8ccd
        z = (z ^ (z >> 33)) &* 0xc4ce_b9fe_1a85_ec53
        return z ^ (z >> 33)
    }
}
