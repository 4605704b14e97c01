import Foundation
import TestSupport

/// Random changes to a file.
struct Mutation: Sendable {
    /// What readers of the format react to: names of boxes, words, numbers as text.
    var tokens: [[UInt8]]

    init(tokens: [String] = [], bytes: [[UInt8]] = []) { self.tokens = tokens.map { Array($0.utf8) } + bytes }

    /// Limits of integers, and what lies beside them.
    private static let numbers: [UInt64] = [
        0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fff_ffff, 0x8000_0000, 0x8000_0001, 0xffff_fffe, 0xffff_ffff, 0x1_0000_0000,
        0x3fff_ffff_ffff_ffff, 0x4000_0000_0000_0000, 0x7fff_ffff_ffff_ffff, 0x8000_0000_0000_0000, 0xc000_0000_0000_0000, .max,
    ]

    /// A seed with one change or a few; now and then as it is.
    func make(_ number: UInt64, seed: UInt64, from seeds: [[UInt8]]) -> [UInt8] {
        var random = SplitMix64(seed: seed &* 0x9e37_79b9_7f4a_7c15 ^ number)
        var bytes = seeds.isEmpty ? [] : seeds[Int.random(in: seeds.indices, using: &random)]
        apply(to: &bytes, seeds: seeds, using: &random)
        return bytes
    }

    func apply(to bytes: inout [UInt8], seeds: [[UInt8]], using random: inout SplitMix64) {
        for _ in 0..<(random.next() % 2 == 0 ? 1 : Int.random(in: 1...8, using: &random)) {
            guard !bytes.isEmpty else {
                bytes = [UInt8.random(in: 0...255, using: &random)]
                continue
            }
            change(&bytes, seeds: seeds, using: &random)
        }
    }

    private func change(_ bytes: inout [UInt8], seeds: [[UInt8]], using random: inout SplitMix64) {
        let place = place(in: bytes.count, using: &random)
        let length = min(bytes.count - place, Int.random(in: 1...64, using: &random))
        switch random.next() % 11 {
        case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 2, 3:
            let number = Self.numbers.randomElement(using: &random) ?? 0
            let size = [1, 2, 4, 4, 8].randomElement(using: &random) ?? 1
            let isLittle = random.next() % 2 == 0
            for i in 0..<min(size, bytes.count - place) {
                bytes[place + i] = UInt8(truncatingIfNeeded: number >> UInt64(8 * (isLittle ? i : size - 1 - i)))
            }
        case 4: bytes.removeSubrange(place..<(place + length))
        case 5: bytes.insert(contentsOf: bytes[place..<(place + length)], at: Int.random(in: 0...bytes.count, using: &random))
        case 6, 7:
            guard let token = tokens.randomElement(using: &random) else { return }
            let replaced = random.next() % 2 == 0 ? 0 : min(token.count, bytes.count - place)
            bytes.replaceSubrange(place..<(place + replaced), with: token)
        case 8:
            guard let other = seeds.randomElement(using: &random), !other.isEmpty else { return }
            let start = Int.random(in: 0..<other.count, using: &random)
            bytes.replaceSubrange(place..<(place + length), with: other[start..<min(other.count, start + length)])
        case 9:
            for i in place..<(place + length) where random.next() % 4 == 0 { bytes[i] = UInt8.random(in: 0...255, using: &random) }
        default: if random.next() % 4 == 0 { bytes.removeSubrange(place...) }
        }
    }

    /// Anywhere, but more often near the beginning and the end, where headers are.
    private func place(in count: Int, using random: inout SplitMix64) -> Int {
        let near = min(count, 1024)
        switch random.next() % 4 {
        case 0: return Int.random(in: 0..<near, using: &random)
        case 1: return count - 1 - Int.random(in: 0..<near, using: &random)
        default: return Int.random(in: 0..<count, using: &random)
        }
    }
}
