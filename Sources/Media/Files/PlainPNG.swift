import CZlib
import Foundation

/// The common kind of index PNG, read without a general decoder: palette or grey, 1 to 8 bits, not interlaced. Scoring reads thousands of
/// masks a second, and a decoder's setting up costs as much as the pixels.
///
/// Whatever is out of the ordinary is left to the general reader, which says what is wrong with it.
enum PlainPNG {
    /// The samples as they are stored, a byte a pixel; nil for a file that is not whole, damaged, or of another kind.
    static func samples(in file: Data) -> (size: ImageSize, values: [UInt8])? {
        file.withUnsafeBytes { bytes in
            guard let header = Header(bytes), let pixels = pixelData(bytes, header) else { return nil }
            guard let rows = inflate(bytes, pixels, count: (header.rowBytes + 1) * header.size.height) else { return nil }
            return values(rows, header).map { (header.size, $0) }
        }
    }

    private struct Header {
        let size: ImageSize
        let depth: Int
        let hasPalette: Bool
        var rowBytes: Int { (size.width * depth + 7) / 8 }

        init?(_ bytes: UnsafeRawBufferPointer) {
            guard bytes.count >= 33, bytes.starts(with: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13]) else { return nil }
            let (width, height) = (number(bytes, 16), number(bytes, 20))
            guard (1...largestSide).contains(width), (1...largestSide).contains(height), width * height <= 1 << 28 else { return nil }
            depth = Int(bytes[24])
            guard [1, 2, 4, 8].contains(depth), bytes[25] == 0 || bytes[25] == 3, bytes[26] == 0, bytes[27] == 0, bytes[28] == 0 else {
                return nil
            }
            hasPalette = bytes[25] == 3
            size = ImageSize(width: width, height: height)
        }
    }

    private static func number(_ bytes: UnsafeRawBufferPointer, _ position: Int) -> Int {
        Int(UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt32.self)))
    }

    /// Where the compressed pixels are; nil unless every chunk is whole and of a kind that does not change the samples.
    private static func pixelData(_ bytes: UnsafeRawBufferPointer, _ header: Header) -> [Range<Int>]? {
        var ranges: [Range<Int>] = []
        var position = 8
        var (compressed, hasPalette) = (0, false)
        while position + 12 <= bytes.count {
            let length = number(bytes, position)
            guard length <= bytes.count - position - 12 else { return nil }
            let (body, end) = (position + 8, position + 8 + length)
            // The checksum covers the chunk's name, too.
            guard let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self),
                crc32(0, start + position + 4, UInt32(length + 4)) == UInt(number(bytes, end))
            else { return nil }
            switch number(bytes, position + 4) {
            case 0x4948_4452: guard position == 8 else { return nil }  // IHDR
            case 0x504c_5445: hasPalette = true  // PLTE
            case 0x4944_4154:  // IDAT
                guard ranges.isEmpty || ranges[ranges.count - 1].upperBound + 12 == body else { return nil }
                ranges.append(body..<end)
                compressed += length
            case 0x4945_4e44:  // IEND
                // Deflate packs at most 1032 to 1.
                let isPlausible = header.size.height * (header.rowBytes + 1) / 1040 <= compressed
                return !ranges.isEmpty && isPlausible && hasPalette == header.hasPalette ? ranges : nil
            case 0x6163_544c: return nil  // acTL, an animation
            default: guard bytes[position + 4] & 0x20 != 0 else { return nil }  // Unknown, and not to be passed over.
            }
            position = end + 4
        }
        return nil
    }

    /// - Returns: nil unless the stream holds exactly `count` bytes.
    private static func inflate(_ bytes: UnsafeRawBufferPointer, _ ranges: [Range<Int>], count: Int) -> [UInt8]? {
        var stream = z_stream()
        guard CZlibInflateInit(&stream) == Z_OK else { return nil }
        defer { inflateEnd(&stream) }
        var isWhole = false
        let output = [UInt8](unsafeUninitializedCapacity: count) { target, filled in
            stream.next_out = target.baseAddress
            stream.avail_out = UInt32(count)
            for range in ranges {
                guard let start = bytes.baseAddress, !isWhole else { break }
                // zlib reads through this pointer and does not write.
                stream.next_in = UnsafeMutablePointer(mutating: (start + range.lowerBound).assumingMemoryBound(to: UInt8.self))
                stream.avail_in = UInt32(range.count)
                let code = CZlib.inflate(&stream, Z_NO_FLUSH)
                guard code == Z_OK || code == Z_STREAM_END else { break }
                isWhole = code == Z_STREAM_END
            }
            filled = count - Int(stream.avail_out)
        }
        return isWhole && output.count == count ? output : nil
    }

    private static func values(_ rows: [UInt8], _ header: Header) -> [UInt8]? {
        let (width, height, rowBytes) = (header.size.width, header.size.height, header.rowBytes)
        var isValid = true
        var packed = [UInt8](unsafeUninitializedCapacity: rowBytes * height) { target, count in
            rows.withUnsafeBufferPointer { source in
                guard let input = source.baseAddress, let output = target.baseAddress else { return }
                for y in 0..<height {
                    let (line, row) = (input + y * (rowBytes + 1), output + y * rowBytes)
                    let above = y > 0 ? UnsafePointer(row - rowBytes) : nil
                    guard unfilter(line[0], line + 1, above: above, into: row, count: rowBytes) else {
                        isValid = false
                        return
                    }
                }
                count = rowBytes * height
            }
        }
        guard isValid else { return nil }
        if header.depth < 8 { packed = unpacked(packed, width: width, height: height, depth: header.depth) }
        return packed
    }

    /// Undoes a row's filter (PNG specification, section 9); the sample before is one byte back.
    private static func unfilter(
        _ filter: UInt8, _ line: UnsafePointer<UInt8>, above: UnsafePointer<UInt8>?, into row: UnsafeMutablePointer<UInt8>, count: Int
    ) -> Bool {
        var left: UInt8 = 0
        switch (filter, above) {
        case (0, _), (2, nil): memcpy(row, line, count)
        case (1, _), (4, nil):
            for i in 0..<count {
                left = left &+ line[i]
                row[i] = left
            }
        case (2, let above?): for i in 0..<count { row[i] = line[i] &+ above[i] }
        case (3, _):
            for i in 0..<count {
                left = line[i] &+ UInt8((Int(left) + Int(above?[i] ?? 0)) / 2)
                row[i] = left
            }
        case (4, let above?):
            var corner: UInt8 = 0
            for i in 0..<count {
                let up = above[i]
                // Inside a flat area the prediction is plain.
                let prediction = up == corner ? left : left == corner ? up : paeth(Int(left), Int(up), Int(corner))
                left = line[i] &+ prediction
                row[i] = left
                corner = up
            }
        default: return false
        }
        return true
    }

    private static func paeth(_ left: Int, _ up: Int, _ corner: Int) -> UInt8 {
        let (a, b, c) = (abs(up - corner), abs(left - corner), abs(left + up - 2 * corner))
        return UInt8(a <= b && a <= c ? left : b <= c ? up : corner)
    }

    /// Samples of less than a byte, each in a byte of its own.
    private static func unpacked(_ packed: [UInt8], width: Int, height: Int, depth: Int) -> [UInt8] {
        let (rowBytes, perByte, mask) = (packed.count / height, 8 / depth, (1 << depth) - 1)
        func sample(_ byte: Int, _ place: Int) -> Int { byte >> ((perByte - 1 - place) * depth) & mask }
        // All samples of every byte at once, the first in the lowest bits.
        let samples = (0..<256).map { byte in
            (0..<perByte).reduce(into: UInt64(0)) { $0 |= UInt64(sample(byte, $1)) << UInt64(8 * $1) }.littleEndian
        }
        let whole = width / perByte
        return [UInt8](unsafeUninitializedCapacity: width * height) { target, count in
            let output = UnsafeMutableRawBufferPointer(target)
            packed.withUnsafeBufferPointer { packed in
                samples.withUnsafeBytes { samples in
                    for y in 0..<height {
                        let (line, row) = (y * rowBytes, y * width)
                        for i in 0..<whole {
                            let from = 8 * Int(packed[line + i])
                            switch depth {
                            case 1:
                                output.storeBytes(
                                    of: samples.load(fromByteOffset: from, as: UInt64.self), toByteOffset: row + 8 * i, as: UInt64.self)
                            case 2:
                                output.storeBytes(
                                    of: samples.load(fromByteOffset: from, as: UInt32.self), toByteOffset: row + 4 * i, as: UInt32.self)
                            default:
                                output.storeBytes(
                                    of: samples.load(fromByteOffset: from, as: UInt16.self), toByteOffset: row + 2 * i, as: UInt16.self)
                            }
                        }
                        for x in (whole * perByte)..<width { target[row + x] = UInt8(sample(Int(packed[line + x / perByte]), x % perByte)) }
                    }
                }
            }
            count = width * height
        }
    }
}
