import Foundation

/// A 64-bit FNV-1a hash: tells cache entries apart and finds damage; not meant against forgery.
public struct Fingerprint: Sendable {
    public private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    public init(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { mix(UInt64(byte)) }
    }

    /// The same idea on eight bytes at a time, for large blobs.
    public init(ofLarge data: Data) {
        data.withUnsafeBytes { bytes in
            let words = bytes.count / 8
            for i in 0..<words { mix(bytes.loadUnaligned(fromByteOffset: 8 * i, as: UInt64.self)) }
            for i in (8 * words)..<bytes.count { mix(UInt64(bytes[i])) }
        }
        mix(UInt64(data.count))
    }

    private mutating func mix(_ word: UInt64) {
        value = (value ^ word) &* 0x0000_0100_0000_01b3
        value ^= value >> 29
    }
}
