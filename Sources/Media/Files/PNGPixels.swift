import CZlib
import Foundation

/// Checks that a PNG's compressed pixels are whole. FFmpeg's decoder passes over rows that are missing or have an unknown filter,
/// leaving them blank.
enum PNGPixels {
    /// What is wrong with the pixels of a file whose chunks are complete; nil when nothing is.
    static func fault(in file: Data) -> String? {
        let header = [UInt8](file.prefix(33))
        guard header.count == 33 else { return "its header is cut short" }
        func number(_ position: Int) -> Int { header[position..<(position + 4)].reduce(0) { $0 << 8 | Int($1) } }
        let channels = [0: 1, 2: 3, 3: 1, 4: 2, 6: 4][Int(header[25])]
        guard let channels, header[28] <= 1 else { return "its header names an unknown layout" }
        let rows = rowLengths(width: number(16), height: number(20), bits: channels * Int(header[24]), isInterlaced: header[28] == 1)
        let wanted = rows.reduce(0, +)
        guard wanted < 1 << 30 else { return "it is too large" }
        guard let bytes = inflate(pixelChunks(of: file), limit: wanted) else { return "its compressed pixels are damaged" }
        guard bytes.count == wanted else { return "rows are missing" }
        var position = 0
        for length in rows {
            guard bytes[position] <= 4 else { return "a row has an unknown filter" }
            position += length
        }
        return nil
    }

    /// The bytes of each row in order of storage, filter byte included.
    private static func rowLengths(width: Int, height: Int, bits: Int, isInterlaced: Bool) -> [Int] {
        func pass(_ columns: Int, _ rows: Int) -> [Int] {
            columns > 0 ? [Int](repeating: 1 + (columns * bits + 7) / 8, count: max(0, rows)) : []
        }
        guard isInterlaced else { return pass(width, height) }
        // Adam7: first column and row, and steps, of the seven passes.
        let passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
        return passes.flatMap { pass((width - $0.0 + $0.2 - 1) / $0.2, (height - $0.1 + $0.3 - 1) / $0.3) }
    }

    private static func pixelChunks(of file: Data) -> Data {
        var result = Data()
        var position = file.startIndex + 8
        while position + 12 <= file.endIndex {
            let length = file[position..<(position + 4)].reduce(0) { $0 << 8 | Int($1) }
            guard position + 12 + length <= file.endIndex else { break }
            if file[(position + 4)..<(position + 8)].elementsEqual("IDAT".utf8) { result += file[(position + 8)..<(position + 8 + length)] }
            position += 12 + length
        }
        return result
    }

    /// The first `limit` bytes of a zlib stream; fewer when it ends early, nil when it is damaged before.
    private static func inflate(_ data: Data, limit: Int) -> [UInt8]? {
        var stream = z_stream()
        guard CZlibInflateInit(&stream) == Z_OK else { return nil }
        defer { inflateEnd(&stream) }
        var input = [UInt8](data)
        var isDamaged = false
        let output = [UInt8](unsafeUninitializedCapacity: max(1, limit)) { target, count in
            input.withUnsafeMutableBufferPointer { source in
                stream.next_in = source.baseAddress
                stream.avail_in = UInt32(source.count)
                stream.next_out = target.baseAddress
                stream.avail_out = UInt32(limit)
                let code = CZlib.inflate(&stream, Z_SYNC_FLUSH)
                isDamaged = code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR && stream.avail_out > 0
            }
            count = limit - Int(stream.avail_out)
        }
        return isDamaged ? nil : output
    }
}
