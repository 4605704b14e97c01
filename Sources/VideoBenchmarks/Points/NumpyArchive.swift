import CZlib

/// Arrays under names as numpy's `savez` writes them: a zip archive of uncompressed `.npy` files, little-endian.
struct NumpyArchive {
    /// An archive of this form ends at 4 GB.
    struct TooLarge: Error {}

    private var bytes: [UInt8] = []
    private var directory: [UInt8] = []
    private var count = 0

    mutating func add(_ name: String, shape: [Int], _ values: [Float]) throws {
        var data: [UInt8] = []
        data.reserveCapacity(4 * values.count)
        for value in values { withUnsafeBytes(of: value.bitPattern.littleEndian) { data += $0 } }
        try add(name, header: Self.header("<f4", shape), data)
    }

    mutating func add(_ name: String, shape: [Int], _ flags: [Bool]) throws {
        try add(name, header: Self.header("|b1", shape), flags.map { $0 ? 1 : 0 })
    }

    /// The whole file.
    func finished() throws -> [UInt8] {
        let end =
            Self.little(0x0605_4b50, 4) + Self.little(0, 4) + Self.little(count, 2) + Self.little(count, 2)
            + Self.little(directory.count, 4) + Self.little(bytes.count, 4) + Self.little(0, 2)
        guard bytes.count + directory.count + end.count <= Int(UInt32.max) else { throw TooLarge() }
        return bytes + directory + end
    }

    private mutating func add(_ name: String, header: [UInt8], _ data: [UInt8]) throws {
        let (start, size, file) = (bytes.count, header.count + data.count, Array("\(name).npy".utf8))
        guard start + size <= Int(UInt32.max) else { throw TooLarge() }
        let checksum = [header, data].reduce(crc32(0, nil, 0)) { (sum: UInt, part: [UInt8]) in crc32(sum, part, UInt32(part.count)) }
        // Version 2.0, no flags, stored, the first day that zip knows.
        let fields =
            Self.little(20, 2) + Self.little(0, 2) + Self.little(0, 2) + Self.little(0, 2) + Self.little(0x21, 2)
            + Self.little(Int(checksum), 4) + Self.little(size, 4) + Self.little(size, 4) + Self.little(file.count, 2) + Self.little(0, 2)
        bytes += Self.little(0x0403_4b50, 4) + fields + file + header + data
        directory +=
            Self.little(0x0201_4b50, 4) + Self.little(20, 2) + fields + [UInt8](repeating: 0, count: 10) + Self.little(start, 4) + file
        count += 1
    }

    /// Magic, version 1.0 and a Python dictionary, filled up with blanks so that the data begins at a multiple of 64 bytes.
    private static func header(_ type: String, _ shape: [Int]) -> [UInt8] {
        let sizes = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
        let dictionary = "{'descr': '\(type)', 'fortran_order': False, 'shape': (\(sizes)), }"
        let length = (10 + dictionary.utf8.count + 1 + 63) / 64 * 64
        let padding = String(repeating: " ", count: length - 10 - dictionary.utf8.count - 1)
        return [0x93] + Array("NUMPY".utf8) + [1, 0] + little(length - 10, 2) + Array((dictionary + padding + "\n").utf8)
    }

    private static func little(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
}
