import Foundation

/// The orientation that a picture file's Exif data names. Cameras store pictures as the sensor lies and say how to turn them.
enum ExifOrientation {
    /// That of a PNG, WebP or TIFF file; upright where it says nothing, or nonsense.
    static func read(file: Data) -> PictureOrientation {
        file.withUnsafeBytes { bytes in
            if bytes.starts(with: [0x49, 0x49, 0x2a, 0]) || bytes.starts(with: [0x4d, 0x4d, 0, 0x2a]) { return read(bytes) }
            let isPNG = bytes.first == 0x89
            let (first, name) = isPNG ? (8, Array("eXIf".utf8)) : (12, Array("EXIF".utf8))
            guard let chunk = chunk(name, in: bytes, from: first, isPNG: isPNG) else { return .upright }
            // Some writers keep JPEG's prefix.
            return read(
                UnsafeRawBufferPointer(rebasing: chunk.starts(with: Array("Exif\0\0".utf8)) ? chunk[(chunk.startIndex + 6)...] : chunk))
        }
    }

    /// A PNG's chunks have a length, a name and a checksum; a WebP's a name, a length with its low byte first, and an even size.
    private static func chunk(
        _ name: [UInt8], in bytes: UnsafeRawBufferPointer, from first: Int, isPNG: Bool
    ) -> Slice<UnsafeRawBufferPointer>? {
        var position = first
        while position + 8 <= bytes.count {
            let length = number(bytes, position + (isPNG ? 0 : 4), 4, isLittle: !isPNG)
            guard position + 8 + length <= bytes.count else { return nil }
            let found = bytes[(position + (isPNG ? 4 : 0))..<(position + (isPNG ? 8 : 4))]
            if found.elementsEqual(name) { return bytes[(position + 8)..<(position + 8 + length)] }
            position += isPNG ? 12 + length : 8 + (length + 1) & ~1
        }
        return nil
    }

    /// That of Exif data, which has the form of a TIFF file.
    static func read(_ exif: UnsafeRawBufferPointer) -> PictureOrientation {
        guard exif.count >= 8, exif[0] == exif[1], exif[0] == 0x49 || exif[0] == 0x4d else { return .upright }
        let isLittle = exif[0] == 0x49
        guard number(exif, 2, 2, isLittle: isLittle) == 42 else { return .upright }
        let directory = number(exif, 4, 4, isLittle: isLittle)
        guard directory + 2 <= exif.count else { return .upright }
        for entry in 0..<number(exif, directory, 2, isLittle: isLittle) {
            let start = directory + 2 + 12 * entry
            guard start + 12 <= exif.count else { break }
            guard number(exif, start, 2, isLittle: isLittle) == 0x112, number(exif, start + 2, 2, isLittle: isLittle) == 3 else { continue }
            return PictureOrientation(rawValue: number(exif, start + 8, 2, isLittle: isLittle)) ?? .upright
        }
        return .upright
    }

    /// At most four bytes inside the buffer as a number.
    private static func number(_ bytes: UnsafeRawBufferPointer, _ start: Int, _ count: Int, isLittle: Bool) -> Int {
        var result = 0
        for i in 0..<count { result = result << 8 | Int(bytes[start + (isLittle ? count - 1 - i : i)]) }
        return result
    }
}
