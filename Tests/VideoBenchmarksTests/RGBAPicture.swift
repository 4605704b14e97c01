import CZlib
import Foundation

/// A PNG of four channels, which nothing in the package writes.
enum RGBAPicture {
    static func png(width: Int, height: Int, _ samples: [UInt8]) -> Data {
        var rows: [UInt8] = []
        for y in 0..<height { rows += [0] + samples[(y * width * 4)..<((y + 1) * width * 4)] }
        func big(_ value: Int) -> [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) } }
        func chunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
            let body = Array(name.utf8) + data
            return big(data.count) + body + big(Int(crc32(0, body, UInt32(body.count))))
        }
        var size = compressBound(UInt(rows.count))
        var packed = [UInt8](repeating: 0, count: Int(size))
        compress(&packed, &size, rows, UInt(rows.count))
        let header = big(width) + big(height) + [8, 6, 0, 0, 0]
        let signature: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
        return Data(signature + chunk("IHDR", header) + chunk("IDAT", Array(packed.prefix(Int(size)))) + chunk("IEND", []))
    }
}
