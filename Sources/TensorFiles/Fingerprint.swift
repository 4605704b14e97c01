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

    /// Up to this size a file without checksums is hashed whole: some tens of milliseconds.
    static let wholeFileLimit = 64 << 20

    /// The fingerprint of a file that carries no checksums of its own.
    ///
    /// It must differ whenever the contents differ, or a network compiled from other weights would be taken from the cache; and it
    /// must not read gigabytes at every start. So a large file is known by its size, the time of its last change (which every writer
    /// sets, to the nanosecond), its header, and 4 KiB of every MiB. Copying a file then costs one compilation; a file
    /// that changed is never taken for the old one unless somebody sets the time back and leaves every sampled block as it was.
    /// Zip archives need none of this: their directory holds a CRC-32 of every record (see `PyTorchCheckpoint`).
    static func ofUnchecked(_ contents: FileContents, header: Range<Int>) -> String {
        guard contents.count > wholeFileLimit, let modified = contents.modified else {
            return String(Fingerprint(ofLarge: contents.data).value, radix: 16)
        }
        var sample = contents.data.subdata(in: header.clamped(to: 0..<wholeFileLimit))
        for start in stride(from: header.upperBound, to: contents.count, by: 1 << 20) {
            sample += contents.data[start..<min(start + 4096, contents.count)]
        }
        for number in [Int64(contents.count), modified] { withUnsafeBytes(of: number.littleEndian) { sample.append(contentsOf: $0) } }
        return String(Fingerprint(ofLarge: sample).value, radix: 16)
    }

    private mutating func mix(_ word: UInt64) {
        value = (value ^ word) &* 0x0000_0100_0000_01b3
        value ^= value >> 29
    }
}
