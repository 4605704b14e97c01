import Foundation

/// Compares a file's length with what its container promises. FFmpeg reads a cut file to its end without a word.
enum ContainerLength {
    /// How many bytes are missing at the end at least; nil for whole files, and for containers that promise nothing.
    static func missingBytes(_ path: String) -> Int? {
        guard let file = FileHandle(forReadingAtPath: path), let length = try? file.seekToEnd() else { return nil }
        defer { try? file.close() }
        let bytes = Bytes(file: file, count: Int(clamping: length))
        let head = bytes.read(0, 12)
        guard head.count == 12 else { return nil }
        let promised: Int? =
            if head.starts(with: [0x1a, 0x45, 0xdf, 0xa3]) {
                matroska(bytes)
            } else if head.starts(with: asfHeader.prefix(12)) {
                asf(bytes)
            } else if head.starts(with: Array("RIFF".utf8)) {
                riff(head)
            } else if head.starts(with: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]) {
                chunks(bytes, from: 8, extra: 12, end: "IEND")
            } else if head[4..<8].elementsEqual("ftyp".utf8) {
                boxes(bytes)
            } else {
                nil
            }
        guard let promised, promised > bytes.count else { return nil }
        return promised - bytes.count
    }

    private struct Bytes {
        var file: FileHandle
        var count: Int

        /// Fewer bytes at the end, none beyond it.
        func read(_ start: Int, _ length: Int) -> [UInt8] {
            guard start >= 0, start < count, (try? file.seek(toOffset: UInt64(start))) != nil else { return [] }
            return [UInt8]((try? file.read(upToCount: length)) ?? Data())
        }

        func number(_ start: Int, _ length: Int) -> Int? {
            let bytes = read(start, length)
            guard bytes.count == length, length < 8 || bytes[0] < 0x40 else { return nil }
            return bytes.reduce(0) { $0 << 8 | Int($1) }
        }
    }

    /// The end of the first of RIFF's lists; recordings whose length was not known have none, or a very large one.
    private static func riff(_ head: [UInt8]) -> Int? {
        let length = (0..<4).reduce(0) { $0 | Int(head[4 + $1]) << (8 * $1) }
        return length > 0x7fff_0000 ? nil : 8 + length
    }

    private static let asfHeader: [UInt8] = [
        0x30, 0x26, 0xb2, 0x75, 0x8e, 0x66, 0xcf, 0x11, 0xa6, 0xd9, 0x00, 0xaa, 0x00, 0x62, 0xce, 0x6c,
    ]
    private static let asfFileProperties: [UInt8] = [
        0xa1, 0xdc, 0xab, 0x8c, 0x47, 0xa9, 0xcf, 0x11, 0x8e, 0xe4, 0x00, 0xc0, 0x0c, 0x20, 0x53, 0x65,
    ]

    /// The length in ASF's file properties, which broadcasts leave open. Source: Advanced Systems Format, 3.2.
    private static func asf(_ bytes: Bytes) -> Int? {
        func little(_ bytes: ArraySlice<UInt8>) -> Int? {
            bytes.last.map { $0 < 0x40 } == true ? bytes.reversed().reduce(0) { $0 << 8 | Int($1) } : nil
        }
        var position = 30
        for _ in 0..<1000 {
            let head = bytes.read(position, 92)
            guard head.count == 92, let length = little(head[16..<24]), length >= 24,
                case (let next, false) = position.addingReportingOverflow(length)
            else { return nil }
            if head.starts(with: asfFileProperties) { return length >= 92 && head[88] & 1 == 0 ? little(head[40..<48]) : nil }
            position = next
        }
        return nil
    }

    /// The end of the segment, which holds everything but the header; a recording whose length was not known has none.
    private static func matroska(_ bytes: Bytes) -> Int? {
        func size(at position: Int) -> (value: Int, end: Int)? {
            guard let first = bytes.read(position, 1).first, first > 0 else { return nil }
            let length = first.leadingZeroBitCount + 1
            guard let number = bytes.number(position, length) else { return nil }
            let mask = 1 << (7 * length) - 1
            return number & mask == mask ? nil : (number & mask, position + length)
        }
        guard let header = size(at: 4), header.value < 4096, bytes.number(header.end + header.value, 4) == 0x1853_8067,
            let segment = size(at: header.end + header.value + 4)
        else { return nil }
        return segment.end.addingReportingOverflow(segment.value).partialValue
    }

    /// The end of the last of MPEG-4's boxes.
    private static func boxes(_ bytes: Bytes) -> Int? {
        var position = 0
        for _ in 0..<100_000 where position < bytes.count {
            guard var length = bytes.number(position, 4) else { return position + 8 }
            // 0: to the file's end, however long it is.
            if length == 0 { return nil }
            if length == 1 {
                guard let long = bytes.number(position + 8, 8) else { return nil }
                length = long
            }
            guard length >= 8, case (let next, false) = position.addingReportingOverflow(length) else { return nil }
            position = next
        }
        return position
    }

    /// The end of the chunk named `end`; that of the last chunk, and another one, where it is missing.
    private static func chunks(_ bytes: Bytes, from start: Int, extra: Int, end: String) -> Int? {
        var position = start
        for _ in 0..<1_000_000 {
            guard let length = bytes.number(position, 4) else { return position + extra }
            position += length + extra
            if bytes.read(position - length - extra + 4, 4).elementsEqual(end.utf8) { break }
        }
        return position
    }
}
