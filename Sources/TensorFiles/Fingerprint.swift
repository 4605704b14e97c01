import Foundation

/// A 64-bit FNV-1a hash: tells cache entries apart and finds damage; not meant against forgery.
public struct Fingerprint: Sendable {
    public private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    public init(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { mix(UInt64(byte)) }
    }

    /// The same idea on 32 bytes at a time, for large blobs: four chains that a processor works on side by side.
    public init(ofLarge data: Data) {
        var lanes = [Fingerprint](repeating: Fingerprint([]), count: 4)
        data.withUnsafeBytes { bytes in
            lanes.withUnsafeMutableBufferPointer { lanes in
                let blocks = bytes.count / 32
                for i in 0..<blocks {
                    for lane in 0..<4 { lanes[lane].mix(bytes.loadUnaligned(fromByteOffset: 32 * i + 8 * lane, as: UInt64.self)) }
                }
                for i in (32 * blocks)..<bytes.count { lanes[0].mix(UInt64(bytes[i])) }
            }
        }
        for lane in lanes { mix(lane.value) }
        mix(UInt64(data.count))
    }

    private mutating func mix(_ word: UInt64) {
        value = (value ^ word) &* 0x0000_0100_0000_01b3
        value ^= value >> 29
    }
}
