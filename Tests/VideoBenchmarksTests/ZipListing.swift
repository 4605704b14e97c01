import Foundation
import Testing

/// The names in a zip archive, from its directory.
enum ZipListing {
    static func names(_ path: String) throws -> [String] {
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        func number(_ position: Int, _ count: Int) -> Int { (0..<count).reduce(0) { $0 | Int(bytes[position + $1]) << (8 * $1) } }
        let end = bytes.count - 22
        try #require(number(end, 4) == 0x0605_4b50)
        var (position, names) = (number(end + 16, 4), [String]())
        for _ in 0..<number(end + 10, 2) {
            try #require(number(position, 4) == 0x0201_4b50)
            let length = number(position + 28, 2)
            names.append(String(decoding: bytes[(position + 46)..<(position + 46 + length)], as: UTF8.self))
            position += 46 + length + number(position + 30, 2) + number(position + 32, 2)
        }
        return names
    }
}
